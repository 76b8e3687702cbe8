"""The command line of this library: `python -m fastnn export model.safetensors --to c`."""

from __future__ import annotations

import argparse
import pickle
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fastnn import storage
from fastnn._version import __version__
from fastnn.errors import FileError
from fastnn.interop.c.header import to_c
from fastnn.interop.onnx.writing import to_onnx
from fastnn.interop.sklearn.convert import to_sklearn
from fastnn.models.logistic.cv.estimator import LogisticRegressionCV
from fastnn.models.logistic.estimator import LogisticRegression
from fastnn.models.mlp import MLPClassifier, MLPRegressor
from fastnn.models.network.network import Network
from fastnn.models.neuron.estimator import Neuron
from fastnn.storage import drafts

__all__ = ["main"]

_CLASSES: dict[str, Any] = {
    cls.__name__: cls
    for cls in (MLPClassifier, MLPRegressor, LogisticRegression, LogisticRegressionCV, Neuron, Network)
}
_OPTIONS = ("name", "method", "dtype", "predict_only")
_FAILED = 1  # and 2, which argparse has, for a wrong command
_EXAMPLES = """\
examples:
  python -m fastnn export model.safetensors --to c --name gate --method predict
  python -m fastnn export model.safetensors --to onnx -o gate.onnx
  python -m fastnn export model.safetensors --to sklearn

exit codes: 0 the file was written, 1 the model cannot be read or exported, 2 the command is wrong
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments are, by default those of the process; its exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    kind = _FORMATS[given.to]
    for option in _OPTIONS:
        if getattr(given, option) is not None and option not in kind.options:
            parser.error(f"--{option.replace('_', '-')} is no option of --to {given.to}")
    try:
        model = _load(given.model)
        target = Path(given.model).with_suffix(kind.suffix) if given.output is None else Path(given.output)
        if target.exists() and target.samefile(given.model):
            raise ValueError(f"{target} is the model itself: give another file as --output.")
        kind.write(model, target, given)
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
    export.add_argument("--to", required=True, choices=("c", "onnx", "sklearn"), help="what to write")
    where = "the file to write, replaced if it is there (default: MODEL with the suffix .h, .onnx or .pkl)"
    export.add_argument("-o", "--output", help=where)
    export.add_argument("--name", help="of C: what names begin with (default: model)")
    export.add_argument(
        "--method", help="of C: predict, predict_proba, ... (default: predict_proba where there is one, else predict)"
    )
    export.add_argument("--dtype", choices=("float32", "float64"), help="of C and ONNX (default: the model's)")
    without = "of sklearn: also where training has what scikit-learn has not, such as dropout"
    export.add_argument("--predict-only", action="store_true", default=None, help=without)
    return parser


def _load(path: str) -> Any:
    """The model in a file, whichever class it has."""
    kinds = {name: kind for cls in _CLASSES.values() for name, kind in cls._kinds.items()}
    try:
        parts = storage.read(path, "model", kinds)
    except FileError as fault:
        raise FileError(f"{fault}{_hint(path)}") from fault
    name = parts.get("class") if isinstance(parts, dict) else None
    if name not in _CLASSES:
        raise FileError(f"{path} holds a model of the class {name}, wanted one of {', '.join(_CLASSES)}.")
    return _CLASSES[name].load(path)


def _hint(path: str) -> str:
    """What to do with a pickle, which a Pipeline may be saved as; "" where it is none."""
    with open(path, "rb") as file:
        start = file.read(3)
    if start[:1] != b"\x80" or start[2:] == b"\0":  # as in a safetensors file, of a header of less than 64 KB
        return ""
    return (
        " It begins as pickles do, and what `save` has written is wanted here: load it in Python, and give the model "
        "or Pipeline to fastnn.to_c, to_onnx or to_sklearn."
    )


# --- what is written ----------------------------------------------------------------------------


def _write_c(model: Any, target: Path, given: argparse.Namespace) -> None:
    to_c(model, target, "model" if given.name is None else given.name, given.dtype, given.method)


def _write_onnx(model: Any, target: Path, given: argparse.Namespace) -> None:
    drafts.replace(target, to_onnx(model, dtype=given.dtype).SerializeToString())


def _write_sklearn(model: Any, target: Path, given: argparse.Namespace) -> None:
    drafts.replace(target, pickle.dumps(to_sklearn(model, predict_only=bool(given.predict_only))))


class _Format(NamedTuple):
    """A format: the suffix of its files, what writes them, and the options that it has."""

    suffix: str
    write: Callable[[Any, Path, argparse.Namespace], None]
    options: tuple[str, ...]


_FORMATS = {
    "c": _Format(".h", _write_c, ("name", "method", "dtype")),
    "onnx": _Format(".onnx", _write_onnx, ("dtype",)),
    "sklearn": _Format(".pkl", _write_sklearn, ("predict_only",)),
}
