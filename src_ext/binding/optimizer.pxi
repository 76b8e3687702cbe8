# One optimizer step on flat vectors, in place; optimizer_steps.pxi has the functions for Python.

cdef extern from "contract/optimizers.hpp" namespace "fastnn" nogil:
    cdef struct OptimizerTraits:
        const char *name
        int slots, hyper

    const OptimizerTraits kOptimizerTraits[]
    int kOptimizers

OPTIMIZER_CODES = {kOptimizerTraits[code].name.decode(): code for code in range(kOptimizers)}


# The ranges of fastnn.optimizers, which says them in words.
cdef inline bint is_share(double value) noexcept:
    return 0 <= value <= 1


cdef inline bint is_below_one(double value) noexcept:
    return 0 <= value < 1


cdef inline bint is_not_negative(double value) noexcept:
    return 0 <= value < INFINITY


cdef inline bint is_above_zero(double value) noexcept:
    return 0 < value < INFINITY


cdef int optimizer_step(int optimizer, cnp.ndarray params, cnp.ndarray d_params, tuple slots, int64_t step,
                        double learning_rate, tuple hyper, bint in_range, Py_ssize_t n_threads) except -1:
    cdef OptimizerStep[float] g
    cdef int kind = kind_of(params)
    cdef Py_ssize_t k
    cdef cnp.ndarray slot
    if step < 1:
        raise ValueError(f"step={step}, wanted at least 1")
    if not in_range or not is_not_negative(learning_rate):
        raise ValueError(f"learning_rate={learning_rate} and {hyper}: one of them is out of its range")
    g.optimizer, g.step, g.learning_rate = optimizer, step, learning_rate
    g.params = <float*>output_1d(params, "params", kind, -1)
    g.count = cnp.PyArray_DIM(params, 0)
    g.d_params = <float*>input_1d(d_params, "d_params", kind, g.count)
    apart(params, d_params)
    for k in range(len(slots)):
        slot = slots[k]
        g.slots[k] = <float*>output_1d(slot, "an optimizer's state", kind, g.count)
        apart(slot, params)
        apart(slot, d_params)
    for k in range(1, len(slots)):
        for other in slots[:k]:
            apart(slots[k], other)
    for k in range(len(hyper)):
        g.hyper[k] = hyper[k]
    run(kernels.optimizer_step[kind], &g, 32.0 * g.count, n_threads)
    return 0
