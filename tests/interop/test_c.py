"""Models as headers of C: compilers take them without a word, and they answer as the models do."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys

import numpy as np
import pytest
from c_headers import compiled, library_of
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, PolynomialFeatures, StandardScaler

from fastnn import (
    Activation,
    Dense,
    LogisticRegression,
    LogisticRegressionCV,
    MLPClassifier,
    MLPRegressor,
    Network,
    Neuron,
    activations,
    compile_predict,
    to_c,
)
from fastnn.activations import ACTIVATIONS
from fastnn.interop.c.text import comment, number, string

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="calls the compilers of Linux"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

CLOSE = {"float32": 1e-6, "float64": 2e-15}
NUMBERS = {"float32": "float", "float64": "double"}
N = 200
NUMBER = np.arange(N) % 3
SEVERAL = np.stack([NUMBER > 0, NUMBER > 1], axis=1).astype(int)
OTHERS = [
    activations.leaky_relu(0.3),
    activations.elu(1.7),
    activations.celu(0.4),
    activations.softplus(3.0),
    activations.hard_sigmoid(0.2, 0.4),
    activations.softshrink(0.2),
    activations.hard_shrink(0.7),
    activations.thresholded_relu(0.3),
    activations.selu(1.5, 1.2),
]


def samples(dtype, scale=2.0):
    return np.random.default_rng(0).normal(1, scale, (N, 5)).astype(dtype)


def far(got, wanted):
    assert got.shape == wanted.shape
    return np.abs(got - wanted).max() / max(1.0, np.abs(wanted).max())


# --- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", CLOSE)
def test_every_activation_in_one_program(dtype, tmp_path):
    """Hidden, by rows, and at the end, with parameters; headers of different names stand side by side."""
    x, networks = samples(dtype, 4.0), {}
    for place, activation in enumerate([*ACTIVATIONS.values(), *OTHERS]):
        layers = [Dense(7, activation), Dense(4, activation, bias=False), Dense(3, activation)]
        networks[f"m{place}"] = Network(layers, 5, dtype=dtype, random_state=place)
    headers = {name: (to_c(net, None, name, method="raw"), "raw", NUMBERS[dtype]) for name, net in networks.items()}
    library = library_of(tmp_path, headers)
    for name, network in networks.items():
        out = library.run(name, x, np.full((N, 3), np.nan, dtype))
        assert far(out, network.forward(x)) <= CLOSE[dtype], network.plan.activations[0]
        assert library.is_right(name)


@pytest.mark.parametrize("dtype", CLOSE)
def test_inputs_that_are_no_numbers_or_very_large(dtype, tmp_path):
    """What is NaN or infinite is so in C too: sums of one product and a zero, and then each activation."""
    large = [np.nan, np.inf, -np.inf, 0, 1e-40, 40, -40, 104, -104, 750, -750, 1e38, -1e38]
    x = np.array(large, dtype)[:, None]
    networks = {
        f"m{place}": Network([Dense(1, each)], 1, dtype=dtype) for place, each in enumerate(ACTIVATIONS.values())
    }
    for network in networks.values():
        network.weights[0][...] = 1
    headers = {name: (to_c(net, None, name, method="raw"), "raw", NUMBERS[dtype]) for name, net in networks.items()}
    library = library_of(tmp_path, headers)
    for name, network in networks.items():
        found = library.run(name, x, np.empty_like(x))
        wanted = compile_predict(network, "raw")(x)
        np.testing.assert_allclose(found, wanted, rtol=CLOSE[dtype], atol=CLOSE[dtype], err_msg=str(network))


def test_activations_whose_names_are_written_alike(tmp_path):
    network = Network([Dense(5, activations.leaky_relu(-1.0000001)), Dense(3, activations.leaky_relu(-1.0))], 5)
    text = to_c(network, None)
    assert "-1.0000001f * z" in text
    assert "-1.0f * z" in text
    square = Activation("relu", lambda z: z * z, lambda z, a: 2 * z)
    with pytest.raises(ValueError, match="'relu' has no form in C"):
        to_c(Network([Dense(3, "relu"), Dense(2, square)], 5), None)


def models(dtype):
    x = samples(dtype)
    yield "softmax", MLPClassifier((6,), max_iter=3, random_state=0).fit(x, NUMBER), "predict_proba"
    yield "sigmoid", MLPClassifier((6,), max_iter=3, random_state=0).fit(x, NUMBER > 0), "predict_proba"
    yield "labels", MLPClassifier((6,), max_iter=3, random_state=0).fit(x, SEVERAL), "predict_proba"
    yield "margins", MLPClassifier((6,), loss="hinge", max_iter=3).fit(x, NUMBER), "decision_function"
    yield "number", MLPRegressor(hidden_layer_sizes=(6,), max_iter=3).fit(x, x[:, 0]), "predict"
    yield "numbers", MLPRegressor(hidden_layer_sizes=(6,), max_iter=3).fit(x, x[:, :2]), "predict"
    yield "counts", MLPRegressor("poisson", (6,), max_iter=3).fit(x, np.abs(x[:, 0])), "predict"
    yield "logistic", LogisticRegression().fit(x, NUMBER), "predict_proba"
    yield "binary", LogisticRegression().fit(x, NUMBER > 0), "predict_proba"
    chosen = LogisticRegressionCV(Cs=2, cv=2, l1_ratios=(0,), scoring=None, use_legacy_attributes=False)
    yield "chosen", chosen.fit(x, NUMBER), "predict_proba"
    yield "neuron", Neuron(max_iter=3).fit(x, NUMBER > 0), "predict_proba"
    yield "unit", Neuron("tanh", max_iter=3).fit(x, np.tanh(x[:, 0])), "predict"
    standard = make_pipeline(StandardScaler(), LogisticRegression())
    yield "standard", standard.fit(x, NUMBER), "predict_proba"
    ranged = make_pipeline(MinMaxScaler((-1, 2), clip=True), MaxAbsScaler(), Neuron(max_iter=3))
    yield "ranged", ranged.fit(x, NUMBER > 0), "predict_proba"


@pytest.mark.parametrize("dtype", CLOSE)
def test_every_model(dtype, tmp_path):
    x, found = samples(dtype) * 1.5, list(models(dtype))
    headers = {name: (to_c(model, None, name, method=method), method, NUMBERS[dtype]) for name, model, method in found}
    library = library_of(tmp_path, headers)
    for name, model, method in found:
        wanted = getattr(model, method)(x)
        wanted = wanted[:, None] if wanted.ndim == 1 else wanted
        assert far(library.run(name, x, np.full(wanted.shape, np.nan, dtype)), wanted) <= CLOSE[dtype], name
        assert library.is_right(name), name


def test_another_dtype(tmp_path):
    x = samples(np.float64)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, NUMBER)
    library = library_of(tmp_path, {"model": (to_c(model, None, dtype="float32"), "predict_proba", "float")})
    out = library.run("model", x.astype(np.float32), np.empty((N, 3), np.float32))
    assert far(out, model.predict_proba(x)) < 1e-6
    assert library.is_right("model")


def test_features_far_from_zero_in_float32(tmp_path):
    """The mean is subtracted first, as the scaler does: in the biases it would cost 1e-5."""
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(N, 5)) + 1000 * np.arange(1, 6)).astype(np.float32)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, NUMBER)
    library = library_of(tmp_path, {"model": (to_c(model, None), "predict_proba", "float")})
    assert far(library.run("model", x, np.empty((N, 3), np.float32)), model.predict_proba(x)) < 1e-6


def test_what_is_asked_of_a_model_by_default():
    x = samples(np.float64)
    asked = {
        "predict_proba": [LogisticRegression().fit(x, NUMBER), Neuron(max_iter=3).fit(x, NUMBER > 0)],
        "predict": [
            MLPClassifier((6,), loss="hinge", max_iter=3).fit(x, NUMBER),
            MLPRegressor(hidden_layer_sizes=(6,), max_iter=3).fit(x, x[:, 0]),
            Neuron("sign", max_iter=3).fit(x, NUMBER > 0),
            make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(6,), max_iter=3)).fit(x, x[:, 0]),
            FIRST,
        ],
    }
    for method, found in asked.items():
        for model in found:
            assert to_c(model, None) == to_c(model, None, method=method)


# --- the header itself --------------------------------------------------------------------------

FIRST = Network([Dense(4, "gelu"), Dense(3)], 5, "cross_entropy", random_state=0)
PROGRAM = '#include "model.h"\nint main(void) { return !model_self_test(); }\n'
COMPILERS = [name for name in ("gcc", "clang", "clang-14", "clang-19") if shutil.which(name)]


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("standard", ["c99", "c17", "c++11", "c++17"])
def test_compilers_say_nothing(compiler, standard, tmp_path):
    text = to_c(FIRST, tmp_path / "model.h", method="predict")
    assert (tmp_path / "model.h").read_text() == text
    program = compiled(tmp_path, PROGRAM, "-O1", compiler=compiler, standard=standard)
    assert subprocess.run([program]).returncode == 0


def test_a_changed_weight_is_noticed_by_the_test_of_itself(tmp_path):
    text = to_c(FIRST, None, method="predict")
    first = re.search(r"model_w0\[20\] = \{\n    ([^,]+),", text)[1]
    (tmp_path / "model.h").write_text(text.replace(first, f"{first} + 0.01f", 1))
    assert subprocess.run([compiled(tmp_path, PROGRAM)]).returncode == 1


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_its_own_test_bears_rounding(dtype, method, tmp_path):
    """Features of 1e6 and classes that hardly differ: other compilers' sums are right too."""
    x = samples(dtype) + np.dtype(dtype).type(1e6)
    model = LogisticRegression().fit(samples(dtype), NUMBER)
    model.coef_ = model.coef_ * 1e3
    model.intercept_ = model.intercept_ - model.coef_ @ x.mean(axis=0)
    text = to_c(model, tmp_path / "model.h", method=method)
    for flags in (("-O0",), ("-O3", "-march=native", "-ffp-contract=fast"), ("-O3", "-march=native", "-ffast-math")):
        assert subprocess.run([compiled(tmp_path, PROGRAM, *flags)]).returncode == 0, text


