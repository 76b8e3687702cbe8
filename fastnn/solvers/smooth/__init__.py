"""Algorithms for objectives with a gradient: Newton's method, L-BFGS, gradient descent."""
