"""A fit that was killed and resumed is, in every bit, one that was not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from estimators import X, Y
from sameness import same
from sklearn.base import clone

from fastnn import SGD, MLPClassifier, MLPRegressor, storage
from fastnn.errors import FileError
from fastnn.schedules import OneCycle, Plateau
from fastnn.training.epoch import Epoch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

HOW: dict[str, Any] = {"hidden_layer_sizes": (5, 4), "batch_size": 8, "max_iter": 9, "random_state": 0}
VALIDATION = {"X_val": X[:20] + 0.1, "y_val": Y[:20]}
MODELS: dict[str, tuple[Any, dict[str, Any]]] = {
    "adam": (MLPClassifier(**HOW), {}),
    "invscaling": (MLPClassifier(solver="sgd", learning_rate="invscaling", **HOW), {}),
    "adaptive": (MLPClassifier(solver="sgd", learning_rate="adaptive", n_iter_no_change=1, tol=0.1, **HOW), {}),
    "early stopping": (MLPClassifier(early_stopping=True, learning_rate_init=0.05, **HOW), {}),
    "schedule": (MLPRegressor(solver=SGD(0.1, momentum=0.5), learning_rate=OneCycle(0.1, 72), **HOW), {}),
    "plateau": (MLPRegressor(solver="rmsprop", learning_rate=Plateau(0.1, patience=1), **HOW), VALIDATION),
    "noise and averages": (MLPClassifier(dropout=0.3, ema=0.9, clip_norm=0.5, l1=0.01, **HOW), {}),
    "averages, the best kept": (MLPClassifier(ema=0.9, early_stopping=True, learning_rate_init=0.1, **HOW), {}),
    "weights": (MLPClassifier(class_weight={0: 1.0, 1: 3.0}, **HOW), {"sample_weight": 1.0 + Y}),
    "validation set": (MLPClassifier(early_stopping=True, scoring="loss", **HOW), VALIDATION),
    "in order": (MLPRegressor(shuffle=False, loss="poisson", **HOW), {}),
}


class Killed(Exception):
    """Stands for the end of a process."""


def killer(number: int) -> Callable[[Epoch], None]:
    def kill(epoch: Epoch) -> None:
        if epoch.number == number:
            raise Killed

    return kill


def interrupted(model: Any, path: Path, *numbers: int, **how: Any) -> Any:
    """A model whose fit was killed in these epochs, each time gone on with in another model."""
    for number in numbers:
        with pytest.raises(Killed):
            clone(model).set_callbacks(killer(number)).fit(X, Y, checkpoint=path, resume=True, **how)
    return clone(model).fit(X, Y, checkpoint=path, resume=True, **how)


def attributes(model: Any) -> dict[str, Any]:
    """All that a fit has set, but how long it took."""
    parts = model._taken_apart()[1]
    parts["history_"] = {name: values for name, values in parts["history_"].items() if name != "seconds"}
    return dict(sorted(parts.items()))


@pytest.mark.callbacks
@pytest.mark.parametrize("name", MODELS)
def test_bitwise_the_same(name: str, tmp_path: Path) -> None:
    model, how = MODELS[name]
    whole = clone(model).fit(X, Y, **how)
    assert len(whole.loss_curve_) > 5
    resumed = interrupted(model, tmp_path / "run", 2, 5, **how)
    assert same(attributes(resumed), attributes(whole))
    if not model.early_stopping:
        for each in (resumed, whole):
            each.partial_fit(X, Y)
        assert same(attributes(resumed), attributes(whole))


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from test_checkpoint import three_classes

def kill(epoch):
    if epoch.number == 4:
        os.kill(os.getpid(), signal.SIGKILL)

three_classes(kill, checkpoint=sys.argv[2], resume=True)
"""


def three_classes(*callbacks: Any, **how: Any) -> MLPClassifier:
    labels = np.array(["a", "b", "c"], object)[np.arange(60) % 3]
    model = MLPClassifier(n_threads=2, early_stopping=True, **HOW).set_callbacks(*callbacks)
    return model.fit(X.astype(np.float32), labels, **how)


@pytest.mark.callbacks
def test_a_process_that_is_killed(tmp_path: Path) -> None:
    whole = three_classes()
    command = [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(tmp_path / "run")]
    assert subprocess.run(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}).returncode == -9
    assert same(attributes(three_classes(checkpoint=tmp_path / "run", resume=True)), attributes(whole))


