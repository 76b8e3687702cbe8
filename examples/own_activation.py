"""An activation of your own on the handwritten digits: a function of one number, in plain Python.

    python examples/own_activation.py

Snake adds a wave to the identity, so that a network can go on periodically where its data end; here it learns digits as
well as relu does. Its slope is derived from the function, and both are compiled to native code at the first fit.
"""

from __future__ import annotations

import math
import time

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from fastnn import Activation, MLPClassifier


def snake(z: float) -> float:
    """Ziyin, Hartwig and Ueda (2020), "Neural networks fail to learn periodic functions and how to fix it"."""
    return z + math.sin(z) ** 2


def main() -> None:
    x, x_test, y, y_test = train_test_split(*load_digits(return_X_y=True), random_state=0)
    for activation in ("relu", Activation("snake", snake)):
        model = MLPClassifier((64, 32), activation, learning_rate_init=0.003, max_iter=1000, random_state=0)
        start = time.perf_counter()
        model.fit(x / 16, y)
        took = time.perf_counter() - start
        name = activation if isinstance(activation, str) else activation.name
        accuracy = model.score(x_test / 16, y_test)
        print(f"{name:5}  accuracy {accuracy:.3f}  {1e3 * took / model.n_iter_:.2f} ms an epoch, the first included")


if __name__ == "__main__":
    main()
