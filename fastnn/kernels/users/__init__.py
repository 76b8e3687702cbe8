"""Users' own functions for the native kernels: compiled once on a machine, and kept on disk under what they are."""
