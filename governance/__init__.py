"""What automation may do, and what is reserved for people."""
