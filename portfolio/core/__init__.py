"""Pure rules of money and orders: no ORM, no clock, no network."""
