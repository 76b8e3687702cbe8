"""What `jit` of a model gives: a network for functions that are compiled with Numba, and for plain Python alike."""

from __future__ import annotations

from typing import Any, NoReturn, cast

import numpy as np
from numba.extending import typeof_impl
from numpy.typing import NDArray

import fastnn.jit.networks.methods  # noqa: F401 - tells Numba of them
from fastnn.flat_params import FlatParams
from fastnn.jit.networks.architecture import Architecture
from fastnn.jit.networks.block import layout_of, write_block
from fastnn.jit.networks.contents import Contents
from fastnn.jit.networks.network_type import NetworkType
from fastnn.jit.networks.shapes import SHARED, gradient_shape, is_single, out_shapes, sizes_wanted

__all__ = ["JitNetwork"]


class _Block(np.ndarray[Any, Any]):
    """The memory that compiled code reads; it keeps alive what it points to, and knows of which network it is."""

    contents: Contents
    owners: list[Any]

    def network(self) -> JitNetwork:
        """The network, for what compiled code returns."""
        made = object.__new__(JitNetwork)
        contents = self.contents
        made._set(self, Architecture.of(contents.plan, contents.output, len(contents.labels)))
        return made


def _block_of(contents: Contents, architecture: Architecture) -> _Block:
    nbytes = layout_of(architecture).nbytes
    memory = np.empty(nbytes + 64, np.uint8)
    start = -memory.ctypes.data % 64
    block = cast(_Block, memory[start : start + nbytes].view(_Block))
    block.contents = contents
    flat = FlatParams(contents.plan, contents.params)
    block.owners = write_block(block.view(np.ndarray), architecture, flat, contents.labels)
    block.flags.writeable = False
    return block


