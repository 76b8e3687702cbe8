"""Which methods a network of classes has: probabilities, or with hinge margins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from fastnn.losses import USER, Loss
from fastnn.plan import Plan

__all__ = ["has_margins", "has_margins_for_outputs", "has_probabilities", "name_of", "require_link"]


_WITH_PROBABILITIES = ("logistic", "softmax")


class _Classifier(Protocol):
    loss: str | Loss


def name_of(loss: str | Loss) -> str:
    """The name of a parameter `loss`, which nobody may have checked yet."""
    return loss if isinstance(loss, str) else loss.name


def has_probabilities(model: _Classifier) -> bool:
    """Whether there is a predict_proba; AttributeError if not."""
    if model.__dict__.get("out_activation_") in _WITH_PROBABILITIES:  # at once, since each prediction asks
        return True
    if _is_hinge(model):
        name = name_of(model.loss)
        raise AttributeError(f"loss={name!r} has no probabilities: use decision_function, or loss='cross_entropy'.")
    return True


def has_margins(model: _Classifier) -> bool:
    """Whether there is a decision_function; AttributeError if not."""
    if not _is_hinge(model):
        raise AttributeError(
            "decision_function is for loss='hinge', or one of yours with the link 'identity'; with probabilities use "
            "predict_proba."
        )
    return True


def has_margins_for_outputs(loss: str | Loss) -> bool:
    """Whether a network is trained on margins by it: by hinge, or by a user's own on raw outputs."""
    return name_of(loss) == "hinge" or (isinstance(loss, Loss) and loss.code == USER and loss.link == "identity")


def _is_hinge(model: _Classifier) -> bool:
    """Whether the network has, or will have, margins for outputs."""
    output: str | None = model.__dict__.get("out_activation_")
    return has_margins_for_outputs(model.loss) if output is None else output == "identity"


def require_link(has: Callable[[_Classifier], bool], model: _Classifier, plan: Plan, *links: str) -> None:
    """Raise where the model has been fitted anew, with another loss, since its method was looked up."""
    if plan.loss.link not in links:
        has(model)
