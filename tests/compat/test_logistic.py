"""scikit-learn's own tests of its LogisticRegression and LogisticRegressionCV, on ours."""

from __future__ import annotations

from swapped import swapped_tests

from fastnn import LogisticRegression, LogisticRegressionCV

_INDICES = "wants 64-bit indices of a sparse X refused, which our solvers take"

DESELECTED = {
    "test_liblinear_dual_random_state": "wants results that depend on liblinear's random stream",
    "test_liblinear_with_large_values": "wants liblinear's message",
    "test_logistic_cv_multinomial_score": "calls the private _log_reg_scoring_path",
    "test_logreg_predict_proba_multinomial": "calls the private _predict_proba_lr",
    **{
        f"test_large_sparse_matrix[{kind}-{solver}]": _INDICES
        for kind in ("csr_matrix", "csr_array")
        for solver in ("liblinear", "sag", "saga")
    },
}

globals().update(
    swapped_tests(
        "sklearn.linear_model.tests.test_logistic",
        {"sklearn.linear_model": (LogisticRegression, LogisticRegressionCV)},
        DESELECTED,
    )
)
