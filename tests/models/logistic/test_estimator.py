"""LogisticRegression: scikit-learn's coefficients, and clear words about what it does not do."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from available import BACKENDS
from scipy.sparse import csr_array, issparse
from sklearn import linear_model
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler
from solver_names import FREE_INTERCEPT

from fastnn import LogisticRegression

Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture(params=["binary", "multinomial"])
def labelled(request: pytest.FixtureRequest) -> Data:
    load = load_breast_cancer if request.param == "binary" else load_iris
    x, y = load(return_X_y=True)
    names = np.array(["malignant", "benign", "other"])
    return StandardScaler().fit_transform(x), names[y]


def reference(x: Any, y: Any, weight: Any = None, **parameters: Any) -> Any:
    model = linear_model.LogisticRegression(solver="newton-cholesky", tol=1e-10, max_iter=1000, **parameters)
    return model.fit(x, y, weight)


def ours(x: Any, y: Any, weight: Any = None, **parameters: Any) -> LogisticRegression:
    return LogisticRegression(**{"tol": 1e-9, "max_iter": 20000} | parameters).fit(x, y, weight)


def assert_same(model: Any, wanted: Any, tolerance: float = 1e-4) -> None:
    np.testing.assert_allclose(model.coef_, wanted.coef_, atol=tolerance)
    np.testing.assert_allclose(model.intercept_, wanted.intercept_, atol=tolerance)
    np.testing.assert_array_equal(model.classes_, wanted.classes_)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("C", [0.01, 1.0, 3.0])
@pytest.mark.parametrize("solver", ["lbfgs", "gradient_descent"])
def test_coefficients_are_scikit_learns(labelled: Data, solver: str, C: float, fit_intercept: bool) -> None:
    parameters = {"C": C, "fit_intercept": fit_intercept}
    model = ours(*labelled, solver=solver, **parameters)
    wanted = reference(*labelled, **parameters)
    assert_same(model, wanted)
    x, y = labelled
    np.testing.assert_allclose(model.predict_proba(x), wanted.predict_proba(x), atol=1e-5)
    np.testing.assert_allclose(model.decision_function(x), wanted.decision_function(x), atol=1e-3)
    np.testing.assert_array_equal(model.predict(x), wanted.predict(x))
    assert model.n_iter_.dtype == np.int32
    assert model.n_iter_.shape == (1,)


@pytest.mark.parametrize("solver", FREE_INTERCEPT)
def test_a_name_means_an_optimum(solver: str) -> None:
    x, y = load_iris(return_X_y=True)
    x = StandardScaler().fit_transform(x)  # for the plain descent
    assert_same(ours(x, y, solver=solver), reference(x, y))


@pytest.mark.filterwarnings("ignore:Setting penalty=None:UserWarning")  # by scikit-learn 1.8, of its own default
def test_without_penalty(rng: np.random.Generator) -> None:
    x = rng.normal(size=(500, 4))
    y = rng.uniform(size=500) < 1 / (1 + np.exp(-x @ [1, -2, 0.5, 0]))
    wanted = reference(x, y, C=np.inf)
    assert_same(ours(x, y, C=np.inf), wanted)
    with pytest.warns(FutureWarning, match="'penalty' was deprecated"):
        assert_same(ours(x, y, penalty=None), wanted)


@pytest.mark.parametrize("class_weight", [None, "balanced", {"malignant": 3}])
@pytest.mark.parametrize("weighted", [False, True])
def test_weights(labelled: Data, class_weight: Any, weighted: bool) -> None:
    x, y = labelled
    weight = np.random.default_rng(0).uniform(0, 3, len(x)) if weighted else None
    model = ours(x, y, weight, class_weight=class_weight)
    assert_same(model, reference(x, y, weight, class_weight=class_weight))


def test_a_weight_of_two_is_a_row_twice(labelled: Data) -> None:
    x, y = labelled
    weight = np.where(np.arange(len(x)) % 3, 1, 2)
    assert_same(ours(x, y, weight), ours(x.repeat(weight, 0), y.repeat(weight)), 1e-6)


def test_every_backend_finds_the_same(labelled: Data) -> None:
    wanted = ours(*labelled)
    for backend in BACKENDS:
        assert_same(ours(*labelled, backend=backend), wanted, 1e-6)


def test_computes_in_the_dtype_of_x(labelled: Data, dtype: Any) -> None:
    x, y = labelled[0].astype(dtype), labelled[1]
    model = ours(x, y)
    assert_same(model, reference(*labelled))
    arrays = (model.coef_, model.intercept_, model.predict_proba(x), model.predict_log_proba(x))
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


def test_last_bits_of_x_do_not_decide_where_float32_ends(labelled: Data, rng: np.random.Generator) -> None:
    """As other instruction sets round: of 100 such fits one had ended 0.01 away, and another with a warning."""
    x, y = labelled
    wanted = reference(x, y)
    for _ in range(30):
        rounded = x * (1 + 2.0**-24 * rng.integers(-1, 2, x.shape))
        assert_same(ours(rounded.astype(np.float32), y), wanted, 1e-5)


def test_logarithms_where_probabilities_vanish() -> None:
    for x, y in (([[-1.0], [1.0]], [0, 1]), ([[-1.0], [0.0], [1.0]], [0, 1, 2])):
        model = LogisticRegression().fit(x, y)
        model.coef_ = np.linspace(0, 1000, len(model.coef_) + 1)[1:, None]
        logarithms = model.predict_log_proba([[-5.0], [0.1], [5.0]])
        assert np.isfinite(logarithms).all()
        assert logarithms.min() < -2000


def test_warm_start_goes_on(labelled: Data) -> None:
    model = ours(*labelled, warm_start=True)
    first = model.coef_.copy()
    model.fit(*labelled)
    assert model.n_iter_[0] <= 1
    np.testing.assert_allclose(model.coef_, first, atol=1e-6)
    with pytest.raises(ValueError, match=r"warm_start: coef_ has shape"):
        model.fit(labelled[0][:, :2], labelled[1])


def test_a_limit_too_low_warns_at_the_callers_line(labelled: Data) -> None:
    with pytest.warns(ConvergenceWarning, match="auto failed to converge after 2 it") as caught:
        LogisticRegression(max_iter=2).fit(*labelled)
    assert caught[0].filename == __file__
    with pytest.warns(ConvergenceWarning):
        assert not LogisticRegression(max_iter=0).fit(*labelled).coef_.any()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"l1_ratio": 1.0, "solver": "lbfgs"}, "supports only 'l2' or None penalties.*Use solver='auto'"),
        ({"dual": True}, "supports only dual=False, got dual=True"),
        ({"solver": "newton-chol"}, "Did you mean 'newton-cholesky'"),
        ({"C": 0}, r"'C' parameter of LogisticRegression must be a number in \(0, inf\]. Got 0"),
        ({"tol": "small"}, "'tol' parameter.*Got 'small'"),
        ({"class_weight": "balance"}, "Did you mean 'balanced'"),
        ({"n_threads": 0}, "'n_threads' parameter.*an integer of at least 1, or None. Got 0"),
        ({"backend": "nativ"}, "Did you mean 'native'"),
    ],
)
def test_refuses_what_it_does_not_do(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LogisticRegression(**parameters).fit([[0], [1]], [0, 1])


@pytest.mark.parametrize(
    ("parameters", "category", "message"),
    [
        ({"penalty": "l2"}, FutureWarning, "'penalty' was deprecated"),
        ({"l1_ratio": None}, FutureWarning, "'l1_ratio=None' was deprecated"),
        ({"n_jobs": 2}, FutureWarning, "'n_jobs' has no effect"),
    ],
)
def test_warns_as_scikit_learn_does(parameters: dict[str, Any], category: type[Warning], message: str) -> None:
    with pytest.warns(category, match=message) as caught:
        LogisticRegression(**parameters).fit([[0], [1]], [0, 1])
    assert caught[0].filename == __file__


def test_l1_by_its_old_name_warns() -> None:
    x, y = [[0.0], [1.0], [3.0]], [0, 1, 1]
    wanted = LogisticRegression(l1_ratio=1.0).fit(x, y).coef_
    with pytest.warns(FutureWarning, match="'penalty' was deprecated"):
        assert LogisticRegression(penalty="l1", l1_ratio=1.0).fit(x, y).coef_ == wanted
    with pytest.warns(FutureWarning), pytest.warns(UserWarning, match="Inconsistent values: penalty=l1"):
        assert LogisticRegression(penalty="l1").fit(x, y).coef_ == wanted


def test_sparse_features_and_coefficients(labelled: Data) -> None:
    x, y = labelled
    model = ours(csr_array(x), y)
    assert_same(model, ours(x, y), 1e-12)
    before = model.decision_function(csr_array(x))
    assert issparse(model.sparsify().coef_)
    np.testing.assert_array_equal(model.decision_function(x), before)
    assert not issparse(model.densify().coef_)


def test_verbose_prints_the_objective(labelled: Data, capsys: pytest.CaptureFixture[str]) -> None:
    model = LogisticRegression(verbose=1).fit(*labelled)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == model.n_iter_[0]
    values = [float(line.split()[-1]) for line in lines]
    assert values == sorted(values, reverse=True)


class _Recorder:
    """A callback of scikit-learn's protocol that keeps the names of its hooks and what was fitted."""

    def __init__(self) -> None:
        self.hooks: list[str] = []
        self.coefs: list[Any] = []

    def setup(self, estimator: Any, context: Any) -> None:
        self.hooks.append("setup")

    def teardown(self, estimator: Any, context: Any) -> None:
        self.hooks.append("teardown")

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        self.hooks.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator: Any, context: Any, *, fitted_estimator: Any) -> None:
        self.hooks.append(f"end {context.task_name}")
        if fitted_estimator is not None:
            self.coefs.append(fitted_estimator.coef_)


