"""Logistic regression with its penalty chosen by cross-validation."""
