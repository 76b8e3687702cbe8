"""Which kernels a backend's name gives, and what show_config says."""

from __future__ import annotations

import pytest

import fastnn
from fastnn.kernels.select import bound, kernels_for


def test_auto_is_native():
    assert kernels_for("auto") is kernels_for("native")
    assert kernels_for("native").__name__ == "fastnn._core"


def test_chosen_once(backend):
    assert kernels_for(backend) is kernels_for(backend)


def test_unknown_backend():
    with pytest.raises(ValueError, match="Unknown backend 'numba'.*Known: auto, native, jit"):
        kernels_for("numba")


def test_only_the_native_backend_has_threads(backend):
    """It takes their number, or 0 for the default; the others take nothing, and refuse a number."""
    kernels, threads = bound(backend, None)
    assert kernels is kernels_for(backend)
    assert threads == ((0,) if backend == "native" else ())
    if backend == "native":
        assert bound("auto", 3) == (kernels, (3,))
        with pytest.raises(ValueError, match="n_threads=0, wanted at least 1"):
            bound(backend, 0)
    else:
        with pytest.raises(ValueError, match=f"n_threads=3 with backend='{backend}': only the native .* Leave out one"):
            bound(backend, 3)


def test_show_config(capsys):
    assert fastnn.show_config() is None
    text = capsys.readouterr().out
    core = kernels_for("native")
    assert fastnn.__version__ in text
    for level in core.simd_available():
        assert level in text
    for heading in ("instruction set", "threads", "backends", "numpy", "scikit-learn", "numba"):
        assert heading in text
    assert ", ".join(fastnn.kernels.available_backends()) in text


def test_available_backends():
    there = fastnn.kernels.available_backends()
    assert set(there) >= {"native", "reference"}
    for name in there:
        assert hasattr(kernels_for(name), "dense_forward")
