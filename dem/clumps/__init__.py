"""Rigid bodies made of spheres that may overlap: their shape, their mass properties and their motion."""
