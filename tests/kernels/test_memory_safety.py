"""Whatever a public name can be made to say: no kernel reads or writes beyond its arrays.

Each of these ended the process once, so each has one of its own.
"""

from __future__ import annotations

import pytest
from apart import run_apart

SETUP = """
import threading, time
from dataclasses import dataclass
import numpy as np
from scipy import sparse
from fastnn import Activation, Adam, Dense, MLPRegressor, Network, _core, kernels
from fastnn.losses import LOSSES, Loss
from fastnn.optimizers import SGD, Optimizer, OptimizerState
from fastnn.plan import Plan

rng = np.random.default_rng(0)

def refuses(call, *kinds):
    try:
        result = call()
    except (kinds or (ValueError, TypeError)):
        return
    raise AssertionError(f"returned {result!r}")

def forged(made, **fields):
    # an object whose class has not looked at it
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made

def plan_of():
    return Plan((5, 300, 2), ("relu", "identity"), (True, True), "squared_error", np.dtype(np.float64))

def epoch(plan, params, x, optimizer, state, order=None, runner=_core):
    y = np.zeros((len(x), 2))
    rows = len(x) if order is None else len(order)
    rates = np.full(-(-rows // 16), 0.01)
    return runner.fit_epoch(plan, params, x, y, None, order, 16, optimizer, state, rates, 0.0, 0.0, 0)
"""


def run(code: str) -> None:
    run_apart(f"{SETUP}\n{code}")


# --- what a class of the user's says of itself ---------------------------------------------------


def test_an_activation_with_a_code_of_its_own() -> None:
    run("""
refuses(lambda: Activation("mine", code=1000, value=lambda z: z, slope=lambda z, a: 1.0))
own = forged(Activation("mine", value=lambda z: z, slope=lambda z, a: 1.0), code=1000)
x = rng.normal(size=(40, 3))
refuses(lambda: Network([Dense(8, own), Dense(1)], n_inputs=3, loss="squared_error").predict(x))
refuses(lambda: _core.NativePlan((3, 1), (own,), (True,), (0.0,), np.float64))
refuses(lambda: _core.activation_forward(x, own, np.empty_like(x)))

for parameters in ((), (0.2, 0.3), ("0.2",), [0.2], None, 0.2):
    own = forged(Activation("leaky_relu", parameters=(0.2,)), parameters=parameters)
    refuses(lambda: _core.activation_forward(x, own, np.empty_like(x)))
    refuses(lambda: _core.NativePlan((3, 1), (own,), (True,), (0.0,), np.float64))

impostor = forged(Activation("mine", value=lambda z: z, slope=lambda z, a: 1.0), code=5)
refuses(lambda: Network([Dense(8, impostor)], n_inputs=3, loss="squared_error"))
""")


def test_a_loss_with_a_code_of_its_own() -> None:
    run("""
plan = plan_of()
class Reader:
    reads = 0
    parameter = 0.0
    @property
    def code(self):
        Reader.reads += 1
        return 0 if Reader.reads == 1 else 10**6
z = rng.normal(size=(20, 2))
expected = _core.loss_and_gradient(z, z * 2, None, "squared_error", np.empty_like(z))
assert _core.loss_and_gradient(z, z * 2, None, Reader(), np.empty_like(z)) == expected and Reader.reads == 1
for code in (-2, len(LOSSES), 10**6):
    refuses(lambda: Loss("mine", code))
    mine = forged(object.__new__(Loss), name="mine", code=code, parameter=0.0)
    refuses(lambda: _core.link(z, mine, np.empty_like(z)))
    refuses(lambda: _core.network_predict(plan, np.zeros(plan.n_params), np.zeros((3, 5)), mine, np.zeros((3, 2))))
""")


