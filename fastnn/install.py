"""What the package is called where it is installed from, and how to say what else to install."""

__all__ = ["DISTRIBUTION", "install_hint"]

DISTRIBUTION = "fastnn-kernels"  # the package that is called fastnn on the index is somebody else's


def install_hint(extra: str = "") -> str:
    """The command that installs fastnn, with an extra of pyproject.toml: `pip install "fastnn-kernels[plot]"`."""
    return f'pip install "{DISTRIBUTION}[{extra}]"' if extra else f"pip install {DISTRIBUTION}"
