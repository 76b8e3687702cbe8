"""`python -m fastnn export`: saved models of every class as C and pickles of scikit-learn, and what goes wrong."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from available import SKLEARN
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fastnn import (
    Dense,
    LogisticRegression,
    LogisticRegressionCV,
    MLPClassifier,
    MLPRegressor,
    Network,
    Neuron,
    __version__,
    to_c,
)
from fastnn.interop.command import main

pytestmark = [pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")]

X = np.random.default_rng(0).normal(size=(60, 4))
Y = np.arange(60) % 3
CHOSEN = {"Cs": 2, "cv": 2, "l1_ratios": (0,), "scoring": None, "use_legacy_attributes": SKLEARN < (1, 8)}


def models():
    yield MLPClassifier((5,), max_iter=2, random_state=0).fit(X, Y)
    yield MLPRegressor(hidden_layer_sizes=(5,), max_iter=2, random_state=0).fit(X, X[:, 0])
    yield LogisticRegression(C=np.inf).fit(X, Y > 0)
    yield LogisticRegressionCV(**CHOSEN).fit(X, Y)
    yield Neuron(max_iter=2, random_state=0).fit(X, Y > 0)
    yield Network([Dense(3, "tanh")], 4, random_state=0)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A file of every class, by the class's name."""
    folder, found = tmp_path_factory.mktemp("models"), {}
    for model in models():
        found[type(model).__name__] = (folder / f"{type(model).__name__}.safetensors", model)
        model.save(found[type(model).__name__][0])
    return found


CLASSES = ("MLPClassifier", "MLPRegressor", "LogisticRegression", "LogisticRegressionCV", "Neuron", "Network")


@pytest.mark.parametrize("name", CLASSES)
def test_c(name, files, capsys):
    path, model = files[name]
    assert main(["export", str(path), "--to", "c"]) == 0
    target = path.with_suffix(".h")
    assert capsys.readouterr().out == f"{target}: {target.stat().st_size} bytes\n"
    assert target.read_text() == to_c(model, None)


def test_options_of_c(files, tmp_path):
    path, model = files["MLPClassifier"]
    target = tmp_path / "gate.h"
    options = ["--name", "gate", "--method", "predict", "--dtype", "float32", "-o", str(target)]
    assert main(["export", str(path), "--to", "c", *options]) == 0
    assert target.read_text() == to_c(model, None, "gate", "float32", "predict")


@pytest.mark.parametrize("name", CLASSES[:5])
def test_scikit_learn(name, files):
    path, model = files[name]
    assert main(["export", str(path), "--to", "sklearn"]) == 0
    made = pickle.loads(path.with_suffix(".pkl").read_bytes())
    np.testing.assert_allclose(made.predict(X), model.predict(X), rtol=1e-12)


def test_predictions_alone(tmp_path, capsys):
    model = MLPClassifier((5,), dropout=0.5, max_iter=2, random_state=0).fit(X, Y)
    path = tmp_path / "model.safetensors"
    model.save(path)
    assert main(["export", str(path), "--to", "sklearn"]) == 1
    assert "dropout=0.5" in capsys.readouterr().err
    assert main(["export", str(path), "--to", "sklearn", "--predict-only"]) == 0


@pytest.mark.onnx
def test_onnx(files):
    from onnx_runs import answers_of

    path, model = files["MLPClassifier"]
    assert main(["export", str(path), "--to", "onnx", "--dtype", "float32"]) == 0
    import onnx

    found = answers_of(onnx.load(str(path.with_suffix(".onnx"))), X.astype(np.float32))
    np.testing.assert_array_equal(found["label"], model.predict(X))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ([], "the following arguments are required"),
        (["MODEL"], "--to"),
        (["MODEL", "--to", "java"], "invalid choice: 'java'"),
        (["MODEL", "--to", "sklearn", "--name", "gate"], "--name is no option of --to sklearn"),
        (["MODEL", "--to", "onnx", "--method", "predict"], "--method is no option of --to onnx"),
        (["MODEL", "--to", "c", "--predict-only"], "--predict-only is no option of --to c"),
        (["MODEL", "--to", "sklearn", "--name", ""], "--name is no option of --to sklearn"),
        (["MODEL", "--to", "c", "--dtype", "float16"], "invalid choice: 'float16'"),
    ],
)
def test_wrong_commands(arguments, match, files, capsys):
    path = str(files["Network"][0])
    with pytest.raises(SystemExit, match="2"):
        main(["export", *(path if each == "MODEL" else each for each in arguments)])
    assert match in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--to", "c", "--name", "int"], "name='int' is a keyword"),
        (["--to", "c", "--method", "predict_proba"], "predict_proba"),
        (["--to", "sklearn"], "an estimator of fastnn"),
        (["--to", "c", "-o", "/nowhere/model.h"], "'/nowhere/model.h'"),
        (["--to", "c", "--name", ""], "name=''"),
        (["--to", "c", "-o", ""], "directory"),
    ],
)
def test_what_cannot_be_written(options, match, files, capsys):
    assert main(["export", str(files["Network"][0]), *options]) == 1
    error = capsys.readouterr().err
    assert error.startswith("fastnn export: ")
    assert match in error
    assert error.count("\n") == 1


def test_files_that_hold_no_model(tmp_path, capsys):
    for content in (b"", b"nothing", b"\x00" * 100):
        (tmp_path / "model").write_bytes(content)
        assert main(["export", str(tmp_path / "model"), "--to", "c"]) == 1
        assert "safetensors" in capsys.readouterr().err
    for missing in (str(tmp_path / "none"), ""):
        assert main(["export", missing, "--to", "c"]) == 1
        assert f"No such file or directory: {missing!r}" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]


def test_pickles_are_exported_in_python(tmp_path, capsys):
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        (tmp_path / "model.pkl").write_bytes(pickle.dumps(pipeline, protocol))
        assert main(["export", str(tmp_path / "model.pkl"), "--to", "c"]) == 1
        assert "load it in Python, and give the model or Pipeline to fastnn.to_c" in capsys.readouterr().err


def test_what_is_there_is_replaced_where_the_model_can_be_read(files, tmp_path):
    target = tmp_path / "model.h"
    target.write_text("before")
    assert main(["export", str(tmp_path / "none"), "--to", "c", "-o", str(target)]) == 1
    assert target.read_text() == "before"
    assert main(["export", str(files["Network"][0]), "--to", "c", "-o", str(target)]) == 0
    assert target.read_text() == to_c(files["Network"][1], None)


def test_the_same_file_is_not_written_over(files, capsys):
    path = files["Network"][0]
    before = path.read_bytes()
    assert main(["export", str(path), "--to", "c", "-o", str(path)]) == 1
    assert "is the model itself" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_the_command_of_a_shell(files):
    path = files["Network"][0]
    command = [sys.executable, "-m", "fastnn"]
    done = subprocess.run([*command, "export", str(path), "--to", "c"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    done = subprocess.run([*command, "export", "--help"], capture_output=True, text=True)
    assert "python -m fastnn export model.safetensors --to onnx" in done.stdout
    assert "exit codes" in done.stdout
    done = subprocess.run([*command, "--version"], capture_output=True, text=True)
    assert done.stdout == f"fastnn {__version__}\n"
    done = subprocess.run([*command, "export", "nothing", "--to", "c"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
