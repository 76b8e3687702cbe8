"""The kernels as users call them: arguments are checked and brought into shape, outputs are made."""