def test_answers_that_overflow_need_a_smaller_row(tmp_path):
    network = Network([Dense(3)], 5, "poisson", random_state=0)
    network.weights[0][...] *= 1000
    to_c(network, tmp_path / "model.h", method="predict")
    assert subprocess.run([compiled(tmp_path, PROGRAM)]).returncode == 0
    network.biases[0][...] = 1e6
    with pytest.raises(ValueError, match="infinite answers"):
        to_c(network, None, method="predict")


def test_names_that_differ_in_case_alone(tmp_path):
    for name in ("model", "Model"):
        to_c(FIRST, tmp_path / f"{name}.h", name, method="predict")
    code = (
        '#include "model.h"\n#include "Model.h"\nint main(void) { return !(model_self_test() && Model_self_test()); }\n'
    )
    assert subprocess.run([compiled(tmp_path, code)]).returncode == 0


def test_x_and_out_may_be_the_same(tmp_path):
    x = samples(np.float32)
    network = Network([Dense(5)], 5, "cross_entropy", random_state=0)
    library = library_of(tmp_path, {"model": (to_c(network, None, method="predict"), "predict", "float")})
    wanted, both = network.predict(x), x.copy()
    assert far(library.run("model", both, both), wanted) <= 1e-6


def test_sizes_and_inputs_are_said(tmp_path):
    pandas = pytest.importorskip("pandas")
    x = pandas.DataFrame(samples(np.float64), columns=["a", "b */ c", "/*", "é", "e"])
    text = to_c(LogisticRegression().fit(x, NUMBER), None, "iris")
    assert "weights: 144 bytes (18 numbers, double)" in text
    assert "stack:   about 24 bytes" in text
    assert "15 multiply-adds" in text
    assert "Inputs: a, b * / c, / *, \\xe9, e" in text
    assert text.isascii()
    assert "#define IRIS_INPUTS 5\n#define IRIS_OUTPUTS 3\n" in text
    (tmp_path / "model.h").write_text(text)
    compiled(tmp_path, '#include "model.h"\nint main(void) { return !iris_self_test(); }\n')


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_literals_read_back_to_the_same_bits(dtype):
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2 ** (8 * np.dtype(dtype).itemsize) - 1, 2000, dtype=f"u{np.dtype(dtype).itemsize}")
    values = [value for value in bits.view(dtype) if np.isfinite(value)]
    values += [dtype(0), dtype(-0.0), np.finfo(dtype).max, np.finfo(dtype).tiny, np.finfo(dtype).smallest_subnormal]
    for value in values:
        text = number(value, np.dtype(dtype))
        assert dtype(text.removesuffix("f")).tobytes() == dtype(value).tobytes()
        assert len(text) <= (16 if dtype is np.float32 else 24)


