"""What differs between the versions of scikit-learn that are supported, in one place."""

from __future__ import annotations

from importlib.util import find_spec

__all__ = ["HAS_CALLBACKS", "CallbackSupportMixin", "FitCallback", "with_callbacks"]

HAS_CALLBACKS = find_spec("sklearn.callback") is not None  # since 1.9

if HAS_CALLBACKS:
    from sklearn.callback import CallbackSupportMixin, FitCallback, with_callbacks
else:
    from fastnn.models.no_callbacks import CallbackSupportMixin, FitCallback, with_callbacks
