"""scikit-learn's scorers, told of the classes that held-out samples may lack."""

from __future__ import annotations

import inspect
from copy import copy
from typing import Any

from numpy.typing import NDArray

__all__ = ["knowing_classes"]


def knowing_classes(scorer: Any, classes: NDArray[Any], *, only_where_needed: bool) -> Any:
    """The scorer with all classes for its metric; what it has been given itself stays.

    A metric of probabilities needs them, as it has a column for each class; one of predictions can do without, and
    then averages over the classes that it sees. Where two classes are not numbers the second one is the positive one.

    Parameters
    ----------
    scorer : callable
        Of a function that is not scikit-learn's nothing is known, and it stays as it is.
    classes : ndarray (k,)
    only_where_needed : bool
        Whether a metric that can do without shall do without. scikit-learn's LogisticRegressionCV tells every metric
        that takes labels, and that the second of two classes is the positive one.
    """
    metric = getattr(scorer, "_score_func", None)
    if metric is None:
        return scorer
    names = inspect.signature(metric).parameters
    always = "labels" in names and not only_where_needed
    known: dict[str, Any] = {}
    if always or ("labels" in names and scorer._response_method != "predict"):
        known["labels"] = classes
    if len(classes) == 2 and "pos_label" in names:
        if always or names["pos_label"].default not in classes.tolist():
            known["pos_label"] = classes[-1]
    informed = copy(scorer)
    informed._kwargs = known | scorer._kwargs
    return informed
