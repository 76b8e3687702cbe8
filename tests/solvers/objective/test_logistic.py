"""The objective of logistic regression: its derivatives, in any units."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_logistic import draw, problem


@pytest.mark.parametrize("outputs", [1, 3])
def test_derivatives_in_any_units(outputs: int) -> None:
    x, y = draw(50, 3, max(outputs, 2))
    plain = problem(x, y, alpha=np.array([0.5, 0.0, 2.0]))
    unit = np.linspace(0.5, 2, plain.n_params)
    other = plain.in_units(unit)
    params = np.random.default_rng(0).normal(size=plain.n_params)
    loss, d_params, hessian = plain.with_hessian(params)
    for found in (other(unit * params), other.with_diagonal(unit * params), other.with_product(unit * params)):
        assert found[0] == pytest.approx(loss, rel=1e-12)
        np.testing.assert_allclose(found[1], d_params / unit, atol=1e-12)
    np.testing.assert_allclose(other.with_hessian(unit * params)[2], hessian / np.outer(unit, unit), atol=1e-12)
    diagonal = other.with_diagonal(unit * params)[2]
    np.testing.assert_allclose(diagonal, hessian.diagonal() / unit**2, atol=1e-12)
    product = other.with_product(unit * params)[2]
    np.testing.assert_allclose(product(unit), hessian @ np.ones(len(unit)) / unit, atol=1e-12)
    shared = plain.with_shared_curvature(params)[2]
    blocks = [hessian[k::outputs, k::outputs] for k in range(outputs)]
    np.testing.assert_allclose(shared, np.mean(blocks, axis=0), atol=1e-12)
