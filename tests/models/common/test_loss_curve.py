"""The picture of the losses."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from fastnn import Dense, LossCurveDisplay, MLPClassifier, MLPRegressor, Network

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

X = np.random.default_rng(0).normal(size=(100, 3))
Y = (X[:, 0] > 0).astype(int)
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 5, "random_state": 0}


@pytest.fixture(autouse=True)
def pyplot(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """matplotlib that draws to memory."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def labels(display: LossCurveDisplay) -> list[str]:
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_loss_alone(solver: str) -> None:
    model = MLPRegressor(solver=solver, **SMALL).fit(X, X[:, 0])
    display = model.plot_loss_curve(color="red")
    assert isinstance(display, LossCurveDisplay)
    np.testing.assert_array_equal(display.line_.get_ydata(), model.history_["loss"])
    np.testing.assert_array_equal(display.line_.get_xdata(), range(1, model.n_iter_ + 1))
    assert display.line_.get_color() == "red"
    assert display.validation_lines_ == []
    assert labels(display) == ["MLPRegressor, loss"]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("Epoch", "Loss")


def test_held_out_samples_and_two_models_on_one_axes(pyplot: Any) -> None:
    models = [MLPClassifier(early_stopping=True, alpha=alpha, **SMALL).fit(X, Y) for alpha in (0.1, 10)]
    figure, ax = pyplot.subplots()
    displays = [LossCurveDisplay.from_estimator(model, ax=ax, name=f"alpha = {model.alpha:g}") for model in models]
    assert all(display.ax_ is ax and display.figure_ is figure for display in displays)
    for model, display in zip(models, displays, strict=True):
        np.testing.assert_array_equal(display.validation_lines_[-1].get_ydata(), model.validation_scores_)
    assert len(figure.axes) == 2  # one scale on the right for both
    assert {"alpha = 0.1, loss", "alpha = 10, validation score"} <= set(labels(displays[1]))


def test_a_network_and_scikit_learns() -> None:
    network = Network([Dense(1)], 3, random_state=0)
    with pytest.raises(ValueError, match=r"Network\(.*has no epochs to show. Call fit first"):
        network.plot_loss_curve()
    display = network.fit(X, Y, epochs=3).plot_loss_curve()
    np.testing.assert_array_equal(display.line_.get_ydata(), network.loss_curve)
    theirs = neural_network.MLPClassifier(**SMALL).fit(X, Y)
    display = LossCurveDisplay.from_estimator(theirs)
    np.testing.assert_array_equal(display.line_.get_ydata(), theirs.loss_curve_)
    with pytest.raises(NotFittedError):
        MLPClassifier().plot_loss_curve()


def test_a_display_can_be_drawn_again(pyplot: Any) -> None:
    display = LossCurveDisplay([3, 2, 1], validation_loss=[4, 3, math.nan], validation_score=[0, 1, 2])
    display.plot()
    assert labels(display) == ["loss", "validation loss", "validation score"]
    first = display.ax_
    assert display.plot(name="again").ax_ is not first
    assert labels(display)[0] == "again, loss"


def test_without_matplotlib_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'needs matplotlib.*pip install "fastnn-kernels\[plot\]"'):
        LossCurveDisplay([1.0]).plot()
