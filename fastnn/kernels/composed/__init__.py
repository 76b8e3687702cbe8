"""Whole networks and neurons out of layer kernels: the definition of training, for every backend."""