@pytest.mark.parametrize(
    ("solver", "beginning"),
    [
        ("auto", "auto failed to converge after 1 iteration"),
        ("lbfgs", "lbfgs failed to converge after 1 iteration"),
        ("newton-cg", "newton-cg failed to converge after 1 iteration"),
        ("newton-cholesky", "Newton solver did not converge after 1 iterations"),
        ("liblinear", "Liblinear failed to converge, increase the number of iterations"),
        ("sag", "The max_iter was reached which means the coef_ did not converge"),
        ("saga", "The max_iter was reached which means the coef_ did not converge"),
        ("gradient_descent", "gradient_descent failed to converge after 1 iteration"),
    ],
)
def test_filters_of_scikit_learns_warnings_fit(solver: str, beginning: str) -> None:
    """They look at how a message begins."""
    x, y = load_breast_cancer(return_X_y=True)
    model = LogisticRegression(solver=solver, max_iter=1, tol=1e-12)
    with pytest.warns(ConvergenceWarning, match=rf"{beginning}.*max_iter=1\): .*or tol \(now 1e-12\)\."):
        model.fit(x, y)
    with warnings.catch_warnings(), pytest.raises(ConvergenceWarning):
        warnings.filterwarnings("error", "nothing begins so")
        warnings.filterwarnings("error", beginning, ConvergenceWarning)
        model.fit(x, y)


