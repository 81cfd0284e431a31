"""The reduced model: the population balance with few classes, a fitted law, and an error on every output."""