class JitNetwork:
    """A network inside functions that are compiled with Numba, as an argument or as a global.

    The method `jit` of every model makes it. It is immutable and has parameters of its own, so that nothing that
    happens to the model later changes it. Other parameters of the same architecture compile nothing anew. It can be
    pickled.

    Where a row gives one number, such as a label, `net(x)` is that number, and else an array.
    """

    __slots__ = ("_block", "_type", "architecture")
    architecture: Architecture
    _block: _Block
    _type: NetworkType  # made once: Numba asks for it at every call from Python, and its name takes 20 microseconds

    def __init__(self, contents: Contents) -> None:
        architecture = Architecture.of(contents.plan, contents.output, len(contents.labels))
        self._set(_block_of(contents, architecture), architecture)

    def _set(self, block: _Block, architecture: Architecture) -> None:
        object.__setattr__(self, "_block", block)
        object.__setattr__(self, "architecture", architecture)
        object.__setattr__(self, "_type", NetworkType(architecture))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{name!r} cannot be set: a JitNetwork does not change. Call jit of the model again.")

    __delattr__ = __setattr__  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[JitNetwork], tuple[Contents]]:
        return JitNetwork, (self._block.contents,)

    def __repr__(self) -> str:
        widths = "-".join(map(str, self.architecture.widths))
        return f"JitNetwork({widths}, {self.architecture.dtype}, gives {self.architecture.output})"

    # --- what there is in nopython code too -----------------------------------------------------

    def row(self, x: NDArray[Any], out: NDArray[Any]) -> None:
        """Write to out what the network gives for one row.

        Parameters
        ----------
        x : ndarray of shape (i,)
            C-contiguous and of the network's dtype.
        out : ndarray of shape (o,)
            C-contiguous; int64 for labels, else of the network's dtype.

        Raises
        ------
        ValueError
            If an array has another size.
        TypeError
            If it is of another kind: in nopython code when that is compiled.
        """
        self._require("row", x, (1,), out, (1,))
        out[...] = self._block.contents.outputs(x[None])[0]

    def batch(self, x: NDArray[Any], out: NDArray[Any]) -> None:
        """Write to out what the network gives for some rows.

        Parameters
        ----------
        x : ndarray of shape (n, i)
            C-contiguous and of the network's dtype.
        out : ndarray of shape (n, o)
            Or (n,) where a row gives one number. C-contiguous, other memory than x; int64 for labels, else of the
            network's dtype.

        Raises
        ------
        ValueError
            If an array has another shape, or both share memory.
        TypeError
            If an array is of another kind: in nopython code when that is compiled.
        """
        self._require("batch", x, (2,), out, out_shapes(self.architecture))
        if np.may_share_memory(x, out):  # exact, as both are contiguous
            raise ValueError(SHARED)
        out[...] = self._block.contents.outputs(x).reshape(out.shape)

    def __call__(self, x: NDArray[Any]) -> Any:
        """Return what the network gives for one row or for some.

        Parameters
        ----------
        x : ndarray of shape (i,) or (n, i)
            C-contiguous and of the network's dtype.

        Returns
        -------
        float, int, ndarray of shape (o,), (n,) or (n, o)
            A number, or (n,) of them, where a row gives one.

        Raises
        ------
        ValueError
            If x has another shape.
        TypeError
            If it is another kind of array: in nopython code when that is compiled.
        """
        axes, single = getattr(x, "ndim", None), is_single(self.architecture)
        rows = (len(x),) if axes == 2 else ()
        out = np.empty(rows + (() if single else (self.architecture.n_outputs,)), self.architecture.out_dtype)
        if axes == 1:
            self.row(x, out.reshape(-1))
        else:
            self.batch(x, out)
        return out[()]

    def row_gradient(self, x: NDArray[Any], out: NDArray[Any]) -> None:
        """Write to out how what the network gives for a row changes with the row: d output / d input.

        Parameters
        ----------
        x : ndarray of shape (i,)
            C-contiguous and of the network's dtype.
        out : ndarray of shape (o, i)
            Or (i,) for one output. C-contiguous and of the network's dtype. At a kink of an activation it is the slope
            that training uses.

        Raises
        ------
        ValueError
            If an array has another shape.
        TypeError
            If the network gives labels, an activation has no slope, or an array is of another kind: in nopython code
            when that is compiled.
        """
        if self.architecture.gives_integers:
            raise TypeError("This network gives labels, which have no gradient: take jit(method='raw') of the model.")
        if not self.architecture.has_slope:
            raise TypeError("An activation of this network has no slope, and so the network no gradient.")
        self._require("row_gradient", x, (1,), out, (len(gradient_shape(self.architecture)),))
        out[...] = self._block.contents.gradient(x).reshape(out.shape)

    def _require(
        self, method: str, x: NDArray[Any], of_x: tuple[int, ...], out: NDArray[Any], of_out: tuple[int, ...]
    ) -> None:
        architecture = self.architecture
        dtypes = architecture.dtype, architecture.out_dtype
        for name, array, axes, dtype in zip(("x", "out"), (x, out), (of_x, of_out), dtypes, strict=True):
            given: object = array
            is_array = isinstance(given, np.ndarray) and given.dtype == dtype and given.ndim in axes
            if not is_array or not array.flags.c_contiguous:
                wanted = " or ".join(f"{n}-dimensional" for n in axes)
                raise TypeError(
                    f"{name} of {method} is {_described(array)}, wanted a C-contiguous, {wanted} array of {dtype}."
                )
        n = len(x) if method == "batch" else 1
        right = {
            "row": lambda: out.size == architecture.n_outputs,
            "batch": lambda: len(out) == n and out.size == n * architecture.n_outputs,
            "row_gradient": lambda: out.shape == gradient_shape(architecture),
        }
        if x.shape[-1] != architecture.widths[0] or not right[method]():
            raise ValueError(sizes_wanted(architecture, method))


def _described(given: object) -> str:
    if not isinstance(given, np.ndarray):
        return repr(given)
    gaps = "" if given.flags.c_contiguous else ", not C-contiguous"
    return f"an array of {given.dtype} with the shape {given.shape}{gaps}"


@typeof_impl.register(JitNetwork)
def _typeof(network: JitNetwork, context: Any) -> NetworkType:
    return network._type
