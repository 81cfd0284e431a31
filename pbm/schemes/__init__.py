"""Schemes: how events between granules become changes of classes."""
