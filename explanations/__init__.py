"""From a score to checked reasons in French."""
