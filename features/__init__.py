"""Signals: the event log, the catalogue, and one row of signals per lead and moment."""
