"""LogisticRegressionCV: scikit-learn's scores, choice and attributes, from fits that share one X."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import sklearn
from scipy.sparse import csr_array
from sklearn import linear_model
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning, UndefinedMetricWarning
from sklearn.metrics import get_scorer, make_scorer
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, TimeSeriesSplit
from sklearn.preprocessing import StandardScaler

from fastnn import LogisticRegression, LogisticRegressionCV

Data = tuple[np.ndarray, np.ndarray]
QUIET: dict[str, Any] = {"l1_ratios": (0,), "scoring": "accuracy", "use_legacy_attributes": False}
CLOSE: dict[str, Any] = {"tol": 1e-9, "max_iter": 1000, "Cs": [10, 0.01, 1.0]}


@pytest.fixture(params=["binary", "multinomial"])
def labelled(request: pytest.FixtureRequest) -> Data:
    load = load_breast_cancer if request.param == "binary" else load_iris
    x, y = load(return_X_y=True)
    names = np.array(["malignant", "benign", "other"])
    return StandardScaler().fit_transform(x), names[y]


def ours(x: Any, y: Any, weight: Any = None, **parameters: Any) -> LogisticRegressionCV:
    return LogisticRegressionCV(**QUIET | CLOSE | parameters).fit(x, y, weight)


def theirs(x: Any, y: Any, weight: Any = None, **parameters: Any) -> Any:
    known = QUIET | CLOSE | {"solver": "newton-cholesky"} | parameters
    return linear_model.LogisticRegressionCV(**known).fit(x, y, weight)


def assert_same(model: Any, wanted: Any, tolerance: float = 1e-5) -> None:
    for name in ("classes_", "Cs_", "l1_ratios_"):
        np.testing.assert_array_equal(getattr(model, name), getattr(wanted, name), err_msg=name)
    for name in ("C_", "l1_ratio_", "coef_", "intercept_"):
        got, want = getattr(model, name), getattr(wanted, name)
        assert type(got) is type(want), name
        if np.asarray(want).dtype == object:  # None, where l1_ratios were left out
            np.testing.assert_array_equal(got, want, err_msg=name)
        else:
            np.testing.assert_allclose(got, want, atol=tolerance, err_msg=name)
    for name in ("scores_", "coefs_paths_"):
        got, want = getattr(model, name), getattr(wanted, name)
        if isinstance(want, dict):
            assert list(got) == list(want)
            got, want = list(got.values()), list(want.values())
        np.testing.assert_allclose(got, want, atol=tolerance, err_msg=name)
    assert model.n_iter_.shape == wanted.n_iter_.shape
    assert model.n_iter_.dtype == wanted.n_iter_.dtype


@pytest.mark.sklearn_1_9
@pytest.mark.filterwarnings("ignore:.*l1_ratios.*:FutureWarning")
@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize("ratios", [None, (0,)])
def test_attributes_are_scikit_learns(labelled: Data, legacy: bool, ratios: Any, refit: bool) -> None:
    parameters = {"use_legacy_attributes": legacy, "l1_ratios": ratios, "refit": refit, "cv": 3}
    assert_same(ours(*labelled, **parameters), theirs(*labelled, **parameters))


@pytest.mark.sklearn_1_9
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("scoring", [None, "neg_log_loss", "neg_brier_score", "balanced_accuracy"])
def test_scores_are_scikit_learns(labelled: Data, scoring: Any, fit_intercept: bool) -> None:
    parameters = {"scoring": scoring, "fit_intercept": fit_intercept, "cv": 3}
    model, wanted = ours(*labelled, **parameters), theirs(*labelled, **parameters)
    assert_same(model, wanted)
    if scoring != "neg_brier_score":  # which does not know the classes outside of fit
        assert model.score(*labelled) == pytest.approx(wanted.score(*labelled), abs=1e-6)


@pytest.mark.sklearn_1_9
@pytest.mark.parametrize("class_weight", [None, "balanced", {"malignant": 3}])
@pytest.mark.parametrize("scoring", [None, "neg_log_loss"])
def test_weights(labelled: Data, class_weight: Any, scoring: Any) -> None:
    weight = np.random.default_rng(0).uniform(0, 3, len(labelled[0]))
    parameters = {"class_weight": class_weight, "scoring": scoring}
    assert_same(ours(*labelled, weight, **parameters), theirs(*labelled, weight, **parameters))


@pytest.mark.sklearn_1_9
@pytest.mark.parametrize(
    "cv",
    [
        TimeSeriesSplit(4),  # training rows are few, so that they are copied
        ShuffleSplit(3, random_state=0),  # rows are held out several times
        [(np.r_[0:90, 0:30], np.r_[90:150]), (np.arange(150) % 2 == 0, np.arange(150) % 2 == 1)],
    ],
    ids=["few", "shuffled", "twice"],
)
def test_any_splitter(cv: Any) -> None:
    x, y = load_iris(return_X_y=True)
    rows = np.random.default_rng(1).permutation(len(x))
    x, y = StandardScaler().fit_transform(x)[rows], y[rows]
    assert_same(ours(x, y, cv=cv), theirs(x, y, cv=cv))


def test_a_fold_is_a_fit_of_its_training_rows(labelled: Data) -> None:
    x, y = labelled
    folds = list(ShuffleSplit(2, random_state=0).split(x))
    model = ours(x, y, cv=folds, Cs=[0.3])
    for (train, test), path, score in zip(folds, model.coefs_paths_, model.scores_, strict=True):
        alone = LogisticRegression(C=0.3, tol=1e-9, max_iter=1000).fit(x[train], y[train])
        np.testing.assert_allclose(path[0, 0, :, :-1], alone.coef_, atol=1e-6)
        assert score[0, 0] == alone.score(x[test], y[test])


@pytest.mark.sklearn_1_9
@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize("refit", [True, False])
def test_an_l1_share(labelled: Data, legacy: bool, refit: bool) -> None:
    x, y = labelled[0][:, :4], labelled[1]
    parameters = {"l1_ratios": np.array([0.5, 0, 1]), "solver": "saga", "use_legacy_attributes": legacy, "refit": refit}
    parameters |= {"Cs": [1.0, 0.05], "cv": 2, "tol": 1e-8, "max_iter": 20_000}
    assert_same(ours(x, y, **parameters), theirs(x, y, **parameters), 1e-4)


def test_a_fold_with_an_l1_share_is_a_fit_of_its_training_rows(labelled: Data) -> None:
    x, y = labelled
    folds = list(ShuffleSplit(2, random_state=0).split(x))
    model = ours(x, y, cv=folds, Cs=[1e-2, 0.3, 1e-3], l1_ratios=[1], solver="auto", scoring="neg_log_loss")
    for (train, _), path in zip(folds, model.coefs_paths_, strict=True):
        alone = LogisticRegression(C=0.3, l1_ratio=1, tol=1e-9, max_iter=1000).fit(x[train], y[train])
        np.testing.assert_allclose(path[0, 1, :, :-1], alone.coef_, atol=1e-5)
        assert ((path[0, 1, :, :-1] == 0) == (alone.coef_ == 0)).all()
    whole = LogisticRegression(C=0.3, l1_ratio=1, tol=1e-9, max_iter=1000).fit(x, y)
    assert model.C_ == 0.3
    np.testing.assert_allclose(model.coef_, whole.coef_, atol=1e-5)


@pytest.mark.sklearn_1_9
def test_liblinear_means_its_optimum() -> None:
    x, y = load_breast_cancer(return_X_y=True)
    x = StandardScaler().fit_transform(x)
    parameters = {"solver": "liblinear", "Cs": [0.1], "cv": 2}
    assert_same(ours(x, y, **parameters), theirs(x, y, **parameters), 1e-3)
    model = ours(x, y, **parameters, intercept_scaling=2.0)
    alone = LogisticRegression(C=0.1, solver="liblinear", intercept_scaling=2.0, tol=1e-9).fit(x, y)
    np.testing.assert_allclose(model.intercept_, alone.intercept_, atol=1e-6)
    with pytest.raises(ValueError, match="'liblinear' solver does not support multiclass"):
        ours(*load_iris(return_X_y=True), solver="liblinear")
    with pytest.raises(ValueError, match=r"C=np.inf.*not supported for the liblinear solver"):
        ours(x, y, **parameters | {"Cs": [1, np.inf]})


def test_a_fold_knows_nothing_of_the_rows_held_out() -> None:
    """Weakly penalised fits are hardly decided by rows that lack a class; who started at all rows' would know it."""
    x, y = np.arange(6.0)[:, None], np.array(list("aabbcc"))
    model = ours(x, y, cv=KFold(3), scoring="neg_brier_score", Cs=np.logspace(-6, 6, 5), tol=1e-4)
    assert model.scores_.max() < -1.4
    assert model.C_ == 1e-6
    alone = [LogisticRegression(C=1e6, tol=1e-4).fit(x[rows], y[rows]) for rows, _ in KFold(3).split(x)]
    assert max(each.score(x, y) for each in alone) < 1


