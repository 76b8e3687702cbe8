"""Derivatives of scalar Python functions by forward-mode dual numbers, without a compiler.

A dual number is a value and its derivative by one argument. `differentiated` calls a copy of a function in which the
functions of `math` and NumPy are replaced with those of dual numbers, and so gives value and slope at once. The
reference backend computes with it, and what compilers make of the same functions is compared with it.

References
----------
Wengert (1964), "A simple automatic derivative evaluation program".
"""

from fastnn.dual_numbers.copies import differentiated
from fastnn.dual_numbers.number import Dual, is_number

__all__ = ["Dual", "differentiated", "is_number"]
