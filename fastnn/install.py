"""What the package is called where it is installed from, how to say what else to install, and where its header is."""

from pathlib import Path

__all__ = ["DISTRIBUTION", "get_include", "install_hint"]

DISTRIBUTION = "fastnn-kernels"  # the package that is called fastnn on the index is somebody else's


def install_hint(extra: str = "") -> str:
    """The command that installs fastnn, with an extra of pyproject.toml: `pip install "fastnn-kernels[plot]"`."""
    return f'pip install "{DISTRIBUTION}[{extra}]"' if extra else f"pip install {DISTRIBUTION}"


def get_include() -> str:
    """Return the folder of fastnn.h, the header of the C interface.

    Returns
    -------
    str
        What a C compiler wants behind -I, and a build of extension modules among its include_dirs.

    Examples
    --------
    >>> import fastnn
    >>> from pathlib import Path
    >>> (Path(fastnn.get_include()) / "fastnn.h").is_file()
    True
    """
    return str(Path(__file__).parent / "include")