def test_the_same_for_every_number_of_threads(labelled: Data) -> None:
    wanted = ours(*labelled, n_threads=1)
    for parameters in ({"n_threads": 2}, {"n_jobs": 2}, {"n_jobs": -1, "n_threads": 3}):
        model = ours(*labelled, **parameters)
        for name in ("coefs_paths_", "scores_", "n_iter_", "coef_"):
            np.testing.assert_array_equal(getattr(model, name), getattr(wanted, name), err_msg=name)


def test_order_of_Cs_does_not_matter(labelled: Data) -> None:
    model, turned = ours(*labelled, Cs=[0.1, 1, 10]), ours(*labelled, Cs=[10, 0.1, 1])
    np.testing.assert_array_equal(model.coefs_paths_[:, :, [2, 0, 1]], turned.coefs_paths_)


def test_sparse_float32_and_frames(labelled: Data) -> None:
    x, y = labelled
    wanted = ours(x, y)
    assert_same(ours(csr_array(x), y), wanted, 1e-6)
    single = ours(x.astype(np.float32), y, tol=1e-6)
    assert single.coef_.dtype == single.coefs_paths_.dtype == np.float32
    np.testing.assert_allclose(single.coef_, wanted.coef_, atol=1e-2)
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(x, columns=[f"f{j}" for j in range(x.shape[1])])
    assert_same(ours(frame, pandas.Series(y)), wanted)


