"""The service: settings, store and HTTP interface."""
