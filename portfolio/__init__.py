"""Portfolios: the ledger, orders, fills, positions, risk checks and brokers."""
