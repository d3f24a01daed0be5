"""Where logs come from: importers and the synthetic French B2B generator."""
