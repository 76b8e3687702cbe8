"""Networks inside functions that are compiled with Numba: what `jit` of a model gives."""
