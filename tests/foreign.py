"""The least that arrays of other libraries have in common: what reads them must not ask for more."""

from __future__ import annotations

from typing import Any

import numpy as np


class DLPackTensor:
    """A tensor that can be handed over by DLPack, and nothing else; on the CPU, or on device 2, which is CUDA."""

    def __init__(self, array: Any, device: int = 1) -> None:
        self._array = np.asarray(array)
        self._device = device

    def __dlpack__(self, **how: Any) -> Any:
        return self._array.__dlpack__(**how)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._device, 0


class ArrayAPITensor(DLPackTensor):
    """One of the array API standard, with a dtype that NumPy does not know."""

    dtype = "foreign.float"
    device = "cpu"

    @property
    def shape(self) -> tuple[int, ...]:
        return self._array.shape

    @property
    def ndim(self) -> int:
        return self._array.ndim

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return np


class TorchTensor:
    """One as PyTorch has them: NumPy may ask for it, but not where there is a gradient."""

    dtype = "torch.float"
    device = "cpu"

    def __init__(self, array: Any, requires_grad: bool = False) -> None:
        self._array = np.asarray(array)
        self.shape = self._array.shape
        self.requires_grad = requires_grad

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, key: Any) -> TorchTensor:
        return TorchTensor(self._array[key])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        return self._array.astype(dtype or self._array.dtype)


def on_a_device(array: Any) -> DLPackTensor:
    """A tensor in the memory of something else than the CPU."""
    return DLPackTensor(array, device=2)


def with_gradient(array: Any) -> TorchTensor:
    """A tensor that takes part in automatic differentiation."""
    return TorchTensor(array, requires_grad=True)


TENSORS: dict[str, Any] = {"DLPack": DLPackTensor, "array API": ArrayAPITensor, "PyTorch": TorchTensor}
UNREADABLE: dict[str, Any] = {"on a device": on_a_device, "with a gradient": with_gradient}
