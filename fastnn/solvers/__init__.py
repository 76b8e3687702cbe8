"""Algorithms that minimise a smooth objective, one a file: logistic regression's, and the MLP's L-BFGS."""
