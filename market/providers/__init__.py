"""Every source of market data in one shape; see base.py."""
