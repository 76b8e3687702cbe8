"""Logistic regression's penalty, from the parameters that scikit-learn has for it over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.models.base import warn_caller

__all__ = ["has_penalty", "penalty_strength", "refuse_unsupported"]


def penalty_strength(model: Any) -> float:
    """The alpha of ``sum of losses + alpha |coef_|**2 / 2``.

    Raises
    ------
    ValueError
        If the parameters ask for something that no solver here does.
    """
    ratio = _l1_ratio(model)
    refuse_unsupported(model, ratio if has_penalty(model) else 0.0)
    if model.n_jobs is not None:
        warn_caller(f"'n_jobs' has no effect (n_jobs={model.n_jobs}); see n_threads.", FutureWarning)
    return 1.0 / model.C if has_penalty(model) else 0.0


def has_penalty(model: Any) -> bool:
    """Whether anything but the likelihood decides the coefficients."""
    C = model.C if hasattr(model, "C") else np.min(model.C_)  # that cross-validation chose
    return bool(model.penalty is not None and C != np.inf)


def _l1_ratio(model: Any) -> float:
    """Share of L1 in the penalty; warns about deprecated and contradictory values."""
    if model.penalty == "deprecated":
        if model.l1_ratio is None:
            warn_caller("'l1_ratio=None' was deprecated; use a number from 0 to 1.", FutureWarning)
        return float(model.l1_ratio or 0)
    warn_caller(
        "'penalty' was deprecated. Leave it unset and use l1_ratio (0 for 'l2', 1 for 'l1'), "
        "or C=np.inf instead of penalty=None.",
        FutureWarning,
    )
    if model.penalty is None:
        if model.C != 1.0:
            warn_caller("Setting penalty=None will ignore the C parameter.", UserWarning)
        return 0.0
    if model.penalty == "elasticnet":
        if model.l1_ratio is None:
            raise ValueError("penalty='elasticnet' needs l1_ratio, a number from 0 to 1.")
        return float(model.l1_ratio)
    ratio = float(model.penalty == "l1")
    if model.l1_ratio != ratio:
        warn_caller(
            f"Inconsistent values: penalty={model.penalty} with l1_ratio={model.l1_ratio}. Use l1_ratio only.",
            UserWarning,
        )
    return ratio


def refuse_unsupported(model: Any, ratio: float) -> None:
    """Raise ValueError for a share of L1, or other parameters, that no solver here supports."""
    if ratio != 0:
        raise ValueError(
            f"Solver {model.solver} supports only 'l2' or None penalties, got l1_ratio={ratio}: "
            "an L1 share of the penalty is not supported. Use l1_ratio=0."
        )
    if model.dual:
        raise ValueError(f"Solver {model.solver} supports only dual=False, got dual=True. Use dual=False.")
    if model.solver == "liblinear":
        raise ValueError(
            "solver='liblinear' is not supported: it penalises the intercept, and no solver here "
            "does. Use solver='auto'."
        )
    if model.intercept_scaling != 1:
        raise ValueError(
            f"intercept_scaling={model.intercept_scaling} is not supported: only liblinear's "
            "penalty of the intercept has a use for it. Leave it at 1."
        )
