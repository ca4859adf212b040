"""Where orders are sent: one Protocol, one module per broker."""
