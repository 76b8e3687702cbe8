"""SAGA: steps by single rows, for smooth and non-smooth penalties."""
