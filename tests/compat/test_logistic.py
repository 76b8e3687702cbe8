"""scikit-learn's own tests of its LogisticRegression and LogisticRegressionCV, on ours."""

from __future__ import annotations

from swapped import swapped_tests

from fastnn import LogisticRegression, LogisticRegressionCV

_MESSAGE = "wants a solver's own words in the warning"
_INDICES = "wants 64-bit indices of a sparse X refused, which our solvers take"

DESELECTED = {
    "test_liblinear_dual_random_state": "wants results that depend on liblinear's random stream",
    "test_liblinear_with_large_values": "wants liblinear's message",
    "test_logistic_cv_multinomial_score": "calls the private _log_reg_scoring_path",
    "test_logreg_predict_proba_multinomial": "calls the private _predict_proba_lr",
    "test_logistic_regression_callback_support_warning": "wants callbacks of other solvers than lbfgs ignored",
    **{
        f"test_max_iter[{solver}-{message}-max_iter{number}]": _MESSAGE
        for solver, message in (
            ("liblinear", "Liblinear failed to converge, increase the number of iterations."),
            ("sag", "The max_iter was reached which means the coef_ did not converge"),
            ("saga", "The max_iter was reached which means the coef_ did not converge"),
            ("newton-cholesky", "Newton solver did not converge after [0-9]* iterations"),
        )
        for number in range(4)
    },
    "test_newton_cholesky_fallback_to_lbfgs": "wants newton-cholesky to give up on a singular Hessian; ours goes on",
    **{
        f"test_warm_start_newton_solver[{C}-{intercept}-newton-cg]": "wants newton-cg to keep nothing between its steps"
        for C in (1, "inf")
        for intercept in (True, False)
    },
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
