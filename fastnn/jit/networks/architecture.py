"""What the machine code of a network depends on: networks that have it in common share their Numba type and code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fastnn._version import __version__
from fastnn.kernels.abi import VERSION
from fastnn.kernels.select import native
from fastnn.plan import Plan

__all__ = ["CLASS", "INLINE", "LABELS", "LINK", "PAIRS", "RAW", "Architecture"]

# What a network gives: the last layer's activation; the loss's link of it; the same for one output and its negative,
# which are both classes; an integer for the likeliest class; a 0 or 1 for each label.
RAW, LINK, PAIRS, CLASS, LABELS = "raw", "link", "pairs", "class", "labels"

INLINE = ("identity", "relu")  # activations that the code has in it; a native function works out the others
BY_ROW = ("softmax", "log_softmax")
_MOST_ON_STACK = 3 << 17  # bytes: some systems give threads half a megabyte


@dataclass(frozen=True)
class Architecture:
    """Everything that compiled code has in it; weights, parameters of activations and addresses are none of that.

    Parameters
    ----------
    dtype : str
        "float32" or "float64".
    widths : tuple of int
        Inputs, then the outputs of every layer.
    biases : tuple of bool
        Whether each layer has a b.
    activations : tuple of str
        Of each layer: "identity", "relu", "softmax", "log_softmax", or "function" for any other one.
    output : {"raw", "link", "pairs", "class", "labels"}
        What the network gives.
    link : str
        Of "link" and "pairs"; else "identity".
    n_labels : int
        How many integers "class" chooses from; else 0.
    has_slope : bool
        Whether all activations have one.
    lanes : int
        Numbers in a vector of the instruction set that fastnn uses.
    fused : bool
        Whether its multiply-adds are rounded once.
    version : str
        Of fastnn and of its C interface: code that another one has made is not used.
    """

    dtype: str
    widths: tuple[int, ...]
    biases: tuple[bool, ...]
    activations: tuple[str, ...]
    output: str
    link: str
    n_labels: int
    has_slope: bool
    lanes: int
    fused: bool
    version: str

    @classmethod
    def of(cls, plan: Plan, output: str, n_labels: int) -> Architecture:
        """That of a network with this output.

        Raises
        ------
        ValueError
            If the layers are too wide.
        """
        kinds = ((each.name if each.code >= 0 else "") for each in plan.activations)
        made = cls(
            plan.dtype.name,
            plan.widths,
            plan.bias,
            tuple(kind if kind in (*INLINE, *BY_ROW) else "function" for kind in kinds),
            output,
            plan.loss.link if output in (LINK, PAIRS) else "identity",
            n_labels,
            all(each.has_slope for each in plan.activations),
            native.vector_bytes() // plan.dtype.itemsize,
            native.simd_level() != "base",
            f"{__version__}, {VERSION}",
        )
        if made.stack_bytes > _MOST_ON_STACK:
            raise ValueError(
                f"The layers of this network have {sum(plan.widths[1:])} outputs together, too many for the stack of a "
                f"thread, where compiled code keeps them: {made.stack_bytes} bytes, and jit takes {_MOST_ON_STACK}."
            )
        return made

    @property
    def n_layers(self) -> int:
        """Layers, the inputs not counted."""
        return len(self.activations)

    @property
    def itemsize(self) -> int:
        """Bytes of a number."""
        return np.dtype(self.dtype).itemsize

    @property
    def stack_bytes(self) -> int:
        """What its code keeps on the stack.

        A gradient takes most: of each layer the activation, its slope, and what comes back; of what the network gives
        the link and its slope; and one output with its negative.
        """
        of_layers = 3 * sum(map(self._row_bytes, self.widths[1:]))
        return of_layers + 2 * self._row_bytes(self.n_outputs) + self._row_bytes(2)

    def _row_bytes(self, o: int) -> int:
        """Of a row on the stack, which begins with a cache line."""
        return -(-self.padded(o) * self.itemsize // 64) * 64

    # --- what it gives --------------------------------------------------------------------------

    @property
    def gives_integers(self) -> bool:
        """Whether it gives labels."""
        return self.output in (CLASS, LABELS)

    @property
    def has_gradient(self) -> bool:
        """Whether there is a gradient of it."""
        return self.has_slope and not self.gives_integers

    @property
    def n_outputs(self) -> int:
        """Numbers that a row gives."""
        return {PAIRS: 2, CLASS: 1}.get(self.output, self.widths[-1])

    @property
    def out_dtype(self) -> str:
        """What they are."""
        return "int64" if self.gives_integers else self.dtype

    # --- vectors --------------------------------------------------------------------------------

    def lanes_of(self, o: int) -> int:
        """Lanes of the vectors of a layer with o outputs: no more than it fills."""
        return min(self.lanes, 1 << (o - 1).bit_length())

    def padded(self, o: int) -> int:
        """Outputs of a layer in whole vectors."""
        lanes = self.lanes_of(o)
        return -(-o // lanes) * lanes