def test_an_optimizer_with_more_numbers_or_fewer_vectors() -> None:
    run("""
def larger():
    @dataclass(frozen=True)
    class Larger(Adam):
        a: float = 1e300

refuses(larger)
plan = plan_of()
params, x = np.zeros(plan.n_params), np.zeros((64, 5))
honest = {name: vars(Adam).get(name) or vars(Optimizer)[name] for name in ("code", "slots", "hyper")}
for name, false in {"code": 77, "slots": ("m",), "hyper": (0.5,) * 100}.items():
    setattr(Adam, name, false)
    state = OptimizerState(0, tuple(np.zeros(plan.n_params) for _ in Adam.slots))
    for runner in (_core, _core.Workspace()):
        refuses(lambda: epoch(plan, params, x, Adam(), state, runner=runner))
    setattr(Adam, name, honest[name])
epoch(plan, params, x, Adam(), OptimizerState.zeros(Adam(), params))
params[:] = 0
for n_slots in (0, 1, 3, 50):
    slots = tuple(np.zeros(plan.n_params) for _ in range(n_slots))
    refuses(lambda: epoch(plan, params, x, Adam(), OptimizerState(0, slots)))
for wrong in (None, np.zeros(7), np.zeros(plan.n_params, "f4"), [0.0] * plan.n_params):
    refuses(lambda: epoch(plan, params, x, SGD(), OptimizerState(0, (wrong,))))
assert not params.any()
""")


def test_vectors_that_are_exchanged_while_a_workspace_has_them() -> None:
    """A list of slots that grows, and a state whose slots are others when they are written."""
    run("""
plan = plan_of()
params, x = np.zeros(plan.n_params), rng.normal(size=(64, 5))
state = OptimizerState(0, [np.zeros(plan.n_params), np.zeros(plan.n_params)])
workspace = _core.Workspace()
epoch(plan, params, x, Adam(), state, runner=workspace)
first = list(state.slots)
state.slots.extend(np.zeros(3) for _ in range(50))
workspace.write_state()
refuses(lambda: epoch(plan, params, x, Adam(), state, runner=workspace))
del state.slots[2:]
epoch(plan, params, x, Adam(), state, runner=workspace)
workspace.write_state(ends=True)
assert state.slots[0] is first[0]
""")


def test_a_plan_that_speaks_untruly_of_its_size() -> None:
    run("""
small, large = plan_of(), Plan((5, 4000, 2), ("relu", "tanh"), (True, True), "squared_error", np.dtype(np.float64))
x, y = rng.normal(size=(64, 5)), np.zeros((64, 2))
refuses(lambda: type("Short", (Plan,), {"n_params": 1}))

class Alternating:
    # two plans in turns
    reads = 0
    def __getattr__(self, name):
        Alternating.reads += 1
        return getattr(small if Alternating.reads % 2 else large, name)

for plan in (forged(plan_of(), n_params=1), forged(plan_of(), widths=(5, 10**6, 2)), Alternating()):
    for size in (1, 7, small.n_params):
        params = np.zeros(size)
        workspace = _core.Workspace()
        for call in (
            lambda: _core.network_forward(plan, params, x, np.empty((64, 2))),
            lambda: _core.network_gradient(plan, params, x, y, None, 0.0, np.empty(size)),
            lambda: epoch(plan, params, x, SGD(), OptimizerState.zeros(SGD(), params)),
            lambda: epoch(plan, params, x, SGD(), OptimizerState.zeros(SGD(), params), runner=workspace),
            workspace.write_state,
        ):
            try:
                call()
            except (ValueError, TypeError):
                pass
refuses(lambda: _core.network_forward(small, np.zeros(small.n_params, "f4"), x.astype("f4"), np.empty((64, 2), "f4")))
for native in (None, 3, small):
    refuses(lambda: _core.network_forward(forged(plan_of(), native=native), np.zeros(small.n_params), x,
                                          np.empty((64, 2))))
""")


@pytest.mark.parametrize(
    "arguments",
    [
        "(3,), (), (), ()",
        "(3, 0), ('relu',), (1,), (0.0,)",
        "(3, -1), ('relu',), (1,), (0.0,)",
        "(3, 2), ('relu', 'relu'), (1,), (0.0,)",
        "(3, 2), ('relu',), (), (0.0,)",
        "(3, 2), ('relu',), (1,), ()",
        "(3, 2), ('relu',), (1,), (1.0,)",
        "(3, 2), ('relu',), (1,), (float('nan'),)",
        "(3, 2), ('relo',), (1,), (0.0,)",
        "(2**40, 2**40), ('relu',), (1,), (0.0,)",
        "((3, 2), (3, 2)), ('relu',), (1,), (0.0,)",
    ],
)
def test_an_impossible_native_plan(arguments: str) -> None:
    from fastnn import _core

    given = eval(arguments)
    with pytest.raises((ValueError, TypeError)):
        _core.NativePlan(*given, "float64")


