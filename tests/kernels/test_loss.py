"""loss_and_gradient and link of every backend."""

from __future__ import annotations

import numpy as np
import pytest
from gradcheck import assert_gradient
from loss_cases import ALL, CASES, IDS, targets
from oracle import check
from shapes import pairs

from fastnn import losses
from fastnn.kernels.reference import loss as reference
from fastnn.kernels.select import kernels_for

every_loss = pytest.mark.parametrize("loss", ALL, ids=IDS)


@every_loss
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_loss_at_all_sizes(backend, dtype, loss, weighted, rng):
    for shape in pairs(dtype):
        z, y = 2 * rng.normal(size=shape), targets(rng, loss, shape)
        weight = rng.integers(0, 4, shape[0]) / 2 if weighted else None
        check(backend, "loss_and_gradient", dtype, z=z, y=y, sample_weight=weight, loss=loss)


@every_loss
def test_many_rows(backend, dtype, loss, rng):
    """More rows than one block of partial sums."""
    z, y = rng.normal(size=(1100, 3)), targets(rng, loss, (1100, 3))
    check(backend, "loss_and_gradient", dtype, z=z, y=y, sample_weight=None, loss=loss)


OUTPUTS = (1, 2, 10, 16, 33, 256, 300)  # around a vector, and around what is taken at once


@every_loss
def test_rows_that_are_alike_and_rows_with_weights(dtype, loss, rng):
    """Those without weights are computed without regard to where they end: bit for bit the same gradient."""
    native, eps = kernels_for("native"), float(np.finfo(dtype).eps)
    for o in OUTPUTS:
        z, y = rng.normal(size=(35, o)).astype(dtype), targets(rng, loss, (35, o)).astype(dtype)
        found, wanted = np.full_like(z, np.nan), np.full_like(z, np.nan)
        alike = native.loss_and_gradient(z, y, None, loss, found)
        assert alike == pytest.approx(
            native.loss_and_gradient(z, y, np.ones(35, dtype), loss, wanted), rel=8 * eps, abs=8 * eps * o
        )
        np.testing.assert_array_equal(found, wanted)


@every_loss
def test_a_rows_gradient_does_not_depend_on_its_batch(dtype, loss, rng):
    """But for its share of the mean, which is a power of two here."""
    native = kernels_for("native")
    for o in OUTPUTS:
        z, y = rng.normal(size=(32, o)).astype(dtype), targets(rng, loss, (32, o)).astype(dtype)
        whole, part = np.full_like(z, np.nan), np.full((1, o), np.nan, dtype)
        native.loss_and_gradient(z, y, None, loss, whole)
        for r in (0, 5, 31):
            native.loss_and_gradient(z[r : r + 1], y[r : r + 1], None, loss, part)
            np.testing.assert_array_equal(part[0] / 32, whole[r])


@every_loss
def test_link_at_all_sizes(backend, dtype, loss, rng):
    for shape in pairs(dtype):
        check(backend, "link", dtype, z=3 * rng.normal(size=shape), loss=loss)


@every_loss
def test_zero_weights_give_zero(backend, dtype, loss, rng):
    z, y = rng.normal(size=(5, 3)), targets(rng, loss, (5, 3))
    check(backend, "loss_and_gradient", dtype, z=z, y=y, sample_weight=np.zeros(5), loss=loss)


@every_loss
def test_nan_flows(backend, dtype, loss, rng):
    z, y = rng.normal(size=(6, 21)), targets(rng, loss, (6, 21))
    z[1, 3] = np.nan
    check(backend, "loss_and_gradient", dtype, z=z, y=y, sample_weight=None, loss=loss)
    check(backend, "link", dtype, z=z, loss=loss)
    z[1, 3], y[4, 20] = 0.5, np.nan
    check(backend, "loss_and_gradient", dtype, z=z, y=y, sample_weight=None, loss=loss)


