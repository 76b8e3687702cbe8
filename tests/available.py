"""What the tests can rely on here: backends, and what scikit-learn's version has.

A test of what is not there is not collected, by its mark or with its file. Elsewhere it is: the whole suite runs with
everything, and some of it without.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import scipy
import sklearn
from packaging.version import Version

from fastnn.kernels.available import available_backends, why_no_numba
from fastnn.models.common.bases import HAS_CALLBACKS

__all__ = [
    "BACKENDS",
    "ELASTIC_NET",
    "HAS_CALLBACKS",
    "HAS_NUMBA",
    "LEFT_OUT",
    "OF_USERS",
    "SCIPY",
    "SKLEARN",
    "left_out_files",
]

SCIPY = Version(scipy.__version__).release
SKLEARN = Version(sklearn.__version__).release
# What scikit-learn must be told for its l1_ratio to count.
ELASTIC_NET = {"penalty": "elasticnet"} if SKLEARN < (1, 8) else {}
BACKENDS = available_backends()
HAS_NUMBA = "jit" in BACKENDS
OF_USERS = BACKENDS if HAS_NUMBA else ("reference",)  # which run users' own functions: Numba compiles these

# Why tests are not collected: by their mark, or what _FILES calls them.
LEFT_OUT: dict[str, str] = {}
if not HAS_NUMBA:
    LEFT_OUT["jit"] = f"Numba cannot be imported: {why_no_numba()}"
if SKLEARN < (1, 9):
    LEFT_OUT["sklearn_1_9"] = "they compare with what scikit-learn has since 1.9"
if not HAS_CALLBACKS:
    LEFT_OUT["callbacks"] = "scikit-learn's callback protocol came with 1.9"
    LEFT_OUT["swapped"] = "scikit-learn's own tests of logistic regression, before 1.9, give parameters that are gone"

_PARTNERS = {
    "flask": ("flask",),
    "keras": ("keras", "torch"),
    "keras_onnx": ("keras", "onnx", "torch"),
    "onnx": ("onnx", "onnxruntime", "skl2onnx"),
    "torch": ("torch",),
    "torch_onnx": ("onnx", "onnxruntime", "onnxscript", "torch"),
}
for mark, names in _PARTNERS.items():
    if missing := [name for name in names if find_spec(name) is None]:
        session = "keras" if mark.startswith("keras") else "interop"
        LEFT_OUT[mark] = f"{' and '.join(missing)} cannot be imported: nox -s {session} installs them"

_TESTS = Path(__file__).parent
_FILES = {  # which cannot even be imported
    "onnx": tuple(path.relative_to(_TESTS).as_posix() for path in (_TESTS / "interop").glob("test_onnx*.py")),
    "torch": ("interop/test_torch.py", "interop/test_torch_refused.py"),
    "torch_onnx": ("interop/test_onnx_of_torch.py",),
    "keras": ("interop/test_keras.py",),
    "keras_onnx": ("interop/test_keras_onnx.py",),
    "jit": ("jit", "kernels/test_failing.py", "kernels/functions"),
    "callbacks": ("models/common/test_callbacks.py",),
    "swapped": ("compat/test_logistic.py",),
}


def left_out_files() -> list[str]:
    """Paths below tests/ that are not collected."""
    return [name for mark in LEFT_OUT for name in _FILES.get(mark, ())]