def test_literals_are_the_shortest():
    single, double = np.dtype(np.float32), np.dtype(np.float64)
    assert [number(value, single) for value in (0.1, 1, -2e-20, 1e16)] == ["0.1f", "1.0f", "-2e-20f", "1e+16f"]
    assert [number(value, double) for value in (0.1, 1, -2e-20)] == ["0.1", "1.0", "-2e-20"]


def test_strings_and_comments():
    assert string('a"\\?b\n9') == '"a\\042\\134\\077b\\0129"'
    assert comment("a*/b/*c") == "a* /b/ *c"
    assert comment("a*\\\n/b\0\r") == "a*\\ /b  "


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "1st", "a-b", "é", "_model", "int", "class", "restrict", "a b", None, 3])
def test_a_name_that_is_no_identifier(name, tmp_path):
    with pytest.raises(ValueError, match="name="):
        to_c(FIRST, tmp_path / "model.h", name, method="predict")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("model", "how", "error", "match"),
    [
        (FIRST, {"dtype": "float16"}, ValueError, "dtype='float16'"),
        (FIRST, {"method": "predict_proba"}, ValueError, "predict_proba.*Known: predict"),
        (FIRST, {"method": "transform"}, ValueError, "transform"),
        (LogisticRegression(), {}, NotFittedError, "not fitted"),
        (StandardScaler(), {}, TypeError, "StandardScaler"),
        (3, {}, TypeError, "model is 3"),
    ],
)
def test_what_cannot_be_written_is_named(model, how, error, match, tmp_path):
    with pytest.raises(error, match=match):
        to_c(model, tmp_path / "model.h", **how)
    assert not list(tmp_path.iterdir())


