"""Networks inside users' functions that are compiled with Numba."""
