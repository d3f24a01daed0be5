"""The importer: a foreign file and a mapping become a log.

`source` gives a file's bytes, a module for each format makes rows of them, `mapping`
says what their columns mean, and `importer` puts it together.
"""