@pytest.mark.sklearn_1_9
def test_mostly_zeros(rng: np.random.Generator) -> None:
    x = rng.normal(size=(300, 30)) * (rng.uniform(size=(300, 30)) < 0.1)
    y = x.sum(axis=1) + rng.normal(size=300) > 0
    assert_same(ours(x, y), theirs(x, y))
    np.testing.assert_allclose(ours(x, y).coefs_paths_, ours(csr_array(x), y).coefs_paths_)


def test_every_backend_finds_the_same(labelled: Data) -> None:
    wanted = ours(*labelled)
    for backend in ("native", "reference"):
        assert_same(ours(*labelled, backend=backend), wanted, 1e-6)


def test_Cs_by_number_and_without_a_penalty(rng: np.random.Generator) -> None:
    x = rng.normal(size=(200, 2))
    y = rng.uniform(size=200) < 1 / (1 + np.exp(-x @ [1, -1]))
    np.testing.assert_allclose(ours(x, y, Cs=3).Cs_, [1e-4, 1, 1e4])
    model = ours(x, y, Cs=[np.inf, 1e-3], scoring="neg_log_loss")
    assert model.C_ == np.inf
    np.testing.assert_allclose(model.coef_, LogisticRegression(C=np.inf).fit(x, y).coef_, atol=1e-6)
    assert model.summary(x, y).log_likelihood < 0


def test_classes_that_a_fold_lacks() -> None:
    x, y = np.arange(6.0)[:, None], np.array(list("aabbcc"))
    folds = [(np.arange(4), np.arange(4, 6)), (np.arange(2, 6), np.arange(2))]
    model = ours(x, y, cv=folds, scoring="neg_log_loss", Cs=[1e-2], tol=1e-4)
    assert np.isfinite(model.scores_).all()
    assert ours(x, y, cv=folds, tol=1e-4).scores_.max() == 0


