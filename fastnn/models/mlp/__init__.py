"""Deep networks with scikit-learn's parameters."""

from fastnn.models.mlp.classifier import MLPClassifier
from fastnn.models.mlp.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