@every_loss
def test_gradient(backend, loss, rng):
    """d_z is the gradient of the weighted mean, away from kinks."""
    kernels = kernels_for(backend)
    z, y = rng.normal(size=(5, 4)), targets(rng, loss, (5, 4))
    z = np.where(np.abs(z - y) < 0.05, z + 0.1, z)
    z = np.where(np.abs(1 - y * z) < 0.05, z + 0.2, z)
    weight = rng.random(5)

    def value(at):
        return kernels.loss_and_gradient(at, y, weight, loss, np.empty_like(at))

    d_z = np.empty_like(z)
    kernels.loss_and_gradient(z, y, weight, loss, d_z)
    assert_gradient(d_z, value, z, loss.name)


def test_the_focal_loss_with_its_largest_gamma(backend, dtype):
    """Also where a class is as good as impossible, so that log(1 - p) is 0."""
    z, y = np.array([[200.0, 0, 0], [0.1, 0, 0.2]]), np.array([[0.0, 1, 0], [0, 1, 0]])
    check(backend, "loss_and_gradient", dtype, z=z, y=y, sample_weight=None, loss=losses.focal(1e6))


EXTREMES = [(name, *extreme) for name, case in CASES.items() for extreme in case.extremes]


@pytest.mark.parametrize("case", EXTREMES, ids=str)
def test_extremes(backend, dtype, case):
    name, z, y, wanted, wanted_d_z = case
    z, y = np.array([z], dtype), np.array([y], dtype)
    d_z = np.full_like(z, np.nan)
    loss = kernels_for(backend).loss_and_gradient(z, y, None, losses.get(name), d_z)
    eps = float(np.finfo(dtype).eps)
    # The reference must be exact; log-cosh keeps what 1e-3 in float32 has, squared.
    rtol = 4 * 2.3e-16 if backend == "reference" and dtype is np.float64 else 4 * eps
    atol = 1e-14 if name in ("log_cosh", "binary_cross_entropy") else 0.0
    if backend != "reference":
        atol = max(atol, eps / 2)
    np.testing.assert_allclose(loss, wanted, rtol + 2e-10 * (name == "log_cosh"), atol)
    np.testing.assert_allclose(d_z[0], wanted_d_z, rtol, atol)


