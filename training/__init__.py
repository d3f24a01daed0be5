"""Fitting, calibrating, evaluating and registering models."""
