# Blocks of frozen predictors (contract/serving.hpp), as in _contract.pxd, and written too.
from _contract cimport NetworkShape


cdef extern from "contract/serving.hpp" namespace "fastnn" nogil:
    const int kSubtractStep
    const int kDivideStep
    const int kMultiplyStep
    const int kAddStep
    const int kClipStep

    cdef struct ScalingStep:
        int operation
        int in_double
        const void *values

    const int kValuesAnswer
    const int kPairsAnswer
    const int kClassAnswer
    const int kLabelsAnswer
    const int kOnesAnswer

    cdef cppclass FrozenNetwork[T]:
        NetworkShape shape
        const T *params
        T *packed
        const void *table
        const ScalingStep *steps
        Py_ssize_t step_count
        Py_ssize_t columns
        Py_ssize_t last_class
        int link
        int answer
        int is_finite

    cdef cppclass Prediction[T]:
        const void *predictor
        const T *x
        T *out
        T *scratch
        Py_ssize_t n
        int *infinite
        Py_ssize_t *claimed
