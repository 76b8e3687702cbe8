"""What compiles users' scalar functions. Importing a module of this package imports Numba or llvmlite."""
