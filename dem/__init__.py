"""Discrete element method: from particles to collision statistics."""
