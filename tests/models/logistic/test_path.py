"""The path of penalties: each model is the one that fits by itself."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.datasets import load_breast_cancer, load_iris

from fastnn import LogisticRegression, logistic_regression_path

CS = [10.0, 1e-3, 0.1]


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
def test_every_model_is_its_own_fit(load, l1_ratio):
    x, y = load(return_X_y=True)
    path = logistic_regression_path(x, y, Cs=CS, l1_ratio=l1_ratio, tol=1e-10, max_iter=1000)
    assert path.Cs.tolist() == CS
    np.testing.assert_array_equal(path.classes, np.unique(y))
    for k, C in enumerate(CS):
        alone = LogisticRegression(C=C, l1_ratio=l1_ratio, tol=1e-10, max_iter=1000).fit(x, y)
        np.testing.assert_allclose(path.coefs[k], alone.coef_, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(path.intercepts[k], alone.intercept_, rtol=1e-4, atol=1e-5)


def test_options():
    x, y = load_iris(return_X_y=True)
    weight = np.arange(len(y)) % 3
    options = {"fit_intercept": False, "class_weight": "balanced", "tol": 1e-9}
    path = logistic_regression_path(csr_array(x.astype(np.float32)), y, Cs=3, sample_weight=weight, **options)
    np.testing.assert_allclose(path.Cs, [1e-4, 1.0, 1e4])
    assert path.coefs.shape == (3, 3, 4)
    assert path.coefs.dtype == np.float32
    assert not path.intercepts.any()
    assert (path.n_iter > 0).all()
    alone = LogisticRegression(**options).fit(x, y, weight)
    np.testing.assert_allclose(path.coefs[1], alone.coef_, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"Cs": 0}, "Cs=0 is not possible"),
        ({"Cs": [1.0, -1.0]}, "numbers above 0"),
        ({"Cs": []}, "numbers above 0"),
        ({"l1_ratio": 2.0}, "'l1_ratio' parameter"),
        ({"backend": "nativ"}, "backend"),
    ],
)
def test_refused(options, message):
    with pytest.raises(ValueError, match=message):
        logistic_regression_path(*load_iris(return_X_y=True), **options)
