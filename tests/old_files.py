"""Saved models of every format version, which all later versions must read, with their answers.

``python tests/old_files.py`` writes the set of the present version; once that is released, its set never changes.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from estimators import MODELS, X, Y
from sklearn.base import clone

from fastnn import Dense, Dropout, Network
from fastnn.storage.files import FORMAT_VERSION

FOLDER = Path(__file__).parent / "saved"
NAMES = ("perceptron", "unit", "unpenalised", "cross-validated", "everything", "quantile")


def answers_of(model: Any, x: np.ndarray) -> list[Any]:
    """What a model says of some rows; probabilities, where it has them."""
    answers: list[Any] = getattr(model, "predict_proba", model.predict)(x).tolist()
    return answers


def write_set(folder: Path) -> None:
    """Write one model of every kind, and what they answer to five rows."""
    folder.mkdir(parents=True, exist_ok=True)
    network = Network([Dense(4, "gelu"), Dropout(0.1), Dense(2)], n_inputs=3, loss="cross_entropy", random_state=0)
    models = {name: clone(MODELS[name]).fit(X, Y) for name in NAMES} | {"network": network.fit(X, Y, epochs=3)}
    facts: dict[str, Any] = {"X": X[:5].tolist()}
    for name, model in models.items():
        model.save(folder / f"{name}.safetensors")
        facts[name] = {"class": type(model).__name__, "answers": answers_of(model, X[:5])}
    (folder / "answers.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    write_set(FOLDER / str(FORMAT_VERSION))
