"""KIS as a source of market data."""
