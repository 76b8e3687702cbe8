"""Logistic regression: one fit, paths, cross-validation, inference."""
