"""Population balances of wet granulation: size distributions and their change.

    import json, pbm
    case = pbm.PbmCase.model_validate({
        "feed": {"distribution": "feed.csv", "charge": 0.1},
        "liquid": {"spray": {"rate": "0.33 g/s", "end": "60 s"}},
        "end": "120 s",
    })
    law = pbm.KernelLaw.from_dict(json.load(open("law.json")))
    result = pbm.Granulation(case, law).simulate(speed=100.0)
    print(result.d50[-1], result.worst_imbalance)
    result.save("distribution.h5")

Without liquid, a population in one coordinate:

    grid = pbm.diameter_grid(10e-6, 3e-3, 60)
    population = pbm.Population(grid, pbm.kernel("shear", shear_rate="0.2 1/s"))
    result = population.solve(pbm.lognormal(grid, median=100e-6, spread=0.4, solids=0.1), [0.0, 60.0])
    result.plot("sizes.png")

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Accuracy": "pbm.solve",
    "Blending": "pbm.blending",
    "BreakageRate": "pbm.laws",
    "Ensemble": "pbm.ensemble",
    "Feeder": "pbm.blending",
    "FixedRule": "pbm.granulation",
    "Fragments": "pbm.laws",
    "Granulation": "pbm.granulation",
    "GranulationResult": "pbm.result",
    "Graph": "pbm.graph",
    "Grid": "pbm.grid",
    "Growth": "pbm.growth",
    "Kernel": "pbm.laws",
    "KernelLaw": "pbm.law",
    "Layer": "pbm.sources",
    "Material": "pbm.laws",
    "Mixture": "pbm.extended_moments",
    "MomentPopulation": "pbm.moments",
    "Nuclei": "pbm.sources",
    "PbmCase": "pbm.case",
    "Population": "pbm.population",
    "PopulationResult": "pbm.population",
    "ResidenceTime": "pbm.residence",
    "SeveralComponentPopulation": "pbm.several_components",
    "Setup": "pbm.solve",
    "Splitting": "pbm.splitting",
    "Steps": "pbm.inputs",
    "Stiff": "pbm.stiff",
    "StochasticGranulation": "pbm.stochastic",
    "TabulatedKernel": "pbm.aggregation.table",
    "TwoComponentPopulation": "pbm.two_components",
    "axial_line": "pbm.graph",
    "breakage_rate": "pbm.laws",
    "choose_grid": "pbm.grid_choice",
    "constant": "pbm.inputs",
    "diameter_grid": "pbm.grid",
    "fit_mixture": "pbm.extended_moments",
    "fragments": "pbm.laws",
    "geometric_grid": "pbm.grid",
    "kernel": "pbm.laws",
    "linear_grid": "pbm.grid",
    "lognormal": "pbm.distribution",
    "multiples_grid": "pbm.grid",
    "mean_grain_mass": "pbm.sampling",
    "population_checks": "pbm.verification",
    "project_density": "pbm.distribution",
    "random_variance": "pbm.sampling",
    "read_distribution": "pbm.distribution",
    "run_all": "pbm.ensemble",
    "sensitivities": "pbm.sensitivity",
    "sobol_indices": "pbm.sensitivity",
    "solve": "pbm.solve",
    "spray_regime": "pbm.spray",
    "tabulated_kernel": "pbm.aggregation.table",
    "tanks": "pbm.graph",
    "with_nil": "pbm.grid",
    "uniformity_of_grains": "pbm.sampling",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'pbm' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(_HOME)
