"""The command line of this library: `python -m fastnn export model.safetensors --to c`."""

from __future__ import annotations

import argparse
import pickle
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fastnn import storage
from fastnn._version import __version__
from fastnn.errors import FileError
from fastnn.interop.c.header import to_c
from fastnn.models import classes
from fastnn.serving.served import read_model
from fastnn.storage import drafts

__all__ = ["main"]

_FAILED, _USAGE = 1, 2  # exit codes; argparse has the second one too
_SUFFIXES = {"c": ".h", "onnx": ".onnx", "sklearn": ".pkl"}
_EXAMPLES = """\
examples:
  python -m fastnn export model.safetensors --to c --name gate --method predict
  python -m fastnn export model.safetensors --to onnx -o gate.onnx
  python -m fastnn export model.safetensors --to sklearn

exit codes: 0 the file was written, 1 the model cannot be read or exported, 2 the command is wrong
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments are, by default those of the process; its exit code."""
    given = _parser().parse_args(arguments)
    try:
        model = _load(given.model)
        target = Path(given.output or Path(given.model).with_suffix(_SUFFIXES[given.to]))
        _WRITERS[given.to](model, target, given)
    except (ValueError, TypeError, ImportError, OSError) as fault:
        print(f"fastnn export: {fault}", file=sys.stderr)
        return _FAILED
    print(f"{target}: {target.stat().st_size} bytes")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fastnn", description="Dense neural networks on the CPU.")
    parser.add_argument("--version", action="version", version=f"fastnn {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="export")
    export = commands.add_parser(
        "export",
        help="write a saved model as C, ONNX or a pickle of scikit-learn",
        description="Write a model that `save` has saved as C, ONNX or a pickle of scikit-learn.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    export.add_argument("model", help="the file that `save` has written")
    export.add_argument("--to", required=True, choices=sorted(_SUFFIXES), help="what to write")
    export.add_argument("-o", "--output", help="the file to write; by default MODEL with another suffix")
    export.add_argument("--name", help="of C: what names begin with (default: model)")
    export.add_argument("--method", help="of C: predict, predict_proba, ... (default: predict_proba where there is one)")
    export.add_argument("--dtype", choices=("float32", "float64"), help="of C and ONNX (default: the model's)")
    return parser


def _load(path: str) -> Any:
    """The model in a file, whichever class it has."""
    parts = storage.read_class(path)
    found = {cls.__name__: cls for cls in classes()}
    if parts not in found:
        raise FileError(f"{path} holds a model of the class {parts}, wanted one of {', '.join(sorted(found))}.")
    return found[parts].load(path)
