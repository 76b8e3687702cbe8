"""Users' own activations and losses beside the library's twins, and what the first use of one costs."""

from __future__ import annotations

from .cases import DTYPES
from .common import best_of
from .own_cases import FIRST_USES, HAS_OWN_LOSSES, OWN_LOSSES, OWN_NETWORKS, VALUES, epochs, first_use, losses


class OwnActivation:
    """An epoch of training with a user's activation."""

    params = [DTYPES, list(OWN_NETWORKS), list(VALUES)]
    param_names = ["dtype", "network", "activation"]
    version = "1"

    def track_ratio_to_built_in(self, dtype: str, network: str, activation: str) -> float:
        best = best_of(epochs(OWN_NETWORKS[network], dtype, activation))
        return best["own"] / best["fastnn"]

    track_ratio_to_built_in.unit = "x"  # type: ignore[attr-defined]


class OwnLoss:
    """Values and gradients of a user's loss."""

    params = [DTYPES, list(OWN_LOSSES)]
    param_names = ["dtype", "loss"]
    version = "1"

    def setup(self, dtype: str, loss: str) -> None:
        if not HAS_OWN_LOSSES:  # asv skips the case
            raise NotImplementedError("this version of fastnn has no losses of users")

    def track_ratio_to_built_in(self, dtype: str, loss: str) -> float:
        best = best_of(losses(dtype, loss))
        return best["own"] / best["fastnn"]

    track_ratio_to_built_in.unit = "x"  # type: ignore[attr-defined]


class FirstUse:
    """What is compiled at its first use, in a new process that finds empty caches or filled ones."""

    params = [["activation", "loss", "network in a jitted loop"]]
    param_names = ["case"]
    version = "1"

    def setup(self, case: str) -> None:
        if case not in FIRST_USES:  # asv skips the case
            raise NotImplementedError("this version of fastnn has no such thing")

    def track_cold(self, case: str) -> float:
        return min(first_use(case, warm=False) for _ in range(2))

    def track_warm(self, case: str) -> float:
        return min(first_use(case, warm=True) for _ in range(2))

    track_cold.unit = track_warm.unit = "s"  # type: ignore[attr-defined]