@pytest.mark.callbacks
def test_a_warm_start_that_is_killed(tmp_path: Path) -> None:
    """The curves of the fits before belong to it."""
    model = MLPClassifier(warm_start=True, **HOW)
    whole = clone(model).fit(X, Y).fit(X, Y)
    killed = clone(model).fit(X, Y).set_callbacks(killer(4))
    before = attributes(killed)
    with pytest.raises(Killed):
        killed.fit(X, Y, checkpoint=tmp_path / "run")
    assert same(attributes(killed), before)
    resumed = clone(model).fit(X, Y, checkpoint=tmp_path / "run", resume=True)
    assert same(attributes(resumed), attributes(whole))
    assert len(resumed.loss_curve_) == 2 * resumed.n_iter_ == 18


@pytest.mark.callbacks
def test_without_a_seed_the_run_keeps_what_it_drew(tmp_path: Path) -> None:
    """First weights, orders, and the rows that are held out."""
    model = MLPClassifier(early_stopping=True, **{**HOW, "random_state": None})
    resumed = interrupted(model, tmp_path / "run", 4)
    saved = storage.read(tmp_path / "run", "checkpoint")
    rows, held_out = saved["chosen"]["rows"]
    assert sorted([*rows, *held_out]) == list(range(60))
    score = np.mean(resumed.predict(X[held_out]) == Y[held_out])
    assert score == resumed.best_validation_score_
    assert resumed._training.seed == saved["parts"]["run"]["seed"]


def test_a_fit_that_has_ended(tmp_path: Path) -> None:
    """One that was stopped is over; one that came to max_iter goes on when that grows."""
    how = {**HOW, "tol": 1.0, "n_iter_no_change": 2}
    stopped = MLPClassifier(**how).fit(X, Y, checkpoint=tmp_path / "run")
    assert stopped.n_iter_ < 9
    again = MLPClassifier(**{**how, "max_iter": 99}).fit(X, Y, checkpoint=tmp_path / "run", resume=True)
    assert same(attributes(again), attributes(stopped))

    MLPClassifier(**HOW).fit(X, Y, checkpoint=tmp_path / "other")
    longer = MLPClassifier(**{**HOW, "max_iter": 12}, n_threads=1, verbose=0)
    resumed = clone(longer).fit(X, Y, checkpoint=tmp_path / "other", resume=True)
    assert same(attributes(resumed), attributes(longer.fit(X, Y)))


@pytest.mark.callbacks
def test_a_fit_that_is_interrupted(tmp_path: Path) -> None:
    def ctrl_c(epoch: Epoch) -> None:
        if epoch.number == 4:
            raise KeyboardInterrupt

    model = MLPClassifier(**HOW)
    with pytest.warns(match="interrupted"):
        clone(model).set_callbacks(ctrl_c).fit(X, Y, checkpoint=tmp_path / "run")
    resumed = clone(model).fit(X, Y, checkpoint=tmp_path / "run", resume=True)
    assert same(attributes(resumed), attributes(model.fit(X, Y)))


