"""Deep networks with scikit-learn's parameters."""

from fastnn.models.mlp_classifier import MLPClassifier
from fastnn.models.mlp_regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
