"""The backend jit: the native engine over functions that are compiled from the library's definitions."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from activation_cases import ALL, OF_NUMBERS

import fastnn
from fastnn import _core as core
from fastnn import activations, losses
from fastnn.activations import ACTIVATIONS, Activation
from fastnn.kernels.contract import KERNELS
from fastnn.kernels.select import kernels_for
from fastnn.kernels.users.compiled import REMEMBERED
from fastnn.losses import LOSSES

pytest.importorskip("numba")
from fastnn.kernels.jit import library, style

pytestmark = pytest.mark.jit
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
FEW_EPOCHS = {"tol": 1e9, "n_iter_no_change": 3}  # and no warning that they were few
NETWORKS = {
    "classes": (fastnn.MLPClassifier, {"activation": "silu", "solver": "adam"}),
    "two classes": (fastnn.MLPClassifier, {"activation": ["gelu", "tanh"], "solver": "sgd"}),
    "numbers": (fastnn.MLPRegressor, {"activation": activations.leaky_relu(0.2), "loss": "huber"}),
    "dropout": (fastnn.MLPRegressor, {"activation": "softplus", "dropout": 0.2, "loss": "log_cosh"}),
}


def _snake(z: float) -> float:
    return z + z * z


def _data(kind: str, dtype: Any) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 7)).astype(dtype)
    y = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0.5) * (kind == "classes")
    return x, y if "classes" in kind else x[:, 0] - np.abs(x[:, 1])


# --- which functions are compiled ---------------------------------------------------------------


@pytest.mark.parametrize("itemsize", [4, 8])
def test_what_has_a_definition_is_compiled_from_it_and_the_rest_is_the_engines(itemsize):
    of_engine = {"identity", "relu", "softmax", "log_softmax"}
    for name, activation in ACTIVATIONS.items():
        found = library.engine_activation(activation, itemsize)
        assert (found is activation) == (name in of_engine), name
        assert name in of_engine or type(found) is core.NativeActivation
        assert library.engine_activation(activation, itemsize) is found, "it is compiled once"
    of_rows = {"cross_entropy", "focal"}
    for name, loss in LOSSES.items():
        found = library.engine_loss(loss, itemsize)
        assert (found is loss) == (name in of_rows), name
        assert name in of_rows or type(found) is core.NativeLoss


def test_the_definition_decides(monkeypatch):
    """Another function of the same name and code is another one here, and not in the native backend."""
    z, out = np.array([[2.0, 3.0]]), np.empty((1, 2))
    other = activations.elu(0.5)
    monkeypatch.setitem(vars(other), "value", lambda z: 7.0 * z)
    kernels_for("jit").activation_forward(z, other, out)
    np.testing.assert_array_equal(out, 7 * z)
    kernels_for("native").activation_forward(z, other, out)
    np.testing.assert_array_equal(out, z)


def test_parameters_are_compiled_in():
    z, out = np.array([[-2.0, 3.0]]), np.empty((1, 2))
    for slope in (0.25, 0.5):
        kernels_for("jit").activation_forward(z, activations.leaky_relu(slope), out)
        np.testing.assert_array_equal(out, [[-2 * slope, 3]])
    for delta in (0.5, 2.0):
        got = kernels_for("jit").loss_and_gradient(z, np.zeros_like(z), None, losses.huber(delta), out)
        assert got == pytest.approx(sum(delta * (r - delta / 2) for r in (2.0, 3.0)))
        np.testing.assert_allclose(out, [[-delta, delta]])


def test_many_functions_do_not_fill_the_memory():
    z, out = np.ones((1, 2)), np.empty((1, 2))
    for k in range(3):
        library.engine_activation(activations.leaky_relu(0.1 + k), 8)
    known = library._activations[8]
    known.update({-k: (None, None) for k in range(1, REMEMBERED + 1)})  # as if there had been as many
    kernels_for("jit").activation_forward(z, activations.leaky_relu(0.25), out)
    assert len(known) == 1
    kernels_for("jit").activation_forward(z, Activation("own", lambda z: 4 * z), out)
    assert len(known) == 1, "users' own functions are remembered where their changes are noticed"
    np.testing.assert_array_equal(out, 4 * z)


def test_a_compiled_activation_is_of_one_dtype():
    compiled = library.engine_activation(ACTIVATIONS["tanh"], 4)
    with pytest.raises(ValueError, match="compiled for another dtype"):
        core.activation_forward(np.ones((1, 1)), compiled, np.ones((1, 1)))
    with pytest.raises(ValueError, match="function=0, wanted the address"):
        core.NativeActivation(0, np.float32, None)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_a_users_activation_of_nothing(shape):
    z, own = np.empty(shape), Activation("snake", _snake)
    kernels_for("jit").activation_forward(z, own, np.empty(shape))
    kernels_for("jit").activation_backward(z, z, z, own, np.empty(shape))


# --- the way back, which has a loop of its own --------------------------------------------------


@DTYPES
@pytest.mark.parametrize("count", [1, 15, 33, 300_000])
def test_the_way_back_of_a_users_activation(dtype, count):
    """Of more numbers than one piece has; in every place the same bits as alone."""
    rng = np.random.default_rng(count)
    z, d_a = (rng.normal(size=(count, 1)).astype(dtype) for _ in range(2))
    own, out = Activation("snake", _snake), np.full_like(z, np.nan)
    kernels_for("jit").activation_backward(z, z + z * z, d_a, own, out)
    np.testing.assert_allclose(out, d_a * (1 + 2 * z), rtol=4 * float(np.finfo(dtype).eps), atol=1e-6)
    alone = np.full((1, 1), np.nan, dtype)
    for k in (0, count // 2, count - 1):
        kernels_for("jit").activation_backward(z[k : k + 1], z[k : k + 1], d_a[k : k + 1], own, alone)
        assert alone[0, 0] == out[k, 0]


@DTYPES
@pytest.mark.parametrize("name", OF_NUMBERS)
def test_a_backward_slope_is_the_tiles(name, dtype):
    """An epoch uses the slope that comes with the value, the kernel activation_backward one that is computed alone."""
    z = np.linspace(-9, 9, 999, dtype=dtype)[:, None]
    d_z, a, one = (np.full_like(z, np.nan), np.full_like(z, np.nan), np.ones_like(z))
    activation = ALL[name]
    kernels_for("jit").activation_forward(z, activation, a)
    kernels_for("jit").activation_backward(z, a, one, activation, d_z)
    whole = np.full_like(z, np.nan)
    core.activation_backward(z, a, one, library.engine_activation(activation, z.itemsize), whole)
    kinks = [0.0, *OF_NUMBERS[name].kinks]
    away = np.min([np.abs(z - kink) for kink in kinks], axis=0) > 1e-6
    np.testing.assert_allclose(d_z[away], whole[away], atol=16 * float(np.finfo(dtype).eps))


# --- networks -----------------------------------------------------------------------------------


@DTYPES
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_fit_is_that_of_the_native_backend(kind, dtype):
    model, options = NETWORKS[kind]
    x, y = _data(kind, dtype)
    options = {"hidden_layer_sizes": (9, 5), "random_state": 0} | FEW_EPOCHS | options
    native = model(backend="native", **options).fit(x, y)
    jit = model(backend="jit", **options).fit(x, y)
    rough = 2e-4 if dtype is np.float32 else 1e-10
    for wanted, got in zip(native.coefs_, jit.coefs_, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=rough, atol=rough)
    np.testing.assert_allclose(jit.loss_curve_, native.loss_curve_, rtol=rough)
    assert (jit.predict(x) == native.predict(x)).mean() > 0.99 or np.allclose(jit.predict(x), native.predict(x), rough)


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_same_bits_for_every_number_of_threads(kind):
    model, options = NETWORKS[kind]
    x, y = _data(kind, np.float32)
    x, y = np.tile(x, (40, 1)), np.tile(y, 40)
    params = []
    for count in (1, 2, 3):
        with fastnn.threads(count):
            how = {"hidden_layer_sizes": (64, 32), "batch_size": 4000, "random_state": 0} | FEW_EPOCHS | options
            fit = model(backend="jit", **how).fit(x, y)
        params.append(np.concatenate([each.ravel() for each in (*fit.coefs_, fit.predict(x))]))
    np.testing.assert_array_equal(params[0], params[1])
    np.testing.assert_array_equal(params[0], params[2])


def test_sparse_rows_are_read_as_they_are():
    sparse = pytest.importorskip("scipy.sparse")
    x, y = _data("classes", np.float64)
    x[np.abs(x) < 1] = 0
    options = {"hidden_layer_sizes": (5,), "activation": "tanh", "random_state": 0, "backend": "jit"} | FEW_EPOCHS
    dense = fastnn.MLPClassifier(**options).fit(x, y)
    model = fastnn.MLPClassifier(**options).fit(sparse.csr_matrix(x), y)
    np.testing.assert_array_equal(model.predict_proba(sparse.csr_matrix(x)), dense.predict_proba(x))


def test_training_imports_no_numba():
    """Its import would take half of the first fit's time."""
    code = (
        "import sys, numpy as np, fastnn; x = np.eye(8)\n"
        "how = {'max_iter': 2, 'tol': 9.0, 'backend': 'jit', 'activation': 'silu'}\n"
        "fastnn.MLPRegressor(hidden_layer_sizes=(4,), loss='log_cosh', **how).fit(x, x[0])\n"
        "fastnn.Neuron('tanh', max_iter=2, tol=9., backend='jit').fit(x, x[0])\n"
        "assert 'llvmlite' in sys.modules; print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


# --- kernels in Numba ---------------------------------------------------------------------------


def test_a_kernel_in_numba_is_imported_at_its_first_call():
    for name in ("adam_step", "clip_by_norm", "dropout"):
        assert getattr(kernels_for("jit"), name).__name__ == name
    code = (
        "import sys; from fastnn.kernels import clip_by_value; from fastnn.kernels.select import kernels_for\n"
        "kernels_for('jit'); before = 'numba' in sys.modules\n"
        "import numpy; clip_by_value(numpy.ones(3), limit=1.0, backend='jit'); print(before, 'numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["False", "True"], done.stderr


def test_there_is_every_kernel():
    assert set(KERNELS) <= set(vars(kernels_for("jit")))


def test_without_a_cache_directory_a_kernel_is_compiled_in_memory():
    from numba import njit

    scope: dict[str, object] = {}
    exec("def double(z): return 2 * z", scope)  # has no file, so Numba finds no place for a cache
    with pytest.raises(RuntimeError, match="cache"):
        njit(cache=True)(scope["double"])
    assert style.kernel(scope["double"])(4.0) == 8
