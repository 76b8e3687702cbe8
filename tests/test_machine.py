"""The machine's limits and the roofline."""

from __future__ import annotations

import pytest

from fastnn import _core, roofline
from fastnn.machine import MachinePeak, machine_peak

PEAK = MachinePeak("test", {"float32": 100.0}, {"L1": 10, "L2": 100}, {"L1": 50.0, "L2": 20.0, "memory": 5.0})


def test_machine_peak_is_plausible():
    peak = machine_peak()
    assert peak.simd == _core.simd_level()
    assert 1e9 < peak.flops["float64"] < peak.flops["float32"] < 1e13
    assert 1e9 < peak.bandwidth["memory"] <= peak.bandwidth["L1"] < 1e13
    assert list(peak.bandwidth) == ["L1", "L2", "L3", "memory"]
    assert machine_peak() is peak


def test_limit_is_the_slower_of_arithmetic_and_memory():
    assert PEAK.level_of(10) == "L1"
    assert PEAK.level_of(11) == "L2"
    assert PEAK.level_of(101) == "memory"
    assert PEAK.seconds(1000, 10, "float32") == 10
    assert PEAK.seconds(1, 100, "float32") == 5
    point = roofline.Point("k", "c", "float32", flops=1000, nbytes=10, seconds=20)
    assert point.fraction(PEAK) == 0.5


def test_bandwidth_of_almost_nothing_is_refused():
    with pytest.raises(ValueError, match="nbytes=100"):
        _core.read_bandwidth(100)


def test_roofline_prints_every_kernel_and_draws(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(roofline, "SHAPES", ((8, 8, 8),))
    matplotlib = pytest.importorskip("matplotlib")
    picture = tmp_path / "roofline.png"
    roofline.main(["--picture", str(picture)])
    printed = capsys.readouterr().out
    for kernel in ("dense_forward", "dense_backward_params", "activation_forward", "adam_step"):
        assert kernel in printed
    assert picture.read_bytes().startswith(b"\x89PNG"), matplotlib.__version__
