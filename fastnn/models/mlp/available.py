"""Which methods a network of classes has: probabilities, or with hinge margins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from fastnn.losses import Loss
from fastnn.training.engine import Engine

__all__ = ["has_margins", "has_probabilities", "name_of", "require_link"]


class _Classifier(Protocol):
    loss: str | Loss


def name_of(loss: str | Loss) -> str:
    """The name of a parameter `loss`, which nobody may have checked yet."""
    return loss if isinstance(loss, str) else loss.name


def has_probabilities(model: _Classifier) -> bool:
    """Whether there is a predict_proba; AttributeError if not."""
    if _is_hinge(model):
        raise AttributeError("loss='hinge' has no probabilities: use decision_function, or loss='cross_entropy'.")
    return True


def has_margins(model: _Classifier) -> bool:
    """Whether there is a decision_function; AttributeError if not."""
    if not _is_hinge(model):
        raise AttributeError("decision_function is for loss='hinge'; with 'cross_entropy' use predict_proba.")
    return True


def _is_hinge(model: _Classifier) -> bool:
    """Whether the network has, or will have, margins for outputs."""
    output: str | None = getattr(model, "out_activation_", None)
    return name_of(model.loss) == "hinge" if output is None else (output == "identity")


def require_link(has: Callable[[_Classifier], bool], model: _Classifier, engine: Engine, *links: str) -> None:
    """Raise where the model has been fitted anew, with another loss, since its method was looked up."""
    if engine.plan.loss.link not in links:
        has(model)
