"""The kernels of one backend, bound to a plan and a number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import activations
from fastnn.activations import Activation
from fastnn.errors import out_of_range, wrong_type
from fastnn.kernels.composed.network import input_gradient
from fastnn.kernels.contract import Array
from fastnn.kernels.select import bound
from fastnn.optimizers import Optimizer, OptimizerState
from fastnn.plan import Plan
from fastnn.validation import check_size, dense_rows

__all__ = ["Engine"]

_BLOCK = 2048  # rows that are worked on at once where not all of them shall be in memory
_BLOCK_BYTES = 1 << 28  # of them, if they are wide: 256 MB


class Engine:
    """Calls network kernels with arrays that are already laid out as kernels want them.

    Parameters
    ----------
    plan : Plan
    backend : {"auto", "native", "jit", "reference"}, default="auto"
    n_threads : int, optional
        Only for the native backend.

    Raises
    ------
    ValueError
        If there is no such backend, or `n_threads` is given to one without threads or is below 1.
    """

    def __init__(self, plan: Plan, backend: str = "auto", n_threads: int | None = None) -> None:
        self.plan = plan
        self._kernels, self._threads = bound(backend, n_threads)
        self._is_compiled = hasattr(self._kernels, "Workspace")  # the native engine: it reads sparse x, and checks x
        self._workspace: Any = None  # of the epochs that share one
        self._checked: tuple[Any, Any] = (None, None)  # a sparse x, and what the native kernels read

    def forward(self, params: Array, x: Any, rows: NDArray[np.intp] | None = None) -> Array:
        """What the last layer's activation makes of x (n, i), or of the given rows of it: (n, o).

        x may be sparse (CSR), which gives the same bits where its rows are sorted. Rows are gathered block by block,
        and by backends that need it made dense: x may be larger than memory.
        """
        n = x.shape[0] if rows is None else len(rows)
        out = np.empty((n, self.plan.widths[-1]), self.plan.dtype)
        if rows is None and (self._is_compiled or isinstance(x, np.ndarray)):
            self._kernels.network_forward(self.plan, params, self._matrix(x), out, *self._threads)
            return out
        for block in self._blocks(n):
            part = x[block if rows is None else rows[block]]
            self._kernels.network_forward(self.plan, params, self._readable(part), out[block], *self._threads)
        return out

    def _blocks(self, n: int) -> Iterator[slice]:
        """Parts of n rows, few enough that they can be made dense."""
        size = max(1, min(_BLOCK, _BLOCK_BYTES // (self.plan.widths[0] * self.plan.dtype.itemsize)))
        return (slice(first, first + size) for first in range(0, n, size))

    def _matrix(self, x: Any) -> Any:
        """X as kernels read it; a sparse one is checked once for all epochs."""
        if isinstance(x, np.ndarray):
            return x
        checked = self._checked  # read once: another thread may put another x there
        if checked[0] is not x:
            checked = self._checked = (x, self._readable(x))
        return checked[1]

    def _readable(self, x: Any) -> Any:
        """X as kernels read it."""
        return self._kernels.SparseRows(x) if self._is_compiled and not isinstance(x, np.ndarray) else x

    def input_gradient(self, params: Array, x: Any, output: int | None, link: bool) -> Array:
        """Gradient of the outputs with respect to x (n, i): (n, o, i); (n, i) of one output alone.

        Raises
        ------
        ValueError
            If there is no such output, a layer's activation has no slope, or the gradient of all
            rows is larger than memory can address.
        TypeError
            If `output` is not an integer.
        """
        self.plan.require_trainable()
        outputs = _columns(output, self.plan.widths[-1])
        shape = (x.shape[0], len(outputs), self.plan.widths[0])
        check_size("The gradient", shape, self.plan.dtype)
        out = np.empty(shape, self.plan.dtype)
        for rows in self._blocks(x.shape[0]):
            part = dense_rows(x[rows])
            input_gradient(self._kernels, self.plan, params, part, outputs, link, out[rows], *self._threads)
        return out[:, 0] if len(outputs) == 1 else out

    def link(self, z: Array) -> Array:
        """The loss's link of the raw output z (n, o): what the network predicts."""
        out = np.empty_like(z)
        self._kernels.link(z, self.plan.loss, out, *self._threads)
        return out

    def predict(self, params: Array, x: Any, *, link: bool, pairs: bool = False) -> Array:
        """What the network predicts for x (n, i).

        Parameters
        ----------
        params : ndarray (p,)
        x : ndarray or CSR matrix (n, i)
        link : bool
            Whether to apply the loss's link to the raw output z.
        pairs : bool, default=False
            Take (-z, z) for a network of one output: both classes of a sigmoid neuron.

        Returns
        -------
        ndarray (n, o), or (n, 2) of pairs
        """
        pairs = pairs and self.plan.widths[-1] == 1
        if self._is_compiled:
            out = np.empty((x.shape[0], 2 if pairs else self.plan.widths[-1]), self.plan.dtype)
            loss = self.plan.loss if link else None
            matrix = x if type(x) is np.ndarray else self._matrix(x)
            self._kernels.network_predict(self.plan, params, matrix, loss, out, *self._threads)
            return out
        z = self.forward(params, x)
        if pairs:
            z = np.hstack([-z, z])
        return self.link(z) if link else z

    def activation(self, z: Array, name: str | Activation) -> Array:
        """An activation of z (n, o), by itself."""
        out = np.empty_like(z)
        self._kernels.activation_forward(z, activations.get(name), out, *self._threads)
        return out

    def loss(self, z: Array, y: Array, sample_weight: Array | None) -> float:
        """Mean loss of the raw output z (n, o), without a penalty."""
        d_z = np.empty_like(z)
        loss: float = self._kernels.loss_and_gradient(z, y, sample_weight, self.plan.loss, d_z, *self._threads)
        return loss

    def gradient(
        self,
        params: Array,
        x: Any,
        y: Array,
        sample_weight: Array | None,
        alpha: float,
        d_params: Array,
    ) -> float:
        """Mean loss with its penalty; the gradient goes to d_params (p,)."""
        loss: float = self._kernels.network_gradient(
            self.plan, params, self._matrix(x), y, sample_weight, alpha, d_params, *self._threads
        )
        return loss

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep, until the end, what one epoch has in memory for the next: where it works, and packed vectors.

        The optimizer's state must not change between epochs, but by them. What it remembers, but for an average of the
        parameters, is in its slots only after `write_state`, and at the end. For one run at a time: another one, in a
        callback of this or in another thread, takes a copy of the engine.

        Raises
        ------
        RuntimeError
            If another run is at work.
        """
        if self._workspace is not None:
            raise RuntimeError("This engine is at work on another run, whose vectors it keeps: take copy.copy of it.")
        if self._is_compiled:
            self._workspace = self._kernels.Workspace()
        try:
            yield
        finally:
            workspace, self._workspace = self._workspace, None
            if workspace is not None:
                workspace.write_state(ends=True)

    def write_state(self) -> None:
        """Bring the slots of the optimizer's state up to date."""
        if self._workspace is not None:
            self._workspace.write_state()

    def epoch(
        self,
        params: Array,
        x: Any,
        y: Array,
        sample_weight: Array | None,
        order: NDArray[np.int64] | None,
        batch_size: int,
        optimizer: Optimizer,
        state: OptimizerState,
        learning_rates: NDArray[np.float64],
        alpha: float,
        l1: float = 0.0,
        seed: int = 0,
    ) -> tuple[float, float]:
        """One pass over the rows in `order`; updates params and state; mean loss and penalty."""
        matrix = x if type(x) is np.ndarray else self._matrix(x)
        data = (matrix, y, sample_weight, order, batch_size)
        step = (optimizer, state, learning_rates, alpha, l1, seed)
        kernels = self._workspace or self._kernels
        losses: tuple[float, float] = kernels.fit_epoch(self.plan, params, *data, *step, *self._threads)
        return losses

    def permutation(self, seed: int, epoch: int, n: int) -> NDArray[np.int64]:
        """The order of n rows in an epoch, the same in every backend."""
        order = np.empty(n, np.int64)
        self._kernels.permutation(seed, epoch, order)
        return order


def _columns(output: int | None, o: int) -> tuple[int, ...]:
    """The outputs that are meant, of o."""
    if output is None:
        return tuple(range(o))
    if isinstance(output, bool) or not hasattr(output, "__index__"):
        raise wrong_type("output", output, "the number of an output, or None for all of them")
    if not 0 <= output < o:
        raise out_of_range("output", output, f"0 to {o - 1}: the network has {o} output(s)")
    return (int(output),)
