"""Opinion mathematics: votes on statements become groups, and what all of them accept. Pure functions on NumPy and SciPy."""
