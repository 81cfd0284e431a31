"""Closed solutions of population balances, for exponential starts n(v, 0) = (N0/v0) exp(-v/v0) unless stated.

Moments are in units of N0 v0^k, times in the dimensionless form stated with each function.
"""

from __future__ import annotations

from math import exp, factorial, sqrt, tanh


def constant_moments(number: float, second: float, tau: float) -> tuple[float, float]:
    """M0 and M2 for a constant kernel after tau = beta0 N0 t, from any start with M1 = 1 and these M0, M2.

    dM0/dtau = -M0^2/2, dM2/dtau = M1^2. Smoluchowski, Z. Phys. Chem. 92 (1917) 129, doi 10.1515/zpch-1918-9209.
    """
    return number / (1.0 + 0.5 * number * tau), second + tau


def sum_moments(number: float, second: float, time: float) -> tuple[float, float]:
    """M0 and M2 for beta1 (v + v') after time = beta1 N0 v0 t, from any start with M1 = 1 and these M0, M2.

    dM0/dt = -M0 M1, dM2/dt = 2 M1 M2. Scott, J. Atmos. Sci. 25 (1968) 54,
    doi 10.1175/1520-0469(1968)025<0054:ASOCDC>2.0.CO;2.
    """
    return number * exp(-time), second * exp(2.0 * time)


def product_moments(number: float, second: float, time: float) -> tuple[float, float]:
    """M0 and M2 for beta2 v v' after time = beta2 N0 v0^2 t below gelation, from any start with M1 = 1.

    dM0/dt = -M1^2/2, dM2/dt = M2^2; it gels at time = 1/M2(0). Scott (1968), as above.
    """
    return number - 0.5 * time, second / (1.0 - second * time)


def breakage_moment(order: int, tau: float) -> float:
    """M_k for S = S1 v and uniform binary daughters after tau = S1 v0 t: k! (1 + tau)^(1 - k).

    Ziff and McGrady, J. Phys. A 18 (1985) 3027, doi 10.1088/0305-4470/18/15/026.
    """
    return factorial(order) * (1.0 + tau) ** (1 - order)


def steady_number(selection: float, rate: float, number: float, volume: float) -> float:
    """phi_inf = sqrt(2 S1 M1/beta0)/N0 of the balance of a constant kernel with breakage S1 v."""
    return sqrt(2.0 * selection * volume / rate) / number


def balance_number(steady: float, tau: float) -> float:
    """M0/N0 of aggregation beta0 against breakage S1 v after tau = beta0 N0 t.

    phi = phi_inf [1 + phi_inf tanh(phi_inf tau/2)]/[phi_inf + tanh(phi_inf tau/2)].
    McCoy and Madras, J. Colloid Interface Sci. 201 (1998) 200.
    """
    slope = tanh(0.5 * steady * tau)
    return steady * (1.0 + steady * slope) / (steady + slope)


def absorbed_film(film: float, gas: float, pores: float, time: float) -> float:
    """E(t) of dE/dt = -E G/(t_abs p), dG = dE, for time in units of t_abs; volumes in one unit, gas != film.

    With D = G - E constant, E = D/((1 + D/E0) exp(D t/p) - 1).
    """
    rest = gas - film
    return rest / ((1.0 + rest / film) * exp(rest * time / pores) - 1.0)


def consolidated_pores(pores: float, least: float, time: float) -> float:
    """p(t) = p_min + (p0 - p_min) exp(-c t), for time in units of 1/c."""
    return least + (pores - least) * exp(-time)
