"""Strategies, back tests and live runs; empty until its own issue."""
