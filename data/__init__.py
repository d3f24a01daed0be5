"""Sources of logs: importers and the synthetic French B2B generator."""
