"""What this machine can do at most: multiply-adds per second, and bytes per second from each level of memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastnn.kernels.select import native

__all__ = ["MachinePeak", "machine_peak"]

_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_USUAL = {"L1": 32 << 10, "L2": 1 << 20, "L3": 16 << 20}  # where the system does not tell
_UNITS = {"K": 1 << 10, "M": 1 << 20}
_LARGEST = 256 << 20  # bytes that are read from memory: enough to leave most caches


@dataclass(frozen=True)
class MachinePeak:
    """The limits of one core, measured.

    Attributes
    ----------
    simd : str
        The instruction set in use.
    flops : dict of str to float
        FLOP per second with all operands in registers, by dtype.
    cache_bytes : dict of str to int
        Size of each cache level.
    bandwidth : dict of str to float
        Bytes read per second from "L1", "L2", "L3" and "memory".
    """

    simd: str
    flops: dict[str, float]
    cache_bytes: dict[str, int]
    bandwidth: dict[str, float]

    def level_of(self, nbytes: float) -> str:
        """Return the smallest level that holds so many bytes.

        Parameters
        ----------
        nbytes : float
            Bytes of all operands together.

        Returns
        -------
        str
            "L1", "L2", "L3" or "memory".
        """
        fitting = [level for level, size in self.cache_bytes.items() if nbytes <= size]
        return fitting[0] if fitting else "memory"

    def seconds(self, flops: float, nbytes: float, dtype: str) -> float:
        """Return the least time that one core needs for some arithmetic on some bytes: the roofline.

        Parameters
        ----------
        flops : float
            Floating-point operations; a multiply-add is two.
        nbytes : float
            Bytes that are read.
        dtype : {"float32", "float64"}
            Of the operands.

        Returns
        -------
        float
            Seconds.

        References
        ----------
        Williams, Waterman and Patterson (2009), "Roofline: an insightful visual performance model for multicore
        architectures".
        """
        return max(flops / self.flops[dtype], nbytes / self.bandwidth[self.level_of(nbytes)])


def _cache_sizes() -> dict[str, int]:
    sizes = dict(_USUAL)
    for folder in sorted(_CACHES.glob("index*")):
        try:
            kind, level, size = ((folder / name).read_text().strip() for name in ("type", "level", "size"))
            if kind != "Instruction" and f"L{level}" in sizes:
                sizes[f"L{level}"] = int(size[:-1]) * _UNITS[size[-1]]
        except (OSError, ValueError, KeyError):
            continue
    return sizes


@cache
def machine_peak() -> MachinePeak:
    """Measure the limits of one core, once per process, in less than two seconds.

    Each level is read from an array of half its size; memory from one of four times the last cache (at most 256 MB).

    Returns
    -------
    MachinePeak
        The same object every time.
    """
    sizes = _cache_sizes()
    working_sets = {level: size // 2 for level, size in sizes.items()}
    working_sets["memory"] = min(4 * sizes["L3"], _LARGEST)
    return MachinePeak(
        simd=native.simd_level(),
        flops={dtype: native.fma_peak(dtype) for dtype in ("float32", "float64")},
        cache_bytes=sizes,
        bandwidth={level: native.read_bandwidth(size) for level, size in working_sets.items()},
    )