# --- sizes ---------------------------------------------------------------------------------------


def test_outputs_whose_product_with_the_features_is_no_number() -> None:
    run("""
x, y = rng.normal(size=(30, 4)), np.zeros(30, np.int32)
for outputs in (2**62, 2**61, 2**63 - 1, -1, 0, -(2**62)):
    for size in (0, 4, 5, 8):
        params = np.zeros(size)
        refuses(lambda: _core.logistic_gradient(x, y, None, params, outputs, np.empty(size), None, None, None))
nothing = np.zeros((30, 0))
refuses(lambda: _core.logistic_gradient(nothing, y, None, np.zeros(0), 2**62, np.zeros(0), None, None, None))
""")


def test_a_sparse_matrix_that_is_none() -> None:
    run("""
class Fake:
    format, has_sorted_indices = "csr", True
    def __init__(self, shape, data, indices, indptr, form="csr"):
        self.shape, self.data, self.indices, self.indptr, self.format = shape, data, indices, indptr, form

one, ints = np.ones(2), lambda *values: np.array(values, np.int32)
for kind, form in ((_core.SparseRows, "csr"), (_core.SparseColumns, "csc"), (_core.CscColumns, "csc")):
    right = Fake((2, 2), one, ints(0, 1), ints(0, 1, 2), form)
    kind(right)
    for shape in ((-1, 2), (2, -1), (-1, -1), (1, 1), (3, 3), (2**62, 2**62)):
        refuses(lambda: kind(Fake(shape, one, ints(0, 1), ints(0, 1, 2), form)))
    refuses(lambda: kind(Fake((-1, -1), one, ints(), ints(), form)))
    for starts in (ints(0, 3, 2), ints(0, 1, 3), ints(-1, 1, 2), ints(0, -1, 2), None, [0, 1, 2], one):
        refuses(lambda: kind(Fake((2, 2), one, ints(0, 1), starts, form)), ValueError, TypeError)
    for rows in (ints(0, 2), ints(-1, 1), ints(0), None, [0, 1], one, ints(0, 1).reshape(1, 2)):
        refuses(lambda: kind(Fake((2, 2), one, rows, ints(0, 1, 2), form)))
    for data in (None, one[:1], ints(1, 1)):
        refuses(lambda: kind(Fake((2, 2), data, ints(0, 1), ints(0, 1, 2), form)))
    refuses(lambda: kind.__new__(kind))
    refuses(lambda: kind(None))
refuses(lambda: type("Mine", (_core.SparseRows,), {}))
# A second initialisation changes nothing.
rows = _core.SparseRows(sparse.csr_array(np.eye(5)))
try:
    rows.__init__(Fake((5, 5), np.ones(5), np.full(5, 2**30, np.int32), np.arange(6, dtype=np.int32)))
except (ValueError, TypeError):
    pass
d_params = np.empty(5)
_core.logistic_gradient(rows, np.zeros(5, np.int32), None, np.zeros(5), 1, d_params, None, None, None)
np.testing.assert_allclose(d_params, 0.5)
""")


def test_arrays_that_are_missing() -> None:
    run("""
x, z = rng.normal(size=(3, 6)), np.ones((2, 6))  # 3 columns of 6 rows, 2 outputs
out, penalty = [np.empty((3, 2)) for _ in range(2)], np.zeros((4, 6))
refuses(lambda: _core.column_sums(x, z, z.copy(), None, *out, None))
refuses(lambda: _core.column_sums(x, z[:1].copy(), z[:1].copy(), None, np.empty((3, 1)), np.empty((3, 1)), None))
w, b = np.zeros((3, 2)), np.zeros(2)
given = dict(columns=x, weight=z, p=z, d_w=w, curvature=w + 1, moment=None, penalty=penalty, d_b=b, curvature_b=b + 1,
             penalty_b=np.zeros((4, 2)), tolerance=1e-3, max_sweeps=3, w=w.copy(), b=b.copy(), u=np.zeros((2, 6)),
             q=np.zeros(6))
_core.column_descent(**given)
for name in given:
    if name not in ("moment", "d_b"):
        refuses(lambda: _core.column_descent(**given | {name: None}))
refuses(lambda: _core.column_descent(**given | {"d_b": b, "penalty_b": None}))
refuses(lambda: _core.network_forward(plan_of(), np.zeros(plan_of().n_params), None, np.empty((0, 2))))
""")


