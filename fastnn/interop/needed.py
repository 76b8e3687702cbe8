"""Packages of partners, which are installed only by those who use them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["needed"]


def needed(package: str, by: str, install: str) -> Any:
    """Import a partner's package for a function of ours.

    Parameters
    ----------
    package : str
        Its name, as it is imported.
    by : str
        The name of the function that needs it.
    install : str
        The command that installs it.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If it cannot be imported; says what to install.
    """
    try:
        return import_module(package)
    except ImportError as fault:
        raise ImportError(f"{by} needs the package {package}, which cannot be imported here: {install}.") from fault
