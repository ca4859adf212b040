"""Financial Modeling Prep as a source of market data."""
