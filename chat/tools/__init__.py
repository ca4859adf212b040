"""What the analyst can compute for a user; each tool reads and calculates, none writes."""
