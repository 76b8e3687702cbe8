"""Fitted models where people use them: frozen predictors, and what they and every export are read from."""
