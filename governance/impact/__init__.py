"""Estimates of what automation changes in how leads end, pure."""
