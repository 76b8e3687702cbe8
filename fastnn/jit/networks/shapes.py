"""The shapes of what goes into a network and comes out, in nopython code and in Python."""

from __future__ import annotations

from fastnn.jit.networks.architecture import LABELS, Architecture

__all__ = ["SHARED", "gradient_shape", "is_single", "out_shapes", "sizes_wanted"]

SHARED = "batch(x, out) writes out while it reads x, and these share memory; row(x, out) may have one array for both."


def is_single(architecture: Architecture) -> bool:
    """Whether a row gives one number, and not an array of one."""
    return architecture.n_outputs == 1 and architecture.output != LABELS


def gradient_shape(architecture: Architecture) -> tuple[int, ...]:
    """That of the gradient of one row."""
    i, o = architecture.widths[0], architecture.n_outputs
    return (i,) if o == 1 else (o, i)


def out_shapes(architecture: Architecture) -> tuple[int, ...]:
    """How many axes the outputs of several rows may have: also one where each row gives one number."""
    return (1, 2) if is_single(architecture) else (2,)


def sizes_wanted(architecture: Architecture, method: str) -> str:
    """The error for arrays of other sizes than a method wants."""
    i, o = architecture.widths[0], architecture.n_outputs
    wanted = {
        "row": f"x of {i} and out of {o}",
        "batch": f"x of shape (n, {i}) and out of {'(n,) or ' if is_single(architecture) else ''}(n, {o})",
        "row_gradient": f"x of {i} and out of shape {gradient_shape(architecture)}",
    }
    if method == "call":
        return f"This network wants x of {i} for one row, and got an array of another size."
    return f"{method}(x, out) of this network wants {wanted[method]}, and got an array of another shape."
