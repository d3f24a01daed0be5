"""The console: pages in French where people read, decide and note."""
