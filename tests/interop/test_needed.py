"""Without a partner's package a function says what to install."""

from __future__ import annotations

import sys

import pytest

import fastnn
from fastnn import Dense, Network, interop


@pytest.mark.parametrize(
    ("call", "package", "install"),
    [
        (lambda: fastnn.to_onnx(Network([Dense(2)], 3)), "onnx", r"pip install \"fastnn-kernels\[onnx\]\""),
        (lambda: fastnn.from_onnx(b""), "onnx", r"pip install \"fastnn-kernels\[onnx\]\""),
        (interop.register_onnx, "skl2onnx", "pip install skl2onnx"),
        (lambda: fastnn.to_torch(Network([Dense(2)], 3)), "torch", r"pip install \"fastnn-kernels\[torch\]\""),
        (lambda: fastnn.from_torch(None), "torch", r"pip install \"fastnn-kernels\[torch\]\""),
        (lambda: fastnn.from_keras(None), "keras", r"pip install \"fastnn-kernels\[keras\]\""),
    ],
    ids=["to_onnx", "from_onnx", "register_onnx", "to_torch", "from_torch", "from_keras"],
)
def test_what_is_missing_is_said(call, package, install, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f"needs the package {package}, .*: {install}"):
        call()


def test_importing_it_imports_no_partner(monkeypatch):
    names = "[getattr(i, name) for name in i.__all__]"
    code = f"import fastnn.interop as i; {names}; import sys; print({{'onnx', 'torch', 'keras'}} & set(sys.modules))"
    import subprocess

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
