"""Models as scikit-learn's own objects, and those as models: the same answers, and the same learning from there on."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from available import SKLEARN
from estimators import MODELS
from scipy.sparse import csr_matrix
from sklearn import neural_network
from sklearn.base import clone, is_classifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn_pairs import NUMBER, SEVERAL, WORDS, N, X, assert_same, dense

from fastnn import (
    SGD,
    Activation,
    Adam,
    LogisticRegression,
    LogisticRegressionCV,
    MLPClassifier,
    MLPRegressor,
    Neuron,
    from_sklearn,
    schedules,
    to_sklearn,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:The default value:FutureWarning"),  # of LogisticRegressionCV
    pytest.mark.filterwarnings("ignore:The fitted attributes:FutureWarning"),
    pytest.mark.filterwarnings("ignore:Setting penalty=None:UserWarning"),  # of C=inf, with scikit-learn 1.8
]


def classifier(**parameters):
    return MLPClassifier((8,), max_iter=5, random_state=0, **parameters)


def regressor(**parameters):
    return MLPRegressor(hidden_layer_sizes=(8,), max_iter=5, random_state=0, **parameters)


CV = {"Cs": 2, "cv": 2, "l1_ratios": (0,), "scoring": None, "use_legacy_attributes": SKLEARN < (1, 8)}
NETWORKS = {
    "classes": (classifier(), NUMBER),
    "two": (classifier(), NUMBER > 0),
    "words": (classifier(activation="tanh"), WORDS),
    "objects": (classifier(), WORDS.astype(object)),
    "floats": (classifier(), NUMBER.astype(np.float32)),
    "several": (classifier(activation=Activation("sigmoid")), SEVERAL),
    "sparse": (classifier(), csr_matrix(SEVERAL)),
    "sgd": (classifier(activation="sigmoid", solver="sgd", learning_rate="invscaling"), NUMBER),
    "adaptive": (classifier(solver="sgd", learning_rate="adaptive", nesterovs_momentum=False), NUMBER),
    "optimizer": (classifier(solver=Adam(0.01, beta_1=0.8)), NUMBER),
    "momentum": (classifier(solver=SGD(0.01, momentum=0.5)), NUMBER),
    "alike": (MLPClassifier((4, 3), ["tanh", "tanh"], max_iter=3, random_state=0), NUMBER),
    "shallow": (MLPClassifier((), "gelu", max_iter=3, random_state=0), NUMBER),
    "number": (regressor(), X[:, 1]),
    "numbers": (regressor(activation="identity"), X[:, :2]),
    "counts": (regressor(loss="poisson"), abs(X[:, 1])),
}
OTHERS = {
    "softmax": (classifier(out_activation="softmax"), NUMBER > 0),
    "lbfgs": (classifier(solver="lbfgs"), NUMBER),
    "early": (classifier(early_stopping=True), NUMBER),
    "one": (classifier(), np.full(N, "a")),
    "logistic": (LogisticRegression(), NUMBER),
    "binary": (LogisticRegression(alpha=0.5), NUMBER > 0),
    "lasso": (LogisticRegression(l1_ratio=1.0, solver="saga", C=0.5), WORDS),
    "unpenalised": (LogisticRegression(C=np.inf), NUMBER),
    "chosen": (LogisticRegressionCV(**CV), WORDS),
    "legacy": (LogisticRegressionCV(Cs=2, cv=2), NUMBER),
    "perceptron": (Neuron("sign", max_iter=3, random_state=0), WORDS[NUMBER != 1]),
    "unit": (Neuron(max_iter=3, random_state=0), NUMBER > 0),
}
ALL = {**NETWORKS, **OTHERS}


def fitted(name, dtype=np.float64):
    model, y = ALL[name]
    x = X[NUMBER != 1] if len(y if not hasattr(y, "shape") else range(y.shape[0])) < N else X
    return clone(model).fit(x.astype(dtype), y), x.astype(dtype), y


# --- the same answers ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_there_and_back(name, dtype):
    model, x, y = fitted(name, dtype)
    there = to_sklearn(model)
    assert type(there).__module__.startswith("sklearn.")
    assert_same(there, model, x)
    back = from_sklearn(there)
    assert_same(back, there, x)
    assert type(back) is {"unit": LogisticRegression}.get(name, type(model))
    y = dense(y)
    assert there.score(x, y) == pytest.approx(model.score(x, y), rel=1e-5)
    assert back.score(x, y) == pytest.approx(model.score(x, y), rel=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_it_is_an_estimator_like_others(name):
    model, x, y = fitted(name)
    there = to_sklearn(model)
    assert repr(there)
    again = clone(there)
    assert again.get_params().keys() == type(there)().get_params().keys()
    again.fit(x, dense(y))
    there.set_params(warm_start=True) if "warm_start" in there.get_params() else None
    there.fit(x, dense(y))
    assert_same(there, to_sklearn(from_sklearn(there)), x)


@pytest.mark.parametrize("name", NETWORKS)
def test_learning_goes_on_alike(name, dtype):
    """Three times the same epoch there, here, and back here: the optimizer's state goes along."""
    model, x, y = fitted(name, dtype)
    there = to_sklearn(model)
    back = from_sklearn(there)
    if name == "sparse":
        y = dense(y)
    for each in (model, there, back):
        each.set_params(shuffle=False)
        for _ in range(3):
            each.partial_fit(x, y)
    tolerance = {"rtol": 1e-9, "atol": 1e-11} if dtype is np.float64 else {"rtol": 1e-3, "atol": 1e-5}
    for w, of_sklearn, again in zip(model.coefs_, there.coefs_, back.coefs_, strict=True):
        np.testing.assert_allclose(of_sklearn, w, **tolerance)
        np.testing.assert_allclose(again, w, **tolerance)
    assert there.t_ == model.t_ == back.t_
    np.testing.assert_allclose(there.loss_curve_, model.loss_curve_, rtol=1e-4)
    np.testing.assert_allclose(back.loss_curve_, model.loss_curve_, rtol=1e-4)
    assert len(back.history_["loss"]) == len(back.loss_curve_)


