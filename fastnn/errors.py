"""The error of files, and sentences that errors share."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["FileError"]


def __dir__() -> list[str]:
    return sorted(__all__)


class FileError(ValueError):
    """A file is damaged, is none of fastnn's, or holds what makes no model or checkpoint; or cannot be written so."""


def unknown_name(kind: str, name: object, known: Iterable[str]) -> ValueError:
    """Build the error for a name that is not in a registry.

    Parameters
    ----------
    kind : str
        What the name should have named, such as "activation".
    name : object
        What came.
    known : iterable of str
        The names that exist.

    Returns
    -------
    ValueError
        Says what came, the nearest known name, and all of them.
    """
    import difflib  # here, since only errors need it and importing it takes milliseconds

    names = list(known)
    nearest = difflib.get_close_matches(str(name).lower(), names, n=1, cutoff=0.4)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    return ValueError(f"Unknown {kind} {name!r}.{hint} Known: {', '.join(names)}.")


def out_of_range(name: str, value: object, wanted: str) -> ValueError:
    """Build the error for a value that is not possible: its name, what came, what was wanted."""
    return ValueError(f"{name}={value!r} is not possible, wanted {wanted}.")


def no_subclass(cls: type, base: str, instead: str) -> TypeError:
    """Build the error for a subclass of a class whose objects compiled code reads: what came, and what to do."""
    return TypeError(
        f"{cls.__name__} cannot be a subclass of {base}: kernels know its fields and codes, and nothing else. {instead}"
    )


def wrong_type(name: str, value: object, wanted: str) -> TypeError:
    """Build the error for an argument of the wrong type: its name, what came, what was wanted."""
    return TypeError(f"{name} is {value!r} of type {type(value).__name__}, wanted {wanted}.")
