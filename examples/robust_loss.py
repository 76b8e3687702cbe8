"""A loss of your own on the diabetes data: Cauchy's, which forgives the records that are plainly wrong.

    python examples/robust_loss.py

One record in ten of the training data gets a wild target, as from a slip of the pen. Squared error bends the whole
model towards these; Cauchy's loss log(1 + r^2) grows so slowly that they hardly count.
"""

from __future__ import annotations

import math

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from fastnn import Loss, MLPRegressor


def cauchy(z: float, y: float) -> float:
    """Minus the logarithm of Cauchy's density of the residual, but for a constant."""
    r = z - y
    return math.log1p(r * r)


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Inputs and standardized targets of training and of test; only the training's have wild ones among them."""
    x, x_test, y, y_test = train_test_split(*load_diabetes(return_X_y=True, scaled=False), random_state=0)
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    middle, width = y.mean(), y.std()
    y, y_test = (y - middle) / width, (y_test - middle) / width
    wild = np.random.default_rng(0).random(len(y)) < 0.1
    return (x - mean) / deviation, (x_test - mean) / deviation, np.where(wild, 8.0, y), y_test


def main() -> None:
    x, x_test, y, y_test = data()
    for loss in ("squared_error", Loss("cauchy", cauchy)):
        model = MLPRegressor(loss, (16,), "tanh", solver="lbfgs", alpha=10.0, max_iter=2000, random_state=0).fit(x, y)
        error = np.abs(model.predict(x_test) - y_test).mean()
        print(
            f"{loss if isinstance(loss, str) else loss.name:13}  R^2 {model.score(x_test, y_test):6.2f}  "
            f"mean error {error:.2f} standard deviations"
        )


if __name__ == "__main__":
    main()
