"""What automation changes in how leads end: estimates, pure."""
