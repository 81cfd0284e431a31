"""Where loops run: backends, launchers and the mark of a scalar law."""
