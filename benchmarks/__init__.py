"""Measurements. Each script prints a table, then one JSON line."""
