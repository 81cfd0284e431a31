"""Material fit: friction and adhesion found for measured angles, densities and stresses, by particle simulations."""