@pytest.mark.parametrize("name", ["unit", "perceptron", "softmax"])
def test_others_go_on_learning_too(name):
    model, x, y = fitted(name)
    there = to_sklearn(model)
    before = copy.deepcopy(vars(model))
    there.partial_fit(x, y)
    assert np.isfinite(there.decision_function(x) if hasattr(there, "coef_") else there.predict_proba(x)).all()
    np.testing.assert_array_equal(
        model.predict(x), pickle.loads(pickle.dumps(model)).predict(x)
    )  # it shares nothing with the model
    assert vars(model).keys() == before.keys()


def test_nothing_is_shared():
    model, x, _ = fitted("classes")
    there = to_sklearn(model)
    back = from_sklearn(there)
    for array in (*model.coefs_, *model.intercepts_, model.classes_):
        for other in (*there.coefs_, *there.intercepts_, there.classes_, *back.coefs_, back.classes_):
            assert not np.shares_memory(array, other)
    wanted = model.predict_proba(x)
    there.coefs_[0][...] = 0
    back.coefs_[0][...] = 0
    there.loss_curve_.append(7.0)
    np.testing.assert_array_equal(model.predict_proba(x), wanted)
    assert 7.0 not in model.loss_curve_


def test_pickles_load_where_this_library_is_not(tmp_path):
    answers = {}
    for name in ALL:
        model, x, _ = fitted(name)
        there = to_sklearn(model)
        answers[name] = (there, x, dense(there.predict(x)))
    scaled = to_sklearn(make_pipeline(StandardScaler(), classifier()).fit(X, WORDS))
    answers["pipeline"] = (scaled, X, scaled.predict(X))
    (tmp_path / "models.pkl").write_bytes(pickle.dumps(answers))
    code = """
import sys
sys.modules["fastnn"] = None
import pickle
for name, (model, x, wanted) in pickle.load(open("models.pkl", "rb")).items():
    found = model.predict(x)
    assert ((found.toarray() if hasattr(found, "toarray") else found) == wanted).all(), name
print("all")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout == "all\n", done.stderr


def test_pipelines():
    model = Pipeline([("scale", StandardScaler()), ("range", MinMaxScaler()), ("net", classifier())]).fit(X, WORDS)
    there = to_sklearn(model)
    assert [name for name, _ in there.steps] == ["scale", "range", "net"]
    assert type(there["net"]) is neural_network.MLPClassifier
    assert there["scale"] is not model["scale"]
    assert_same(there, model, X)
    assert_same(from_sklearn(there), model, X)


def test_names_of_features_go_along():
    pandas = pytest.importorskip("pandas")
    x = pandas.DataFrame(X, columns=list("abcdef"))
    for model in (classifier().fit(x, NUMBER), LogisticRegression().fit(x, NUMBER)):
        there = to_sklearn(model)
        np.testing.assert_array_equal(there.feature_names_in_, x.columns)
        there.predict(x)
        np.testing.assert_array_equal(from_sklearn(there).feature_names_in_, x.columns)


# --- parameters ---------------------------------------------------------------------------------


def test_parameters_are_translated():
    model = classifier(activation="sigmoid", solver=Adam(0.02, 0.8, 0.99, 1e-7), alpha=0.1, verbose="bar", tol=1e-3)
    model.verbose = False
    there = to_sklearn(model.fit(X, NUMBER))
    wanted = {"activation": "logistic", "solver": "adam", "learning_rate_init": 0.02, "beta_1": 0.8, "beta_2": 0.99}
    wanted |= {"epsilon": 1e-7, "alpha": 0.1, "tol": 1e-3, "hidden_layer_sizes": (8,), "random_state": 0}
    assert there.get_params().items() >= wanted.items()
    back = from_sklearn(there)
    assert back.get_params().items() >= wanted.items()
    assert to_sklearn(LogisticRegression(alpha=0.25).fit(X, NUMBER)).C == 4
    assert to_sklearn(LogisticRegression(l1_ratio=0.5).fit(X, NUMBER)).solver == "saga"
    assert to_sklearn(LogisticRegression().fit(X, NUMBER)).solver == "lbfgs"
    unit = to_sklearn(Neuron(learning_rate=0.25, max_iter=3).fit(X, NUMBER > 0))
    assert (unit.loss, unit.penalty, unit.learning_rate, unit.eta0) == ("log_loss", None, "constant", 0.25)


def test_the_fitted_function_decides_and_not_a_parameter_changed_since():
    model, x, _ = fitted("classes")
    wanted = model.predict_proba(x)
    model.set_params(activation="gelu", hidden_layer_sizes=(3,))
    there = to_sklearn(model)
    assert (there.activation, there.hidden_layer_sizes) == ("relu", (8,))
    np.testing.assert_allclose(there.predict_proba(x), wanted, atol=2e-15)


def test_assigned_weights_go_along():
    model, x, _ = fitted("classes")
    model.coefs_ = [2 * w for w in model.coefs_]
    assert_same(to_sklearn(model), model, x)


ALWAYS = {
    "activation='gelu'": classifier(activation="gelu"),
    r"activation=\['tanh', 'relu'\]": MLPClassifier((4, 3), ["tanh", "relu"], max_iter=2),
    "activation='leaky_relu": classifier(activation="leaky_relu"),
    "loss='hinge'": classifier(loss="hinge"),
}
OF_TRAINING = {
    "dropout=0.1": classifier(dropout=0.1),
    "l1=0.01": classifier(l1=0.01),
    "label_smoothing=0.1": classifier(label_smoothing=0.1),
    "class_weight='balanced'": classifier(class_weight="balanced"),
    "clip_norm=1.0": classifier(clip_norm=1.0),
    "ema=0.9": classifier(ema=0.9),
    "solver='nadam'": classifier(solver="nadam"),
    r"solver=Adam\(.*": classifier(solver=Adam(clip_value=1.0)),
    "learning_rate=Cosine": classifier(learning_rate=schedules.Cosine(0.01, 9)),
    "loss='focal'": classifier(loss="focal"),
    "firth=True": LogisticRegression(C=np.inf, firth=True),
    "standardize=True": LogisticRegression(standardize=True),
    "penalty_factor=": LogisticRegression(penalty_factor=[1, 2, 1, 1, 1, 1]),
    "bounds=": LogisticRegression(bounds=(0, None)),
}


@pytest.mark.parametrize("match", ALWAYS)
def test_what_decides_predictions_is_refused_by_name_and_value(match):
    model = clone(ALWAYS[match]).fit(X, NUMBER)
    for predict_only in (False, True):
        with pytest.raises(ValueError, match=f"cannot become scikit-learn's: .*{match}"):
            to_sklearn(model, predict_only=predict_only)


@pytest.mark.parametrize("match", OF_TRAINING)
def test_what_decides_training_alone_is_refused_unless_only_predictions_are_wanted(match):
    model = clone(OF_TRAINING[match]).fit(X, NUMBER if "firth" not in match else NUMBER > 0)
    with pytest.raises(ValueError, match=f"cannot become scikit-learn's: .*{match}.*predict_only=True"):
        to_sklearn(model)
    assert_same(to_sklearn(model, predict_only=True), model, X)


def test_zeros_are_no_parameters_of_training():
    model = MLPClassifier((4, 3), dropout=[0.0, 0.0], l1=np.float32(0), max_iter=2, random_state=0).fit(X, NUMBER)
    assert_same(to_sklearn(model), model, X)


def test_all_is_named_at_once():
    model = classifier(activation="mish", dropout=0.5, l1=0.25).fit(X, NUMBER)
    with pytest.raises(ValueError, match=r"activation='mish'.*dropout=0\.5.*l1=0\.25"):
        to_sklearn(model)


@pytest.mark.parametrize(
    ("model", "match"),
    [
        (regressor(loss="huber"), "loss='huber'"),
        (Neuron("tanh", max_iter=3), "activation='tanh'"),
        (Neuron("identity", max_iter=3), "activation='identity'"),
    ],
)
def test_numbers_that_scikit_learn_does_not_learn_so(model, match):
    with pytest.raises(ValueError, match=match):
        to_sklearn(model.fit(X, X[:, 1]))


def test_a_loss_of_the_same_link_predicts_the_same():
    model = regressor(loss="huber").fit(X, X[:, 1])
    assert_same(to_sklearn(model, predict_only=True), model, X)


@pytest.mark.parametrize(
    "neuron",
    [
        Neuron(batch_size=8),
        Neuron("sign", average=True),
        Neuron(average=True),
        Neuron(keep_history=True),
        Neuron(learning_rate=schedules.Constant(0.5)),
    ],
)
def test_how_a_neuron_learns(neuron):
    model = clone(neuron).set_params(max_iter=3).fit(X, NUMBER > 0)
    with pytest.raises(ValueError, match="This Neuron cannot become"):
        to_sklearn(model)
    assert_same(to_sklearn(model, predict_only=True), model, X)


# --- what tools look for ------------------------------------------------------------------------


@pytest.mark.parametrize("y", [NUMBER, WORDS, NUMBER > 0, SEVERAL, csr_matrix(SEVERAL)])
def test_a_label_binarizer_is_there_and_nowhere_kept(y, tmp_path):
    model = classifier()
    assert not hasattr(model, "_label_binarizer")
    model.fit(X, y)
    wanted = neural_network.MLPClassifier((3,), max_iter=2).fit(X, y)._label_binarizer
    found = model._label_binarizer
    assert vars(found).keys() == vars(wanted).keys()
    for name, value in vars(wanted).items():
        np.testing.assert_array_equal(vars(found)[name], value)
    assert "_label_binarizer" not in vars(model)
    assert b"inarizer" not in pickle.dumps(model)
    model.save(tmp_path / "model.safetensors")
    assert b"inarizer" not in (tmp_path / "model.safetensors").read_bytes()


@pytest.mark.parametrize("name", MODELS)
def test_every_model_becomes_one_or_says_why(name):
    """The models that other tests have; none of them ends in another error."""
    model = clone(MODELS[name])
    model.fit(X, NUMBER > 0 if is_classifier(model) else X[:, 1])
    try:
        there = to_sklearn(model, predict_only=True)
    except ValueError as fault:
        assert "cannot become scikit-learn's" in str(fault)
        assert name in ("classifier", "everything", "margins", "unit", "quantile")
    else:
        assert_same(there, model, X)