def test_a_model_of_one_class_has_no_probabilities():
    model = MLPClassifier((3,), max_iter=2).fit(samples("d"), NUMBER * 0)
    with pytest.raises(ValueError, match="one class"):
        to_c(model, None)


def test_other_steps_and_functions_are_named():
    x = samples("d")
    with pytest.raises(ValueError, match="PolynomialFeatures"):
        to_c(make_pipeline(PolynomialFeatures(), LogisticRegression()).fit(x, NUMBER), None)
    for name in ("snake", "identity", "softmax"):  # also where it is called as one of the library's own
        own = Activation(name, lambda z: z + z * z, lambda z, a: 1 + 2 * z)
        with pytest.raises(ValueError, match=f"'{name}' has no form in C"):
            to_c(Network([Dense(2, own)], 3), None)


@pytest.mark.parametrize(("value", "dtype"), [(np.nan, None), (np.inf, None), (1e300, "float32")])
def test_weights_that_are_not_finite(value, dtype):
    network = Network([Dense(2)], 3, dtype="float64")
    network.weights[0][0, 0] = value
    with pytest.raises(ValueError, match="not all finite"):
        to_c(network, None, dtype=dtype, method="predict")


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "model.h"
    path.write_text("before")
    os.chmod(path, 0o640)
    with pytest.raises(ValueError, match="method"):
        to_c(FIRST, path, method="nothing")
    assert path.read_text() == "before"
    to_c(FIRST, path, method="predict")
    assert path.read_text().startswith("/* model")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OSError, match="nowhere"):
        to_c(FIRST, tmp_path / "nowhere" / "model.h", method="predict")
