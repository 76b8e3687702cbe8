"""Firth's penalised likelihood, for separated and small data."""
