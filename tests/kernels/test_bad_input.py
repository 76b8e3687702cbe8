"""Public kernels with input of every unusual kind: the same numbers, or an error that explains."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from networks import problem

from fastnn import kernels
from fastnn.kernels.contract import KERNELS
from fastnn.optimizers import Adam, OptimizerState

N, I, O = 6, 4, 5


def arguments(name: str, dtype: Any = np.float64) -> tuple[list[Any], dict[str, Any]]:
    """What the public kernel `name` takes: array-likes first, then options by name."""
    rng = np.random.default_rng(5)
    x, w, b = rng.normal(size=(N, I)), rng.normal(size=(I, O)), rng.normal(size=O)
    z, a, d = (rng.normal(size=(N, O)) for _ in range(3))
    weight = rng.random(N)
    given = problem("relu", dtype, 20)
    arrays, options = {
        "dense_forward": ([x, w, b], {"activation": "tanh"}),
        "dense_backward_input": ([d, w], {}),
        "dense_backward_params": ([x, d], {}),
        "activation_forward": ([z], {"activation": "silu"}),
        "activation_backward": ([z, a, d], {"activation": "silu"}),
        "dropout": ([x], {"rate": 0.25, "seed": 1, "step": 2}),
        "link": ([z], {"loss": "cross_entropy"}),
        "loss_and_gradient": ([z, a], {"loss": "huber", "sample_weight": weight}),
        "network_forward": ([given.params, given.x], {}),
        "network_gradient": ([given.params, given.x, given.y, given.weight], {"alpha": 0.1}),
    }[name]
    cast = {key: v.astype(dtype) if isinstance(v, np.ndarray) else v for key, v in options.items()}
    plan = {"plan": given.plan} if name.startswith("network") else {}
    return [array.astype(dtype) for array in arrays], plan | cast


PURE = tuple(name for name in KERNELS if not name.endswith(("step", "epoch", "value", "norm")))


def call(name: str, arrays: list[Any], options: dict[str, Any], **more: Any) -> Any:
    """The public kernel's result as a flat list of numbers and arrays."""
    options = dict(options)
    plan = [options.pop("plan")] if "plan" in options else []
    result = getattr(kernels, name)(*plan, *arrays, **options, **more)
    return list(result) if isinstance(result, tuple) else [result]


# --- other layouts and types: the same numbers --------------------------------------------------


def _strided(array: np.ndarray) -> np.ndarray:
    wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan, array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def _misaligned(array: np.ndarray) -> np.ndarray:
    memory = np.zeros(array.nbytes + 1, np.uint8)
    moved = memory[1:].view(array.dtype).reshape(array.shape)
    moved[...] = array
    assert array.size == 0 or not moved.flags.aligned
    return moved


def _read_only(array: np.ndarray) -> np.ndarray:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