def test_folds_that_cannot_be_scored() -> None:
    """They have no say; where none can be scored, there is no choice."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = rng.normal(size=(60, 2)) + 2 * y[:, None]
    without = np.flatnonzero(y != 2)[:20]
    of_all = np.setdiff1d(np.arange(60), without)
    folds = [(of_all, without), (without.tolist() + of_all[20:].tolist(), of_all[:20])]
    parameters: dict[str, Any] = {"scoring": "roc_auc_ovr", "Cs": [1e-6, 1.0], "tol": 1e-4}
    for refit in (True, False):
        with pytest.warns(UndefinedMetricWarning):
            model = ours(x, y, cv=folds, refit=refit, **parameters)
        assert np.isnan(model.scores_[0]).all()
        assert np.isfinite(model.scores_[1]).all()
        alone = ours(x, y, cv=folds[1:], refit=refit, **parameters)
        assert model.C_ == alone.C_
        np.testing.assert_array_equal(model.coef_, alone.coef_)
        with pytest.warns(UndefinedMetricWarning), pytest.raises(ValueError, match="No penalty can be chosen"):
            ours(x, y, cv=folds[:1], refit=refit, **parameters)


def test_a_penalty_without_a_score_is_never_the_best() -> None:
    x, y = load_iris(return_X_y=True)

    def scorer(model: Any, X: Any, y: Any) -> float:
        return np.nan if model.C == 1 else -model.C

    for refit in (True, False):
        assert ours(x, y, Cs=[1, 10, 100], scoring=scorer, refit=refit, tol=1e-4).C_ == pytest.approx(10)


@pytest.mark.parametrize("scoring", ["f1", "average_precision", "roc_auc", "neg_log_loss"])
def test_scorers_of_two_strings(scoring: str) -> None:
    x, y = load_breast_cancer(return_X_y=True)
    model = ours(x, np.array(["bad", "good"])[y], scoring=scoring, Cs=[1e-3, 1.0], tol=1e-4)
    np.testing.assert_array_equal(model.scores_, ours(x, y, scoring=scoring, Cs=[1e-3, 1.0], tol=1e-4).scores_)


# --- metadata -------------------------------------------------------------------------------------


def test_metadata_goes_to_splitter_and_scorer(labelled: Data) -> None:
    x, y = labelled
    seen: list[Any] = []

    def metric(y_true: Any, y_pred: Any, note: Any = None, of_row: Any = None) -> float:
        seen.append((note, of_row))
        return float(np.mean(y_true == y_pred))

    groups, of_row = np.arange(len(x)) % 4, np.arange(len(x))
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = make_scorer(metric).set_score_request(note=True, of_row=True)
        model = LogisticRegressionCV(**QUIET | {"cv": GroupKFold(4), "scoring": scorer, "Cs": [1]})
        model.fit(x, y, groups=groups, note="n", of_row=of_row)
        for k, (note, rows) in enumerate(seen):
            assert note == "n"
            assert len(set(groups[rows])) == 1, k
        model.score(x, y, note="again", of_row=None)
        assert seen[-1][0] == "again"
        with pytest.raises(TypeError, match="sample_weight"):
            model.score(x, y, sample_weight=np.ones(len(x)))


def test_sample_weights_are_scored_only_where_asked_for(labelled: Data) -> None:
    x, y = labelled
    weight = np.random.default_rng(0).uniform(0, 3, len(x))
    with sklearn.config_context(enable_metadata_routing=True):
        scorers = [get_scorer("accuracy").set_score_request(sample_weight=flag) for flag in (True, False)]
        asked, unasked = (ours(x, y, weight, scoring=scorer, Cs=[1]) for scorer in scorers)
        assert not np.array_equal(asked.scores_, unasked.scores_)
        np.testing.assert_array_equal(asked.coefs_paths_, unasked.coefs_paths_)
    np.testing.assert_allclose(asked.scores_, ours(x, y, weight, Cs=[1]).scores_)


def test_without_routing_metadata_is_refused(labelled: Data) -> None:
    model = LogisticRegressionCV(**QUIET)
    with pytest.raises(ValueError, match="'groups'.*is only supported if enable_metadata_routing=True"):
        model.fit(*labelled, groups=[1])
    with pytest.raises(ValueError, match="is only supported if enable_metadata_routing=True"):
        ours(*labelled).score(*labelled, groups=[1])


def test_sample_weight_of_score_by_position_warns(labelled: Data) -> None:
    model = ours(*labelled)
    weight = np.arange(len(labelled[0]))
    with pytest.warns(FutureWarning, match="Pass sample_weight as a keyword"):
        score = model.score(*labelled, weight)
    assert score == model.score(*labelled, sample_weight=weight)
    with pytest.raises(TypeError, match="4 arguments by position"):
        model.score(*labelled, weight, weight)


# --- warnings and refusals ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left_out", "message"),
    [
        ("l1_ratios", "The default value for l1_ratios will change"),
        ("scoring", "The default value of the parameter 'scoring' will change"),
        ("use_legacy_attributes", "The default value of use_legacy_attributes will change"),
    ],
)
def test_defaults_that_will_change_warn(left_out: str, message: str) -> None:
    x, y = load_iris(return_X_y=True)
    parameters = {name: value for name, value in QUIET.items() if name != left_out}
    with pytest.warns(FutureWarning, match=message) as caught:
        LogisticRegressionCV(**parameters).fit(x, y)
    assert [warning.filename for warning in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LogisticRegressionCV(**QUIET).fit(x, y)


@pytest.mark.filterwarnings("ignore:'penalty' was deprecated:FutureWarning")
@pytest.mark.parametrize(
    ("parameters", "category", "message"),
    [
        ({"penalty": "l2", "l1_ratios": None}, FutureWarning, "'penalty' was deprecated"),
        ({"penalty": "l2"}, UserWarning, "l1_ratios parameter is only used when penalty is 'elasticnet'"),
        ({"l1_ratios": None}, FutureWarning, "'l1_ratios=None' was deprecated"),
        ({"max_iter": 1}, ConvergenceWarning, "lbfgs failed to converge after 1 .*in 15 of 15 fits on folds"),
    ],
)
def test_warns(parameters: dict[str, Any], category: type[Warning], message: str) -> None:
    with pytest.warns(category, match=message):
        ours(*load_iris(return_X_y=True), **parameters)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"Cs": [1, 0]}, r"'Cs' parameter.*an integer of at least 1, or an array of numbers, each.*\(0, inf\]"),
        ({"Cs": []}, "'Cs' parameter"),
        ({"l1_ratios": [2]}, "'l1_ratios' parameter"),
        ({"l1_ratios": [0.5]}, "Solver lbfgs supports only 'l2' or None penalties"),
        ({"cv": 1}, "'cv' parameter.*an integer of at least 2, a splitter"),
        ({"scoring": "accurate"}, "'scoring' parameter.*get_scorer_names"),
        ({"use_legacy_attributes": "no"}, "'use_legacy_attributes' parameter"),
        ({"class_weight": {"z": 1}}, "class_weight dict must have the class labels as keys"),
        ({"cv": [(np.arange(2), np.arange(2, 150))]}, None),
    ],
)
def test_bad_parameters(parameters: dict[str, Any], message: str | None) -> None:
    x, y = load_iris(return_X_y=True)
    if message is None:  # training rows of one class only are no error
        assert np.isfinite(ours(x, y, **parameters, tol=1e-3).scores_).all()
        return
    model = LogisticRegressionCV(**QUIET | parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(x, y)
    assert not hasattr(model, "classes_")


def test_a_fold_without_weight_says_so() -> None:
    x, y = load_iris(return_X_y=True)
    weight = np.r_[np.zeros(100), np.ones(50)]
    with pytest.raises(ValueError, match="fold 1.*training row.*weight above zero"):
        ours(x, y, weight, cv=[(np.arange(100), np.arange(100, 150))])


def test_verbose_prints_the_folds(labelled: Data, capsys: pytest.CaptureFixture[str]) -> None:
    model = ours(*labelled, verbose=1, cv=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"fold {k} of 2: best score {model.scores_[k - 1].max():.6g}" for k in (1, 2)]