@pytest.mark.callbacks
def test_checkpoint_every(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        MLPClassifier(**HOW).set_callbacks(killer(7)).fit(X, Y, checkpoint=tmp_path / "run", checkpoint_every=3)
    assert len(storage.read(tmp_path / "run", "checkpoint")["parts"]["outcome"]["losses"]) == 6


def test_resume_false_starts_afresh(tmp_path: Path) -> None:
    first = MLPClassifier(**HOW).fit(X, Y, checkpoint=tmp_path / "run")
    other = MLPClassifier(**{**HOW, "random_state": 1}).fit(X, Y, checkpoint=tmp_path / "run")
    assert abs(first.coefs_[0] - other.coefs_[0]).max() > 0.01


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "data", "error"),
    [
        ({"alpha": 0.5}, {}, r"alpha was 0\.0001, now 0\.5"),
        ({"hidden_layer_sizes": (5,)}, {}, r"hidden_layer_sizes was \[5, 4\], now \[5\]"),
        ({"random_state": 1}, {}, "random_state was 0, now 1"),
        ({"solver": SGD()}, {}, r"solver was 'adam', now SGD\("),
        ({"learning_rate": OneCycle(0.1, 5)}, {}, r"learning_rate was 'constant', now OneCycle\("),
        ({}, {"X": X[:, :2]}, r"shape of X was \[60, 3\], now \[60, 2\]"),
        ({}, {"X": X[:50], "y": Y[:50]}, r"shape of X was \[60, 3\], now \[50, 3\]"),
        ({}, {"y": np.array(["no", "yes"])[Y]}, r"classes was \[0, 1\] of int64, now \['no', 'yes'\] of <U3"),
        ({}, {"sample_weight": np.ones(60)}, r"shape of weights was None, now \[60\]"),
        ({}, VALIDATION, r"shape of X_val was None, now \[20, 3\]"),
        ({}, {"X": X.astype(np.float32)}, r"dtype was dtype\('float64'\), now dtype\('float32'\)"),
    ],
)
def test_another_fit(changes: dict[str, Any], data: dict[str, Any], error: str, tmp_path: Path) -> None:
    MLPClassifier(**HOW).fit(X, Y, checkpoint=tmp_path / "run")
    other = MLPClassifier(**{**HOW, **changes})
    before = dict(vars(other))
    with pytest.raises(ValueError, match=f"the checkpoint of another run: .*{error}"):
        other.fit(**{"X": X, "y": Y, **data}, checkpoint=tmp_path / "run", resume=True)
    assert vars(other) == before


def test_another_estimator_and_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "run"
    MLPClassifier(**HOW).fit(X, Y, checkpoint=path)
    with pytest.raises(ValueError, match="estimator was 'MLPClassifier', now 'MLPRegressor'"):
        MLPRegressor(**HOW).fit(X, Y, checkpoint=path, resume=True)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match="is damaged"):
        MLPClassifier(**HOW).fit(X, Y, checkpoint=path, resume=True)


@pytest.mark.parametrize(
    ("rows", "held_out"),
    [
        (np.arange(54), np.arange(55, 61)),  # the kernels would read behind the end of X
        (np.arange(-1, 53), np.arange(53, 59)),
        (np.arange(54), np.arange(54, 59)),
        (np.arange(60), np.arange(0)),
        (np.arange(54.0), np.arange(54, 60)),
        (None, None),
    ],
)
def test_rows_that_are_held_out_are_rows(rows: Any, held_out: Any, tmp_path: Path) -> None:
    model = MLPClassifier(early_stopping=True, **HOW)
    clone(model).fit(X, Y, checkpoint=tmp_path / "run")
    saved = storage.read(tmp_path / "run", "checkpoint")
    saved["chosen"]["rows"] = (rows, held_out)
    storage.write(tmp_path / "run", "checkpoint", saved)
    with pytest.raises(FileError, match="no whole checkpoint of this run: the rows"):
        model.fit(X, Y, checkpoint=tmp_path / "run", resume=True)
    assert not hasattr(model, "coefs_")


def test_curves_of_the_fits_before_are_numbers(tmp_path: Path) -> None:
    model = MLPClassifier(**HOW)
    clone(model).fit(X, Y, checkpoint=tmp_path / "run")
    for curves in ({"loss_curve_": ["a"]}, {"predict": [1.0]}):
        saved = storage.read(tmp_path / "run", "checkpoint")
        saved["parts"]["curves"] = curves
        storage.write(tmp_path / "run", "checkpoint", saved)
        with pytest.raises(FileError, match="no whole checkpoint of this run: (loss_curve_|the curves)"):
            model.fit(X, Y, checkpoint=tmp_path / "run", resume=True)


def test_arguments_that_do_not_go_together(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="checkpoint cannot be had with solver='lbfgs'"):
        MLPRegressor(solver="lbfgs").fit(X, Y, checkpoint=tmp_path / "run")
    with pytest.raises(ValueError, match="resume=True needs a file"):
        MLPRegressor().fit(X, Y, resume=True)
    with pytest.raises(ValueError, match="checkpoint_every=0 is not possible"):
        MLPClassifier().fit(X, Y, checkpoint=tmp_path / "run", checkpoint_every=0)
    with pytest.raises(OSError, match="No such file"):
        MLPClassifier().fit(X, Y, checkpoint=tmp_path / "nowhere" / "run")