LAYOUTS: dict[str, Callable[[np.ndarray], Any]] = {
    "read-only": _read_only,
    "strided": _strided,
    "reversed": lambda array: array[..., ::-1].copy()[..., ::-1],
    "Fortran": lambda array: np.asfortranarray(array),
    "byte-swapped": lambda array: array.astype(array.dtype.newbyteorder()),
    "misaligned": _misaligned,
    "memory-mapped": lambda array: array.view(np.memmap),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", PURE)
def test_layouts_give_the_same_numbers(backend, dtype, name, layout):
    arrays, options = arguments(name, dtype)
    wanted = call(name, arrays, options, backend=backend)
    unusual = [LAYOUTS[layout](array) for array in arrays]
    copies = [array.copy() for array in unusual]
    for found, same in zip(call(name, unusual, options, backend=backend), wanted, strict=True):
        np.testing.assert_array_equal(found, same)
        assert np.asarray(found).dtype == np.asarray(same).dtype
    for array, copy in zip(unusual, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("name", PURE)
def test_lists_and_integers_become_float64(backend, name):
    arrays, options = arguments(name)
    whole = [np.round(2 * array) for array in arrays]
    wanted = call(name, whole, options, backend=backend)
    for convert in (np.ndarray.tolist, np.int32, np.float16):
        others = [convert(array) for array in whole]
        for found, same in zip(call(name, others, options, backend=backend), wanted, strict=True):
            np.testing.assert_array_equal(found, same)


@pytest.mark.parametrize("name", PURE)
def test_out_is_filled_and_returned(backend, dtype, name):
    arrays, options = arguments(name, dtype)
    wanted = call(name, arrays, options, backend=backend)
    outs = [np.full_like(a, np.nan) for a in wanted if isinstance(a, np.ndarray)]
    out = outs[0] if len(outs) == 1 else tuple(outs)
    found = [a for a in call(name, arrays, options, out=out, backend=backend) if np.ndim(a)]
    for one, given, same in zip(found, outs, [a for a in wanted if np.ndim(a)], strict=True):
        assert one is given
        np.testing.assert_array_equal(one, same)


@pytest.mark.parametrize("name", PURE)
def test_no_rows(backend, dtype, name):
    arrays, options = arguments(name, dtype)
    rows = {"n": 0}
    shapes = [a.shape for a in KERNELS[name].with_role("input") if a.name != "sample_weight"]
    empty = [a[: rows.get(s[0])] for a, s in zip(arrays, shapes, strict=False)]
    empty += [a[:0] for a in arrays[len(shapes) :]]
    options |= {k: v[:0] for k, v in options.items() if k == "sample_weight"}
    for found in call(name, empty, options, backend=backend):
        assert np.isfinite(found).all()


@pytest.mark.parametrize("name", PURE)
def test_nan_flows(backend, dtype, name):
    """A NaN in the first array is seen in the result, and nothing is raised or warned of."""
    arrays, options = arguments(name, dtype)
    arrays[0].flat[3] = np.nan
    assert any(np.isnan(found).any() for found in call(name, arrays, options, backend=backend))


# --- what is refused ----------------------------------------------------------------------------


def refuses(error: type[Exception], message: str) -> Any:
    return pytest.raises(error, match=re.escape(message))


@pytest.mark.parametrize("name", [name for name in PURE if len(arguments(name)[0]) > 1])
def test_mixed_dtypes(backend, name):
    arrays, options = arguments(name)
    arrays[1] = arrays[1].astype(np.float32)
    with pytest.raises(TypeError, match=r"float(32|64) but \w+ is float(32|64)"):
        call(name, arrays, options, backend=backend)


@pytest.mark.parametrize("bad", [np.complex128, str, object])
@pytest.mark.parametrize("name", PURE)
def test_not_real(backend, name, bad):
    arrays, options = arguments(name)
    arrays[0] = arrays[0].astype(bad)
    with pytest.raises(TypeError, match=r"has dtype .*, wanted real numbers"):
        call(name, arrays, options, backend=backend)


@pytest.mark.parametrize("name", PURE)
def test_a_shape_that_does_not_fit(backend, name):
    arrays, options = arguments(name)
    last = len(arrays) - 1
    arrays[last] = arrays[last][..., :-1].copy()
    if name in ("activation_forward", "dropout", "link"):
        arrays[0] = arrays[0][0]  # any number of columns is right: take a dimension away
    if name == "dense_backward_params":
        arrays[1] = arrays[1][:-1].copy()  # as there: take a row away
    with pytest.raises(ValueError, match=rf"has shape {re.escape(str(arrays[last].shape))}, wanted"):
        call(name, arrays, options, backend=backend)


@pytest.mark.parametrize("name", PURE)
def test_one_dimension_too_many(backend, name):
    arrays, options = arguments(name)
    arrays[0] = arrays[0][np.newaxis]
    with pytest.raises(ValueError, match=r"has shape \(1, .*wanted \d dimension"):
        call(name, arrays, options, backend=backend)


def test_messages_name_the_array_its_shape_and_what_was_wanted(backend):
    (x, w, b), options = arguments("dense_forward")

    def forward(*arrays, **more):
        return kernels.dense_forward(*arrays, backend=backend, **options, **more)

    with refuses(ValueError, "w has shape (3, 5), wanted (i, o) with i = 4 as in x of shape (6, 4)"):
        forward(x, w[:3], b)
    with refuses(ValueError, "b has shape (4,), wanted (o,) with o = 5 as in w of shape (4, 5)"):
        forward(x, w, b[:4])
    with refuses(ValueError, "x has shape (4,), wanted 2 dimension(s) (n, i); for one row use x.re"):
        forward(x[0], w, b)
    with refuses(TypeError, "x is float64 but w is float32"):
        forward(x, w.astype(np.float32), b)
    with refuses(ValueError, "x cannot become an array"):
        forward([[1.0, 2.0], [3.0]], w, b)


def test_unknown_names_have_the_nearest_one(backend):
    x = np.ones((2, 2))
    with refuses(ValueError, "Unknown activation 'relux'. Did you mean 'relu'?"):
        kernels.activation_forward(x, "relux", backend=backend)
    with refuses(ValueError, "Unknown loss 'squared_eror'. Did you mean 'squared_error'?"):
        kernels.loss_and_gradient(x, x, "squared_eror", backend=backend)
    with refuses(ValueError, f"Unknown backend '{backend}x'. Did you mean '{backend}'?"):
        kernels.link(x, "poisson", backend=f"{backend}x")
    with refuses(TypeError, "wanted a name or an Activation"):
        kernels.activation_forward(x, 4, backend=backend)
    with refuses(TypeError, "wanted a name or a Loss"):
        kernels.link(x, None, backend=backend)


def bad_outs(out: np.ndarray) -> dict[str, Any]:
    read_only = out.copy()
    read_only.flags.writeable = False
    return {
        "too short": out[:-1].copy(),
        "one dimension more": out[..., np.newaxis].copy(),
        "other dtype": out.astype(np.float32),
        "byte-swapped": out.astype(out.dtype.newbyteorder()),
        "read-only": read_only,
        "strided": _strided(out),
        "misaligned": _misaligned(out),
    }


@pytest.mark.parametrize("kind", bad_outs(np.ones((1, 1))))
@pytest.mark.parametrize("name", PURE)
def test_bad_out(backend, name, kind):
    arrays, options = arguments(name)
    outs = [a for a in call(name, arrays, options, backend=backend) if isinstance(a, np.ndarray)]
    for position in range(len(outs)):
        given = [out.copy() for out in outs]
        given[position] = bad_outs(outs[position])[kind]
        before = [out.copy() for out in given]
        with pytest.raises(ValueError, match=r"^(out|d_\w+) (has|of) shape \("):
            out = given[0] if len(given) == 1 else tuple(given)
            call(name, arrays, options, out=out, backend=backend)
        for out, same in zip(given, before, strict=True):
            np.testing.assert_array_equal(out, same)


def test_out_that_is_no_array(backend):
    with refuses(TypeError, "wanted an ndarray of shape (2, 2) and dtype float64 to write to"):
        kernels.link(np.ones((2, 2)), "poisson", out=[[0, 0], [0, 0]], backend=backend)


def test_overlapping_out(backend):
    memory = np.ones(100)
    z = memory[:20].reshape(4, 5)
    with refuses(ValueError, "out of shape (4, 5) overlaps z of shape (4, 5)"):
        kernels.activation_forward(z, "relu", out=z, backend=backend)
    with refuses(ValueError, "out of shape (4, 5) overlaps z"):
        out = memory[19:39].reshape(4, 5)
        kernels.activation_forward(z, "relu", out=out, backend=backend)
    with refuses(ValueError, "overlaps"):
        pair = memory[:25].reshape(5, 5), memory[20:25]
        kernels.dense_backward_params(np.ones((4, 5)), np.ones((4, 5)), out=pair, backend=backend)
    strided = memory.reshape(10, 10)[:4, ::2]
    with refuses(ValueError, "overlaps z"):
        kernels.link(strided, "poisson", out=memory[:20].reshape(4, 5), backend=backend)
    np.testing.assert_array_equal(memory, np.ones(100))
    kernels.activation_forward(z, "relu", out=memory[20:40].reshape(4, 5), backend=backend)


def test_steps_refuse_what_they_cannot_update(backend):
    p = np.ones(6)

    def sgd(params, velocity):
        kernels.sgd_step(params, p, velocity, learning_rate=0.1, backend=backend)

    with refuses(TypeError, "wanted an ndarray, which is updated in place"):
        sgd([1.0] * 6, p.copy())
    with refuses(ValueError, "params of shape (6,) is read-only"):
        sgd(_read_only(p), p.copy())
    with refuses(ValueError, "params of shape (6,) has strides"):
        sgd(_strided(p), p.copy())
    with refuses(ValueError, "velocity has shape (5,), wanted (p,) with p = 6"):
        sgd(p.copy(), p[:5].copy())
    with refuses(ValueError, "velocity of shape (6,) has dtype float32, wanted float64"):
        sgd(p.copy(), p.astype(np.float32))
    with refuses(ValueError, "overlaps"):
        sgd(p, p.copy())
    same = p.copy()
    with refuses(ValueError, "overlaps"):
        sgd(same, same)
    with refuses(ValueError, "step=0"):
        m, v = p.copy(), p.copy()
        kernels.adam_step(p.copy(), p, m, v, step=0, backend=backend)
    with refuses(TypeError, "learning_rate"):
        kernels.sgd_step(p.copy(), p, p.copy(), learning_rate="fast", backend=backend)
    np.testing.assert_array_equal(p, np.ones(6))


def test_threads_belong_to_native():
    x = np.ones((2, 2))
    for n_threads in (0, -1):
        with refuses(ValueError, f"n_threads={n_threads}, wanted at least 1"):
            kernels.link(x, "poisson", n_threads=n_threads)
    with refuses(TypeError, "n_threads=1.5, wanted an integer"):
        kernels.link(x, "poisson", n_threads=1.5)
    with refuses(ValueError, "only the native backend has threads"):
        kernels.link(x, "poisson", n_threads=1, backend="reference")
    np.testing.assert_allclose(kernels.link(x, "poisson", n_threads=2), np.exp(x), rtol=1e-14)


def test_sizes_are_checked_before_anything_is_allocated(backend):
    tall, wide = np.broadcast_to(1.0, (2**40, 1)), np.broadcast_to(1.0, (1, 2**40))
    with refuses(ValueError, "more bytes than memory can address"):
        kernels.dense_forward(tall, wide, None, backend=backend)


# --- fit_epoch ----------------------------------------------------------------------------------


def _epoch(backend: str, **changes: Any) -> tuple[float, float]:
    given = problem("relu", np.float64, 20)
    options = {
        "plan": given.plan,
        "params": given.params,
        "x": given.x,
        "y": given.y,
        "batch_size": 8,
        "optimizer": "adam",
        "state": OptimizerState.zeros(Adam(), given.params),
        "learning_rates": np.full(3, 0.1),
    }
    return kernels.fit_epoch(**options | changes, backend=backend)


def test_epoch_takes_lists(backend):
    given = problem("relu", np.float64, 20)
    lists = {"x": given.x.tolist(), "y": given.y.tolist(), "learning_rates": [0.1, 0.1, 0.1]}
    order = list(range(20))
    assert _epoch(backend, **lists, order=order) == _epoch(backend, order=np.arange(20))


EPOCH_FAULTS = [
    ({"order": np.array([0, 20])}, ValueError, "order of shape (2,) has rows from 0 to 20"),
    ({"order": np.array([-1, 3])}, ValueError, "order of shape (2,) has rows from -1 to 3"),
    ({"order": np.array([0.0])}, TypeError, "order of shape (1,) has dtype float64, wanted in"),
    ({"batch_size": 0}, ValueError, "batch_size=0 is not possible, wanted at least 1"),
    ({"batch_size": 2.0}, TypeError, "batch_size is 2.0 of type float, wanted an integer"),
    ({"learning_rates": [0.1]}, ValueError, "learning_rates has shape (1,), wanted one for e"),
    ({"learning_rates": 0.1}, ValueError, "learning_rates has shape (), wanted 1 dimension"),
    ({"optimizer": "adm"}, ValueError, "Unknown optimizer 'adm'. Did you mean 'adam'?"),
    ({"optimizer": "sgd"}, ValueError, "state has 2 vector(s), but sgd keeps velocity"),
    ({"state": None}, TypeError, "state is None of type NoneType, wanted an OptimizerState"),
    ({"plan": "mlp"}, TypeError, "plan is 'mlp' of type str, wanted a fastnn.plan.Plan"),
    ({"params": np.ones(3)}, ValueError, "params has shape (3,), wanted (p,) with p = "),
    ({"x": np.ones((20, 6))}, ValueError, "x has shape (20, 6), wanted (n, i) with i = 7 as i"),
    ({"y": np.ones((20, 1))}, ValueError, "y has shape (20, 1), wanted (n, o) with o = 3 as i"),
    ({"y": np.ones((19, 3))}, ValueError, "y has shape (19, 3), wanted (n, o) with n = 20 as"),
    ({"x": np.ones((20, 7), np.float32)}, TypeError, "x is float32 but y is float64"),
    ({"sample_weight": np.ones(3)}, ValueError, "sample_weight has shape (3,), wanted (n,)"),
    ({"alpha": "much"}, TypeError, "alpha is 'much' of type str, wanted a real number"),
]


@pytest.mark.parametrize(("changes", "error", "message"), EPOCH_FAULTS, ids=[fault[2] for fault in EPOCH_FAULTS])
def test_epoch_refuses(backend, changes, error, message):
    with refuses(error, message):
        _epoch(backend, **changes)


def test_epoch_refuses_memory_that_is_shared(backend):
    given = problem("relu", np.float64, 20)
    state = OptimizerState(0, (given.params, np.zeros_like(given.params)))
    with refuses(ValueError, "overlaps"):
        _epoch(backend, params=given.params, state=state)
    slot = np.zeros_like(given.params)
    with refuses(ValueError, "overlaps"):
        _epoch(backend, state=OptimizerState(0, (slot, slot)))


def test_a_plan_of_another_dtype(backend):
    given, plan = problem("relu", np.float64, 20), problem("relu", np.float32, 20).plan
    with refuses(TypeError, "x is float64 but the plan is float32"):
        _epoch(backend, plan=plan)
    with refuses(TypeError, "params is float64 but the plan is float32"):
        kernels.network_forward(plan, given.params, given.x, backend=backend)
    with refuses(TypeError, "params is float64 but the plan is float32"):
        kernels.network_gradient(plan, given.params, given.x, given.y, backend=backend)
