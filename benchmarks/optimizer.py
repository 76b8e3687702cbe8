"""One step of each optimizer on a flat vector."""

from __future__ import annotations

import numpy as np

from fastnn.kernels.contract import KERNELS
from fastnn.optimizers import OPTIMIZERS

from .cases import BACKENDS, DTYPES, ON_TWO_THREADS, PARAMS
from .common import Given, Shapes, _KernelBenchmark, native_only

CASES = {str(p): p for p in PARAMS} | {f"{PARAMS[-1]}{ON_TWO_THREADS}": PARAMS[-1]}
OPTIONS = {"learning_rate": 1e-3, "step": 3, "limit": 0.75, "decay": 0.999}


def _hyper_parameters(name: str) -> dict[str, float]:
    """Return an optimizer's defaults by name; none for what is no optimizer."""
    kind = OPTIMIZERS.get(name)
    return {} if kind is None else dict(zip(kind.hyper_names(), kind().hyper, strict=True))


class _Step(_KernelBenchmark):
    params = [BACKENDS, DTYPES, list(CASES)]

    def draw(self, rng: np.random.Generator, case: str) -> tuple[Given, Shapes]:
        names = KERNELS[self.kernel].argument_names
        options = _hyper_parameters(self.kernel.removesuffix("_step")) | OPTIONS
        given = {name: options[name] for name in names if name in options}
        given |= {name: rng.uniform(0.5, 1.5, CASES[case]) for name in names if name not in options}
        return given, {}

    @native_only("ps/parameter", CASES)
    def track_ps_per_param(self, backend: str, dtype: str, case: str) -> float:
        return self.picoseconds() / CASES[case]


# AdamStep and so on, where asv looks for them: in the module.
for _name in OPTIMIZERS:
    globals()[f"{_name.capitalize()}Step"] = type(
        f"{_name.capitalize()}Step", (_Step,), {"kernel": f"{_name}_step", "__module__": __name__}
    )


class ClipByValue(_Step):
    kernel = "clip_by_value"


class ClipByNorm(_Step):
    kernel = "clip_by_norm"


class EmaStep(_Step):
    kernel = "ema_step"