@pytest.mark.filterwarnings("ignore:The features separate the classes")
def test_newton_cholesky_without_a_penalty_on_few_rows_is_lbfgs(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(12, 30)), np.arange(12) % 2
    lbfgs = LogisticRegression(solver="lbfgs", C=np.inf).fit(x, y)
    model = LogisticRegression(solver="newton-cholesky", C=np.inf).fit(x, y)
    np.testing.assert_array_equal(model.coef_, lbfgs.coef_)
    with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge after 2 "):
        LogisticRegression(solver="newton-cholesky", C=np.inf, max_iter=3).fit(x, y)


@pytest.mark.callbacks
@pytest.mark.parametrize("parameters", [{}, {"solver": "newton-cg"}, {"l1_ratio": 1.0}])
def test_callbacks_hear_of_every_iteration(labelled: Data, parameters: dict[str, Any]) -> None:
    recorder = _Recorder()
    model = LogisticRegression(**parameters).set_callbacks(recorder).fit(*labelled)
    name = f"{model.solver}-iter"
    inside = [f"begin {name}", f"end {name}"] * (int(model.n_iter_[0]) + 1)
    assert recorder.hooks == ["setup", "begin fit", *inside, "end fit", "teardown"]
    np.testing.assert_allclose(recorder.coefs[int(model.n_iter_[0]) - 1], model.coef_, rtol=1e-6, atol=1e-9)
    with pytest.raises(TypeError, match="protocol"):
        model.set_callbacks(print)
    with pytest.warns(UserWarning, match="not liblinear's own"):
        LogisticRegression(solver="liblinear").set_callbacks(recorder)
    LogisticRegression(solver="liblinear").set_callbacks()
