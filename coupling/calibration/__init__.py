"""Calibration: parameters of a population balance fitted to measured sizes, moisture and residence times."""
