"""Types of what converters make of other libraries' classes, which publish no types, or need not be installed."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray

from fastnn.models.common.given import MatrixLike

__all__ = ["FittedEstimator", "TorchSequential"]


class FittedEstimator(Protocol):
    """A fitted estimator, or a Pipeline; it has whatever its class has."""

    def predict(self, X: MatrixLike) -> NDArray[Any]:
        """Predict labels or numbers."""
        ...

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get the parameters by their names."""
        ...

    def __getattr__(self, name: str) -> Any: ...


class TorchSequential(Protocol):
    """A torch.nn.Sequential; it has whatever that has."""

    def __call__(self, x: Any, /) -> Any:
        """Compute what the modules give for a tensor."""
        ...

    def __getattr__(self, name: str) -> Any: ...
