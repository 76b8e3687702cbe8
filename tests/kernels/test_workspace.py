"""What a workspace keeps from one epoch for the next changes no bit of what fit_epoch does."""

from __future__ import annotations

import _thread
import threading

import numpy as np
import pytest
from networks import LAYERS, OPTIMIZERS, problem
from patience import patient

from fastnn.kernels.select import kernels_for
from fastnn.optimizers import SGD, Adam, OptimizerState

core = kernels_for("native")


class Epochs:
    """A network's epochs, one after the other, by the fit_epoch of the module or of a workspace."""

    def __init__(self, given, rule, runner):
        self.given, self.rule, self.runner, self.fit_epoch = given, rule, runner, runner.fit_epoch
        self.params, self.losses = given.params.copy(), []
        self.state = OptimizerState.zeros(rule, self.params)

    def run(self, batch_size=16, n_threads=1, rows=None):
        given = self.given
        rates = np.full(-(-(len(given.x) if rows is None else len(rows)) // batch_size), 0.01)
        data = (self.params, given.x, given.y, given.weight, rows, batch_size)
        rest = (self.rule, self.state, rates, 0.1, 0.01, 5, n_threads)
        self.losses.append(self.fit_epoch(given.plan, *data, *rest))

    def write_state(self):
        if self.runner is not core:
            self.runner.write_state()

    def assert_same(self, other):
        self.write_state()
        for mine, theirs in zip((self.params, *self.state.slots), (other.params, *other.state.slots), strict=True):
            np.testing.assert_array_equal(mine, theirs)
        np.testing.assert_array_equal(self.losses, other.losses)
        assert self.state.step == other.state.step


def both(given, rule):
    return Epochs(given, rule, core.Workspace()), Epochs(given, rule, core)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", LAYERS)
def test_epochs_are_the_same(dtype, name, optimizer):
    kept, plain = both(problem(name, dtype, 64), OPTIMIZERS[optimizer])
    for epochs in (kept, plain):
        for _ in range(3):
            epochs.run()
    kept.assert_same(plain)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_batches_of_several_chunks(optimizer):
    """More than 1,024 rows, whose gradients are summed."""
    kept, plain = both(problem("odd widths", np.float32, 3000), OPTIMIZERS[optimizer])
    for epochs in (kept, plain):
        for n_threads in (1, 2, 3):
            epochs.run(1100, n_threads)
    kept.assert_same(plain)


def test_other_batches_need_another_layout():
    kept, plain = both(problem("odd widths", np.float64, 64), Adam())
    for epochs in (kept, plain):
        for batch_size in (16, 64, 3, 3, 16):
            epochs.run(batch_size)
        epochs.run(16, rows=np.arange(7))
    kept.assert_same(plain)


@pytest.mark.parametrize("where", [0, 40, -1])
def test_params_may_change_between_epochs(dtype, where):
    kept, plain = both(problem("odd widths", dtype, 64), Adam())
    for epochs in (kept, plain):
        for _ in range(3):
            epochs.run()
            epochs.params[where] += 0.5
    kept.assert_same(plain)


def test_another_state_is_seen():
    kept, plain = both(problem("relu", np.float64, 64), Adam())
    for epochs in (kept, plain):
        epochs.run()
        epochs.state = OptimizerState.zeros(epochs.rule, epochs.params)
        epochs.run()
    kept.assert_same(plain)


def test_another_network_is_seen():
    workspace = core.Workspace()
    for name in ("relu", "odd widths", "relu"):
        given = problem(name, np.float32, 64)
        kept, plain = Epochs(given, SGD(), workspace), Epochs(given, SGD(), core)
        for epochs in (kept, plain):
            epochs.run()
        kept.assert_same(plain)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_state_is_written_when_somebody_asks(optimizer):
    """But for the average, which is seen after every epoch. To write it changes nothing of what follows."""
    rule = OPTIMIZERS[optimizer]
    kept, plain = both(problem("odd widths", np.float32, 64), rule)
    for ends in (False, True, False):
        before = [slot.copy() for slot in kept.state.slots]
        for epochs in (kept, plain):
            epochs.run()
        for k in range(len(rule.slots)):
            np.testing.assert_array_equal(kept.state.slots[k], before[k])
        if rule.ema is not None:
            np.testing.assert_array_equal(kept.state.slots[-1], plain.state.slots[-1])
        kept.runner.write_state(ends)
        np.testing.assert_array_equal(kept.state.slots, plain.state.slots)
    kept.assert_same(plain)
    kept.state.slots[0][:] = 0
    core.Workspace().write_state()  # nobody's
    kept.runner.write_state(True)
    assert kept.state.slots[0].any()
    kept.state.slots[0][:] = 0
    kept.runner.write_state()  # it has ended
    assert not kept.state.slots[0].any()


def test_the_state_is_written_before_another_is_packed():
    workspace, given = core.Workspace(), problem("relu", np.float64, 64)
    first, second, plain = (
        Epochs(given, Adam(), workspace),
        Epochs(given, Adam(), workspace),
        Epochs(given, Adam(), core),
    )
    for epochs in (first, second, plain):
        epochs.run()
    np.testing.assert_array_equal(first.state.slots, plain.state.slots)
    assert not second.state.slots[0].any()
    second.assert_same(plain)


def test_a_state_that_can_no_longer_be_written_is_an_error():
    kept, plain = both(problem("relu", np.float64, 64), Adam())
    for epochs in (kept, plain):
        epochs.run()
    kept.state.slots[1].flags.writeable = False
    with pytest.raises(ValueError, match=r"state\.slots"):
        kept.write_state()
    kept.state.slots[1].flags.writeable = True
    kept.assert_same(plain)


def test_ctrl_c_leaves_params_and_the_steps_that_were_taken():
    kept, plain = both(problem("relu", np.float64, 64), Adam(ema=0.9))
    for epochs in (kept, plain):
        epochs.run()
    rows = np.zeros(10_000_000, np.int64)
    for seconds in (0.4, 0.8, 1.6, 3.2, 6.4, 12.8):  # where that was too early for a step: again
        timer = threading.Timer(patient(seconds), _thread.interrupt_main)
        with pytest.raises(KeyboardInterrupt):
            timer.start()
            kept.run(1, rows=rows)
        timer.join()
        kept.write_state()
        if (kept.state.slots[0] != plain.state.slots[0]).any():
            break
    np.testing.assert_array_equal(kept.params, plain.params)
    np.testing.assert_array_equal(kept.state.slots[-1], plain.state.slots[-1])
    assert kept.state.step == plain.state.step == 4
    assert np.isfinite(kept.state.slots).all()
    assert (kept.state.slots[0] != plain.state.slots[0]).any()


def test_an_epoch_that_fails_leaves_what_was(dtype):
    """And the next one begins from there, with the state as it was written last."""
    kept, plain = both(problem("relu", dtype, 64), Adam())
    for epochs in (kept, plain):
        epochs.run()
        epochs.write_state()
        before = [epochs.params.copy(), *(slot.copy() for slot in epochs.state.slots)]
        value, epochs.given.x[50, 2] = epochs.given.x[50, 2], np.nan
        epochs.run()
        assert np.isnan(epochs.losses[-1][0])
        for now, was in zip((epochs.params, *epochs.state.slots), before, strict=True):
            np.testing.assert_array_equal(now, was)
        epochs.given.x[50, 2] = value
        epochs.run()
    kept.assert_same(plain)


def test_bad_arguments_are_refused_and_leave_it_usable():
    kept, plain = both(problem("relu", np.float64, 64), Adam())
    kept.run()
    with pytest.raises(ValueError, match="batch_size=0"):
        data = (kept.params, kept.given.x, kept.given.y, None, None, 0)
        kept.fit_epoch(kept.given.plan, *data, kept.rule, kept.state, np.full(4, 0.01), 0.0, 0.0, 5)
    with pytest.raises(TypeError, match="argument"):
        kept.fit_epoch(kept.given.plan)
    plain.run()
    for epochs in (kept, plain):
        epochs.run()
    kept.assert_same(plain)


def test_two_threads_cannot_have_one():
    given, workspace, refused = problem("relu", np.float32, 20_000), core.Workspace(), []
    barrier = threading.Barrier(2)  # neither has ended before the other begins

    def train():
        epochs = Epochs(given, SGD(), workspace)
        barrier.wait()
        try:
            for _ in range(10):
                epochs.run(2)
        except RuntimeError as fault:
            refused.append(str(fault))

    threads = [threading.Thread(target=train) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert "in use" in refused[0]
