"""Events, preferences, channels and the delivery log; empty until its own issue."""