# --- arrays that change meanwhile ----------------------------------------------------------------


def test_indices_that_change_after_they_were_read() -> None:
    run("""
dense = rng.normal(size=(200, 20)) * (rng.random((200, 20)) < 0.3)
y = rng.integers(0, 2, 200).astype(np.int32)
for form in ("csr", "csc"):
    for index in (np.int32, np.int64):
        x = sparse.csr_array(dense).asformat(form)
        x.indices, x.indptr = x.indices.astype(index), x.indptr.astype(index)
        read = (_core.SparseRows if form == "csr" else _core.SparseColumns)(x)
        outs = [np.empty(20), np.empty(20)]
        _core.logistic_gradient(read, y, None, np.ones(20), 1, outs[0], None, None, None)
        x.indices[:], x.indptr[1:] = 2**30, 2**30
        _core.logistic_gradient(read, y, None, np.ones(20), 1, outs[1], None, None, None)
        assert np.array_equal(*outs)
x = sparse.csc_array(dense)
read, out = _core.CscColumns(x), [np.empty((20, 1)) for _ in range(4)]
z, moment = rng.normal(size=(1, 200)), np.empty(20)
_core.column_sums(read, z, z + 3, None, out[0], out[1], moment)
x.indices[:], x.indptr[1:] = 2**30, 2**30
_core.column_sums(read, z, z + 3, None, out[2], out[3], moment)
assert np.array_equal(out[0], out[2])
""")


def test_an_order_that_changes_after_it_was_read() -> None:
    run("""
class Meddling(OptimizerState):
    @property
    def step(self):
        order[:] = 2**40
        return 0
    @step.setter
    def step(self, value):
        pass

plan = plan_of()
x = rng.normal(size=(64, 5))
order = np.arange(64)
params = np.zeros(plan.n_params)
state = Meddling(0, (np.zeros(plan.n_params),))
refuses(lambda: epoch(plan, params, x, SGD(), state, order))
""")


def test_orders_and_labels_that_other_threads_change_in_the_middle_of_kernels() -> None:
    run("""
params = np.zeros((plan := plan_of()).n_params)
x, going = rng.normal(size=(100_000, 5)), True
order = np.arange(100_000)
def change():
    while going:
        order[:] = 2**45
        order[:] = right
        time.sleep(1e-3)  # most calls find them right
right = np.arange(100_000)
labels, first = np.zeros(100_000, np.int32), x[:, 0].copy()
def relabel():
    while going:
        labels[:] = 2**30
        labels[:] = 2
        time.sleep(1e-3)  # most calls find them right
threads = [threading.Thread(target=each, daemon=True) for each in (change, relabel)]
for thread in threads:
    thread.start()
table, gradient = np.zeros((100_000, 3)), np.empty(18)
penalty = np.zeros((4, 18))
penalty[2], penalty[3] = -np.inf, np.inf
done = 0
for k in range(60):
    state = OptimizerState(0, (np.zeros(plan.n_params),))
    for call in (
        lambda: epoch(plan, params, x, SGD(), state, order),
        lambda: _core.neuron_epoch("tanh", np.zeros(6), x, first, None, order, 1, np.full(100_000, 0.01), None),
        lambda: _core.logistic_gradient(x, labels, None, np.zeros(18), 3, gradient, None, None, None),
        lambda: _core.saga_epoch(x, labels, None, order, None, np.ones(5), 1e5, 100_000, 1e-3, penalty, np.zeros(18),
                                 table, gradient),
    ):
        try:
            call()
            done += 1
        except ValueError:
            pass
going = False
assert done
""")
