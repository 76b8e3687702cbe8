"""Which backends there are here: Numba, which "jit" is made of, may be missing."""

from __future__ import annotations

from importlib import import_module

from fastnn.kernels.contract import BACKENDS

__all__ = ["available_backends", "require_numba", "why_no_numba"]


def why_no_numba(package: str = "numba") -> str | None:
    """What importing Numba, or llvmlite alone, says where it fails; None where it works.

    It is imported, for a Numba that is installed may still refuse: this Python, or this NumPy.
    """
    try:
        import_module(package)
    except Exception as fault:  # a broken one may raise anything
        return str(fault) or repr(fault)
    return None


def require_numba(what: str, instead: str, package: str = "numba") -> None:
    """Raise ImportError where Numba cannot be imported: what needs it, why it fails, and what to do.

    Of what needs llvmlite alone, which comes with Numba, that is the package: its import takes 60 ms, Numba's 500.
    """
    reason = why_no_numba(package)
    if reason is not None:
        raise ImportError(
            f"{what} needs Numba, which cannot be imported here ({reason}): pip install numba, or use "
            f"backend={instead!r}."
        )


def available_backends() -> tuple[str, ...]:
    """The backends that can be used here; imports Numba to see whether "jit" is one.

    Returns
    -------
    tuple of str
        Of "native", "jit" and "reference"; "jit" only where Numba can be imported.

    Examples
    --------
    >>> from fastnn.kernels import available_backends
    >>> "native" in available_backends()
    True
    """
    return tuple(name for name in BACKENDS if name != "jit" or why_no_numba() is None)
