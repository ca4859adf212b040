"""REST under /api/portfolio."""
