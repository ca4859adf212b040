"""Servers under test and the sockets that load them, for `benchmarks/fanout.py`."""