@every_loss
def test_the_references_forms_are_the_scalar_functions(loss, rng, monkeypatch):
    """The reference computes over arrays; without such a form, as for a new loss, it calls the scalar function."""
    if losses.element_of(loss) is None:
        assert loss.name in reference._FORMS
        return
    z = np.append(np.array([0, 1, -1, 40, -40, 1e20, -1e20, np.nan]), 3 * rng.normal(size=92)).reshape(100, 1)
    y = targets(rng, loss, z.shape)
    found, wanted = np.empty_like(z), np.empty_like(z)
    by_array = [
        reference.loss_and_gradient(z[r : r + 1], y[r : r + 1], None, loss, found[r : r + 1]) for r in range(100)
    ]
    monkeypatch.setattr(reference, "_FORMS", {})
    by_number = [
        reference.loss_and_gradient(z[r : r + 1], y[r : r + 1], None, loss, wanted[r : r + 1]) for r in range(100)
    ]
    np.testing.assert_allclose(by_array, by_number, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(found, wanted, rtol=1e-14, atol=1e-15)


def test_the_librarys_older_losses_are_computed_over_arrays(rng, monkeypatch):
    """Called for one number after the other, the scalar functions take 20 times as long."""
    monkeypatch.setattr(reference, "element_of", lambda loss: pytest.fail(f"{loss.name} is computed number by number"))
    z, y = rng.normal(size=(2, 5, 3))
    for name in losses.LOSSES:
        if name != "tweedie":
            reference.loss_and_gradient(z, y, None, losses.get(name), np.empty_like(z))


def test_probabilities_of_two_softmax_outputs_are_those_of_one_sigmoid(backend, dtype, rng):
    z = rng.normal(size=(50, 1)).astype(dtype)
    one, two = np.empty_like(z), np.empty((50, 2), dtype)
    kernels = kernels_for(backend)
    kernels.link(z, losses.get("binary_cross_entropy"), one)
    kernels.link(np.hstack([0 * z, z]), losses.get("cross_entropy"), two)
    np.testing.assert_allclose(two[:, 1:], one, rtol=8 * np.finfo(dtype).eps)


def test_compiled_kernels_take_names(dtype, rng):
    """A name means the loss with its default parameter, as the registry has it."""
    z, y = rng.normal(size=(2, 9, 3)).astype(dtype) * 3
    native = kernels_for("native")
    for name, loss in losses.LOSSES.items():
        found, wanted = np.empty_like(z), np.empty_like(z)
        by_name = native.loss_and_gradient(z, y, None, name, found)
        assert by_name == native.loss_and_gradient(z, y, None, loss, wanted)
        np.testing.assert_array_equal(found, wanted)


@every_loss
def test_against_the_literature_in_long_double(backend, loss, rng):
    """Values and gradients of formulas that kernels do not use, over all sizes of z that these can take."""
    case = CASES[loss.name]
    for scale in (1e-3, 1.0, 8.0):
        z, y = scale * rng.normal(size=(40, 5)), targets(rng, loss, (40, 5))
        long = z.astype(np.longdouble), y.astype(np.longdouble), np.longdouble(loss.parameter)
        wanted, wanted_d_z = (np.asarray(each, np.float64) for each in case.exact(*long))
        size = 1 + np.abs(wanted_d_z) + case.terms(z, y, loss.parameter)
        d_z = np.full_like(z, np.nan)
        for row in range(len(z)):
            one = slice(row, row + 1)
            found = kernels_for(backend).loss_and_gradient(z[one], y[one], None, loss, d_z[one])
            assert abs(found - wanted[row].sum()) <= 4e-15 * size[row].sum()
        assert (np.abs(d_z - wanted_d_z) <= 4e-15 * size).all()


def compiled_squared_error(dtype):
    """Half the squared error times a parameter in memory, as a tile function that Numba compiles."""
    from numba import cfunc, types

    real = types.float32 if dtype is np.float32 else types.float64
    number = types.CPointer(real)

    @cfunc(types.void(number, number, number, number, number, types.intp))
    def tile(parameters, z, y, losses, d_z, count):
        for k in range(count):
            r = z[k] - y[k]
            losses[k] = real(0.5) * r * r * parameters[0]
            d_z[k] = r * parameters[0]

    return tile


@pytest.mark.jit
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("shape", [(1, 1), (700, 1), (5, 3), (90, 10), (40, 16), (7, 130), (3, 700)], ids=str)
def test_a_users_tile_does_what_the_librarys_vectors_do(dtype, shape, weighted, rng):
    core, tile = kernels_for("native"), compiled_squared_error(dtype)
    z, y = rng.normal(size=(2, *shape)).astype(dtype)
    weight = rng.random(shape[0]).astype(dtype) if weighted else None
    wanted_d_z, d_z = np.full_like(z, np.nan), np.full_like(z, np.nan)
    wanted = core.loss_and_gradient(z, y, weight, "squared_error", wanted_d_z)
    parameter = np.ones(1, dtype)
    for factor in (1, 4):
        parameter[0] = factor
        own = core.NativeLoss(tile.address, dtype, owner=(tile, parameter), parameters=parameter.ctypes.data)
        found = core.loss_and_gradient(z, y, weight, own, d_z)
        assert found == pytest.approx(factor * wanted, rel=8 * float(np.finfo(dtype).eps))
        np.testing.assert_array_equal(d_z, factor * wanted_d_z)
    core.link(z, core.NativeLoss(tile.address, dtype, "exp", tile), d_z)
    np.testing.assert_allclose(d_z, np.exp(z), rtol=1e-5)


def compiled_run(dtype):
    """What compiled_squared_error computes, twice, as a LossRun: so that one sees which of the two was called."""
    from numba import cfunc, types

    real = types.float32 if dtype is np.float32 else types.float64
    number = types.CPointer(real)

    @cfunc(types.float64(number, number, number, number, types.float64, types.intp))
    def run(parameters, z, y, d_z, scale, count):
        total = 0.0
        for k in range(count):
            r = z[k] - y[k]
            total += r * r * parameters[0]
            d_z[k] = real(2.0) * r * parameters[0] * real(scale)
        return total

    return run


@pytest.mark.jit
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("shape", [(1, 1), (700, 1), (90, 10), (7, 256), (7, 257), (3, 70_000)], ids=str)
def test_a_users_run_is_called_where_numbers_have_one_weight(dtype, shape, weighted, rng):
    core, tile, run = kernels_for("native"), compiled_squared_error(dtype), compiled_run(dtype)
    z, y = rng.normal(size=(2, *shape)).astype(dtype)
    weight = rng.random(shape[0]).astype(dtype) if weighted else None
    wanted_d_z, d_z, parameter = np.full_like(z, np.nan), np.full_like(z, np.nan), np.ones(1, dtype)
    wanted = core.loss_and_gradient(z, y, weight, "squared_error", wanted_d_z)
    keeps = tile, run, parameter
    own = core.NativeLoss(tile.address, dtype, "identity", keeps, parameter.ctypes.data, run=run.address)
    factor = 1 if weighted and shape[1] <= 256 else 2
    for n_threads in (1, 2):
        found = core.loss_and_gradient(z, y, weight, own, d_z, n_threads)
        assert found == pytest.approx(factor * wanted, rel=max(1e-12, 16 * float(np.finfo(dtype).eps)))
        np.testing.assert_array_equal(d_z, factor * wanted_d_z)


@pytest.mark.jit
@pytest.mark.parametrize("shape", [(3000, 1), (3000, 10), (60, 3000)], ids=str)
def test_a_users_loss_is_the_same_for_every_number_of_threads(dtype, shape, rng):
    core, own = kernels_for("native"), losses.Loss("own", lambda z, y: abs(z - y) ** 1.5 + 1 / (2 + z * z))
    z, y = rng.normal(size=(2, *shape)).astype(dtype)
    found = []
    for n_threads in (1, 2, 3):
        d_z = np.full_like(z, np.nan)
        found.append((core.loss_and_gradient(z, y, None, own, d_z, n_threads), d_z.tobytes()))
    assert found[0] == found[1] == found[2]


def test_a_users_tile_of_another_dtype_is_refused(dtype):
    core = kernels_for("native")
    z = np.ones((2, 2), np.float64 if dtype is np.float32 else np.float32)
    own = core.NativeLoss(1, dtype)
    for act in (lambda: core.loss_and_gradient(z, z.copy(), None, own, z.copy()), lambda: core.link(z, own, z.copy())):
        with pytest.raises(ValueError, match="compiled for another dtype"):
            act()
    with pytest.raises(ValueError, match="tile=0"):
        core.NativeLoss(0, dtype)
    with pytest.raises(KeyError, match="logit"):
        core.NativeLoss(1, dtype, "logit")


def test_focal_keeps_its_digits_where_a_class_is_sure(backend):
    """1 - p is 3e-14 here, of which a difference from 1 would keep two digits."""
    z, y = np.array([[31.0, 0.0, -1.0]]), np.array([[1.0, 0.0, 0.0]])
    e = np.exp(z[0, 1:].astype(np.longdouble) - 31)
    others = e.sum() / (1 + e.sum())
    d_z = np.empty_like(z)
    found = kernels_for(backend).loss_and_gradient(z, y, None, losses.focal(), d_z)
    assert found == pytest.approx(float(others**2 * np.log1p(e.sum())), rel=1e-13)
    slope = others**2 * (1 + 2 / (1 + e.sum()) * np.log1p(e.sum()) / others)
    wanted_d_z = np.array([-others * slope, *(e / (1 + e.sum()) * slope)], np.float64)
    np.testing.assert_allclose(d_z[0], wanted_d_z, rtol=1e-13)


@pytest.mark.parametrize("power", [1 + 1e-9, 2 - 1e-9])
def test_tweedie_keeps_its_digits_near_its_ends(backend, power, rng):
    z, y = rng.normal(size=(30, 4)), 0.1 + rng.gamma(1.0, 2.0, (30, 4))
    kernels, near, at = kernels_for(backend), np.empty_like(z), np.empty_like(z)
    found = kernels.loss_and_gradient(z, y, None, losses.tweedie(power), near)
    assert found == pytest.approx(kernels.loss_and_gradient(z, y, None, losses.tweedie(round(power)), at), rel=1e-7)
    np.testing.assert_allclose(near, at, rtol=1e-6, atol=1e-7)


def test_tweedie_of_power_1_is_poisson(backend, dtype, rng):
    z, y = rng.normal(size=(30, 4)).astype(dtype), rng.poisson(2.0, (30, 4)).astype(dtype)
    kernels, d_z, wanted = kernels_for(backend), np.empty_like(z), np.empty_like(z)
    eps = float(np.finfo(dtype).eps)
    found = kernels.loss_and_gradient(z, y, None, losses.tweedie(1), d_z)
    assert found == pytest.approx(kernels.loss_and_gradient(z, y, None, losses.get("poisson"), wanted), rel=64 * eps)
    np.testing.assert_allclose(d_z, wanted, rtol=8 * eps, atol=eps)


# --- users' own -----------------------------------------------------------------------------------

OF_ELEMENTS = [loss for loss in ALL if losses.element_of(loss) is not None]


def twin_of(loss, *, with_slope):
    """A user's loss that computes what the library's does."""
    element, parameter = losses.element_of(loss), loss.parameter
    slope = (lambda z, y: element(z, y, parameter)[1]) if with_slope else None
    return losses.Loss(f"own {loss.name}", lambda z, y: element(z, y, parameter)[0], slope, link=loss.link)


@pytest.mark.parametrize("loss", OF_ELEMENTS, ids=lambda loss: f"{loss.name} {loss.parameter}")
@pytest.mark.parametrize("with_slope", [True, False], ids=["given", "derived"])
def test_a_users_twin_gives_the_librarys_numbers(users_backend, dtype, loss, with_slope, rng):
    own, kernels = twin_of(loss, with_slope=with_slope), kernels_for(users_backend)
    for shape, weighted in (((1, 1), False), ((700, 1), True), ((5, 3), True), ((3, 700), False), ((0, 4), False)):
        z, y = 2 * rng.normal(size=shape).astype(dtype), targets(rng, loss, shape).astype(dtype)
        weight = rng.random(shape[0]).astype(dtype) if weighted else None
        d_z, wanted_d_z = np.full_like(z, np.nan), np.full_like(z, np.nan)
        found = kernels.loss_and_gradient(z, y, weight, own, d_z)
        wanted = kernels_for("reference").loss_and_gradient(z, y, weight, loss, wanted_d_z)
        rounding = 64 * float(np.finfo(dtype).eps)
        assert found == pytest.approx(wanted, rel=rounding, abs=rounding)
        np.testing.assert_allclose(d_z, wanted_d_z, rtol=rounding, atol=rounding)
        kernels.link(z, own, d_z)
        kernels_for("reference").link(z, loss, wanted_d_z)
        np.testing.assert_allclose(d_z, wanted_d_z, rtol=rounding)


def test_a_users_loss_with_numbers_that_are_none(users_backend, dtype):
    own = losses.Loss("own", lambda z, y: abs(z - y) + 1 / y)
    z = np.array([[1.0, np.nan, np.inf, 2.0]], dtype)
    d_z = np.zeros_like(z)
    found = kernels_for(users_backend).loss_and_gradient(z, np.array([[2.0, 1.0, 1.0, 0.0]], dtype), None, own, d_z)
    assert np.isnan(found)
    np.testing.assert_array_equal(d_z[:, [0, 2, 3]], [[-1, 1, 1]])
    z[0, 1:3] = 1
    assert kernels_for(users_backend).loss_and_gradient(z, np.zeros_like(z), None, own, d_z) == np.inf


def test_a_users_loss_that_cannot_be_compiled_is_an_error(rng):
    own = losses.Loss("own", lambda z, y: (z - y) ** 2 * len(eval("[z]")))
    z = rng.normal(size=(3, 2))
    wanted = ((z - 1) ** 2).sum(axis=1).mean()
    assert kernels_for("reference").loss_and_gradient(z, np.ones_like(z), None, own, z.copy()) == pytest.approx(wanted)
    d_z = np.zeros_like(z)
    with pytest.raises((TypeError, ImportError), match="eval|needs Numba"):
        kernels_for("native").loss_and_gradient(z, np.ones_like(z), None, own, d_z)
    assert not d_z.any()
