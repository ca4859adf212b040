"""Known secrets are planted, and then everything that is kept or told is searched for them."""
