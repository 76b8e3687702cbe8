"""Metadata for the splitter and the scorer of a cross-validated estimator, as scikit-learn routes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

import sklearn
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from fastnn.models.common.warnings import warn_caller

__all__ = ["keyword_sample_weight", "route", "router_of"]

Method = TypeVar("Method", bound=Callable[..., Any])


class HasSplitter(Protocol):
    """An estimator whose rows a splitter divides."""

    cv: Any  # a number, a splitter or pairs of rows


def router_of(model: HasSplitter, scorer: Any) -> MetadataRouter:
    """Who wants what: the splitter in `fit`, the scorer in `fit` and `score`."""
    to_splitter = MethodMapping().add(caller="fit", callee="split")
    to_scorer = MethodMapping().add(caller="score", callee="score").add(caller="fit", callee="score")
    router = MetadataRouter(owner=model).add_self_request(model)
    return router.add(splitter=model.cv, method_mapping=to_splitter).add(scorer=scorer, method_mapping=to_scorer)


def route(
    model: object, method: str, sample_weight: Any, params: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What goes to the splitter's `split` and to the scorer's `score`.

    Without metadata routing the sample weights go to the scorer, and nothing else is possible.

    Raises
    ------
    ValueError
        If there are `params` without metadata routing.
    """
    metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
    if sklearn.get_config()["enable_metadata_routing"]:
        weight = {"sample_weight": sample_weight} if method == "fit" else metadata
        routed = process_routing(model, method, **weight, **params)
        splitter = routed.get("splitter", Bunch(split={}))
        return dict(splitter.split) if method == "fit" else {}, dict(routed.scorer.score)
    if params:
        raise ValueError(
            f"[{', '.join(map(repr, params))}] of {type(model).__name__}.{method} is only supported if "
            "enable_metadata_routing=True, which sklearn.set_config sets."
        )
    return {}, metadata


def keyword_sample_weight(score: Method) -> Method:
    """Let `score` take sample_weight by position, but warn: scikit-learn 1.11 takes it as a keyword only."""

    @wraps(score)
    def wrapped(self: Any, X: Any, y: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) > 1:
            raise TypeError(f"score takes X, y and sample_weight, but got {len(args) + 2} arguments by position.")
        if args:
            warn_caller("Pass sample_weight as a keyword: by position it is deprecated.", FutureWarning)
            kwargs["sample_weight"] = args[0]
        return score(self, X, y, **kwargs)

    return cast(Method, wrapped)
