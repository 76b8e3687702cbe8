"""Logistic regression's algorithms: from the name of a solver, by a table, to the coefficients."""
