"""Algorithms that minimise a smooth objective, one a file."""
