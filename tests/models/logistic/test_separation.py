"""Separated classes: found wherever they are and nowhere else, whatever the fit has made of the data, and named."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csc_array, csr_array
from separable import COLUMNS, LABELS, Case, disguised, drawn, kind_by_definition, with_outlier

from fastnn import LogisticRegression
from fastnn.models.logistic.inference import separation as decision
from fastnn.models.logistic.inference.exact_directions import exactly_separable_pairs
from fastnn.models.logistic.inference.likelihood import Likelihood
from fastnn.models.logistic.inference.separation import Finding, look, no_maximum, separation

CASES = 12  # for each kind of labels, columns and number of classes


def found(case: Case, rng: np.random.Generator) -> Finding:
    """What is found from anywhere, as if a solver had stopped there."""
    likelihood = Likelihood(case.x, case.y, int(case.y.max()) + 1, case.weight, case.intercept)
    theta = rng.normal(size=(likelihood.n_contrasts, likelihood.n_columns)) * 10.0 ** rng.uniform(-3, 3)
    return separation(likelihood, look(likelihood, theta))[0]


def warned(x: Any, y: np.ndarray, **parameters: Any) -> tuple[LogisticRegression, str]:
    """A fit without a penalty, and what it says of separation."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = LogisticRegression(**{"C": np.inf, "max_iter": 10_000} | parameters).fit(x, y)
    return model, "".join(str(each.message) for each in caught if "separate the classes" in str(each.message))


@pytest.mark.parametrize("n_classes", [2, 3, 4])
@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("labels", LABELS)
def test_the_definition(rng: np.random.Generator, labels: str, columns: str, n_classes: int) -> None:
    for _ in range(CASES):
        case = drawn(rng, labels, columns, n_classes)
        kind = kind_by_definition(case)
        assert found(case, rng).kind == kind
        case = disguised(case, rng)
        assert found(case, rng).kind == kind
        if not (case.weight is None or case.weight.all()):
            continue
        for sparse in (csr_array, csc_array):
            assert found(Case(sparse(case.x), case.y, case.intercept, case.weight), rng).kind == kind


def test_the_generator_makes_every_kind() -> None:
    rng = np.random.default_rng(0)
    kinds = Counter(
        kind_by_definition(drawn(rng, labels, columns, 2 + seed % 3))
        for seed in range(9)
        for labels in LABELS
        for columns in COLUMNS
    )
    assert min(kinds[kind] for kind in ("complete", "quasi-complete", "none")) >= 15


@pytest.mark.parametrize("size", [1e7, 1e9, 1e12])
@pytest.mark.parametrize("labels", LABELS)
def test_an_outlier(rng: np.random.Generator, labels: str, size: float) -> None:
    """Beyond 1e7 the linear programs of the definition lose the rest of the row, and rational arithmetic decides."""
    for each in range(2 * CASES):
        case = with_outlier(drawn(rng, labels, COLUMNS[each % 3], 2 + each % 2), rng, size)
        likelihood = Likelihood(case.x, case.y, int(case.y.max()) + 1, None, case.intercept)
        pairs = exactly_separable_pairs(likelihood)
        assert pairs is not None
        others = likelihood.n_contrasts * len(case.y)
        kind = {0: "none", others: "complete"}.get(np.count_nonzero(pairs), "quasi-complete")
        assert found(case, rng).kind == kind
        if size == 1e7:
            assert kind == kind_by_definition(case)


