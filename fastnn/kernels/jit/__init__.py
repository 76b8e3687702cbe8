"""What is compiled on the user's machine: the layer kernels in Numba, and users' functions, which need LLVM alone."""
