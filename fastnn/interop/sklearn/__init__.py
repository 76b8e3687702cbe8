"""Fitted models as scikit-learn's own classes, and those as models of this library."""