def test_rational_arithmetic_agrees_with_the_definition(rng: np.random.Generator) -> None:
    for each in range(48):
        case = drawn(rng, LABELS[each % 4], COLUMNS[each // 4 % 3], 2 + each % 3)
        pairs = exactly_separable_pairs(Likelihood(case.x, case.y, 2 + each % 3, None, case.intercept))
        assert pairs is not None
        kind = {0: "none", (1 + each % 3) * len(case.y): "complete"}
        assert kind.get(np.count_nonzero(pairs), "quasi-complete") == kind_by_definition(case)


# --- saturated tables -----------------------------------------------------------------------------


def table(seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Dummy columns for groups, of which the first has none; at least the one that is returned has one class only."""
    rng = np.random.default_rng(seed)
    n_groups = int(rng.integers(2, 7))
    group = np.repeat(np.arange(n_groups), rng.integers(1, 13, n_groups))
    y = rng.integers(0, 2, len(group))
    pure = int(rng.integers(n_groups))
    y[group == pure] = rng.integers(2)
    if len(set(y)) < 2:
        y[group != pure] = 1 - y[group == pure][0]
    return np.eye(n_groups)[group][:, 1:], y, pure


@pytest.mark.parametrize("tol", [1e-4, 1e-12])
def test_saturated_tables(tol: float) -> None:
    silent = [seed for seed in range(400) if not warned(*table(seed)[:2], tol=tol)[1]]
    assert not silent


def test_a_ratio_compared_with_zero_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def positive(likelihood: Likelihood, point: decision.LikelihoodPoint) -> bool:
        nothing = np.zeros(0, np.intp)
        return likelihood.along(point.theta, point.step.reshape(point.theta.shape), nothing).lowest > 0

    monkeypatch.setattr(decision, "_has_maximum", positive)
    assert sum(not warned(*table(seed)[:2], tol=1e-8)[1] for seed in range(100)) > 2


@pytest.mark.parametrize("n_zeros", range(1, 31))
def test_the_smallest_table(n_zeros: int) -> None:
    x = np.append(np.zeros(2 * n_zeros), 1.0)[:, None]
    y = np.repeat([0, 1], [n_zeros, n_zeros + 1])
    model, message = warned(x, y)
    assert "(quasi-complete separation)" in message
    assert message.endswith("tell the classes apart: x0.")
    with pytest.raises(ValueError, match=r"quasi-complete separation.*apart: x0\."):
        model.summary()


# --- what must not be called separated -----------------------------------------------------------


@pytest.mark.parametrize("size", [1e7, 1e9, 1e12])
@pytest.mark.parametrize("side", [0, 1])
def test_an_outlier_leaves_the_maximum_and_its_summary(rng: np.random.Generator, side: int, size: float) -> None:
    x = rng.normal(size=(60, 2))
    y = (x[:, 0] + rng.logistic(size=60) > 0).astype(int)
    x[np.flatnonzero(y == side)[0], 0] = size
    model, message = warned(x, y)
    assert not message
    summary = model.summary()
    if side == 0:
        assert 0 > summary.estimate[0, 1] > -100 / size  # one row decides, and the others lose their feature
    else:  # the outlier is certain of its class, and as good as not there
        without = warned(np.delete(x, np.argmax(x[:, 0]), axis=0), np.delete(y, np.argmax(x[:, 0])), tol=1e-10)[0]
        np.testing.assert_allclose(summary.estimate, without.summary().estimate, rtol=1e-6)


@pytest.mark.parametrize("over", [0, 1])
def test_one_row_of_many_over_the_line(rng: np.random.Generator, over: int) -> None:
    x = rng.normal(size=(20_000, 5))
    y = (x @ [1.0, 2, 0, 0, 0] > 0).astype(int)
    y[:over] = 1 - y[:over]
    message = warned(x, y)[1]
    assert ("complete separation" in message) == (over == 0)
    assert over or message.endswith("apart: x0, x1.")


def test_many_rows_on_the_border(rng: np.random.Generator) -> None:
    x = np.column_stack([rng.normal(size=(20_000, 3)), rng.random(20_000) < 0.01])
    y = np.where(x[:, 3] == 1, 1, rng.random(20_000) < 0.5).astype(int)
    assert "quasi-complete" in warned(x, y)[1]
    y[np.argmax(x[:, 3])] = 0
    assert not warned(x, y)[1]


def test_a_dummy_too_many(rng: np.random.Generator) -> None:
    """Columns that depend on each other are no separation."""
    group = rng.integers(0, 4, 500)
    y = (rng.random(500) < 0.2 + 0.2 * group).astype(int)
    model, message = warned(np.eye(4)[group], y)
    assert not message
    with pytest.raises(ValueError, match="linear combinations of others"):
        model.summary()


def test_a_fit_that_is_lost(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(50, 2)), np.arange(50) % 2
    likelihood = Likelihood(x, y, 2, None, True)
    for theta in (np.full((1, 3), np.nan), np.full((1, 3), 1e300), np.full((1, 3), -1e5)):
        with np.errstate(all="ignore"):
            assert separation(likelihood, look(likelihood, theta))[0].kind == "none"


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e7])
def test_the_dummies_that_separate_are_named(rng: np.random.Generator, scale: float) -> None:
    group = rng.integers(0, 20, 2000)
    y = (rng.random(2000) < 0.4).astype(int)
    y[group == 3], y[group == 11] = 1, 0
    message = warned(np.eye(20)[group][:, 1:] * scale, y)[1]
    assert message.endswith("apart: x2, x10.")


def test_names_of_the_user(rng: np.random.Generator) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(rng.normal(size=(100, 3)), columns=["age", "cure", "income"])
    y = (frame["cure"] > 0.1).to_numpy().astype(int)
    model, message = warned(frame, y)
    assert "(complete separation)" in message
    assert message.endswith("apart: cure.")
    with pytest.raises(ValueError, match=r"apart: cure\."):
        model.summary(frame, y)


def test_columns_that_separate_together(rng: np.random.Generator) -> None:
    x = rng.normal(size=(300, 4))
    y = np.where(x[:, 1] > x[:, 3], 2, rng.integers(0, 2, 300))
    assert warned(x, y)[1].endswith("apart: x1, x3.")
    assert warned(x - [0, 1, 0, 0], y)[1].endswith("apart: x1, x3.")  # now with the intercept, of which nobody asks


def test_ten_names_at_the_most() -> None:
    group = np.repeat(np.arange(13), 4)
    y = np.where(group == 0, np.arange(52) % 2, group % 2)
    message = warned(np.eye(13)[group][:, 1:], y)[1]
    assert message.endswith("apart: x0, x1, x2, x3, x4, x5, x6, x7, x8, x9 and 2 more.")


def test_the_intercept_is_named_where_it_is_alone() -> None:
    """A class of which no row has been observed."""
    x, y = np.array([[0.0], [1], [0], [1], [0]]), np.array([0, 0, 1, 1, 2])
    likelihood = Likelihood(x, y, 3, np.array([1.0, 1, 1, 1, 0]), True)
    finding = separation(likelihood, look(likelihood, np.zeros((2, 2))))[0]
    assert finding == Finding("quasi-complete")
    assert no_maximum(finding, ["x0"]).endswith("apart: (intercept).")


def test_names_in_a_large_model(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(40, 1200)), np.arange(40) % 2
    names = warned(x, y, tol=1e-6)[1].rpartition("apart: x")[2].rstrip(".").split(", x")
    assert 0 < len(names) < 10
    assert kind_by_definition(Case(x[:, [int(name) for name in names]], y, True)) == "complete"


def test_a_saved_model_knows(tmp_path: Any, rng: np.random.Generator) -> None:
    model, _ = warned(*table(0)[:2])
    model.save(tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="separation") as kept:
        model.summary()
    with pytest.raises(ValueError, match="separation") as read:
        LogisticRegression.load(tmp_path / "model.safetensors").summary()
    assert str(kept.value) == str(read.value)
