"""The made-up company of the demo log: its leads, their intent, what they do."""
