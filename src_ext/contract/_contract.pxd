# The C++ side of the contract (contract/*.hpp) as Cython sees it. Do not edit: tools/contract.py writes it.
#
# The argument blocks are templates over the element type in which only pointers depend on it, so the binding fills
# the float one and passes it to either kernel: the layout is the same.
from libc.stdint cimport int32_t, int64_t, uint64_t

from _lists cimport Activation, UserLoss


cdef extern from "contract/dense.hpp" namespace "fastnn" nogil:
    cdef cppclass DenseForward[T]:
        const T *x
        const T *w
        const T *b
        T *out
        Py_ssize_t n
        Py_ssize_t i
        Py_ssize_t o
        Activation activation

    cdef cppclass DenseBackwardInput[T]:
        const T *d_z
        const T *w
        T *out
        T *scratch
        Py_ssize_t n
        Py_ssize_t i
        Py_ssize_t o

    cdef cppclass DenseBackwardParams[T]:
        const T *x
        const T *d_z
        T *d_w
        T *d_b
        Py_ssize_t n
        Py_ssize_t i
        Py_ssize_t o


cdef extern from "contract/elementwise.hpp" namespace "fastnn" nogil:
    cdef cppclass ActivationForward[T]:
        const T *z
        T *out
        Py_ssize_t n
        Py_ssize_t o
        Activation activation

    cdef cppclass ActivationBackward[T]:
        const T *z
        const T *a
        const T *d_a
        T *out
        Py_ssize_t n
        Py_ssize_t o
        Activation activation

    cdef cppclass Link[T]:
        const T *z
        T *out
        Py_ssize_t n
        Py_ssize_t o
        int link

    cdef cppclass LossAndGradient[T]:
        const T *z
        const T *y
        const T *sample_weight
        T *d_z
        double *partial
        Py_ssize_t n
        Py_ssize_t o
        int loss
        const UserLoss *users_loss
        double parameter
        double weight_total

    const Py_ssize_t kLossRows

    cdef cppclass OptimizerStep[T]:
        int optimizer
        T *params
        const T *d_params
        T *slots[1]
        Py_ssize_t count
        int64_t step
        double learning_rate
        double hyper[1]

    cdef cppclass FlatVector[T]:
        T *values
        const T *other
        double *partial
        Py_ssize_t count
        double number

    const Py_ssize_t kFlatGrain

    cdef cppclass Dropout[T]:
        const T *x
        T *out
        Py_ssize_t n
        Py_ssize_t o
        double rate
        uint64_t seed
        int64_t step
        int64_t layer
        int64_t first_row


cdef extern from "contract/features.hpp" namespace "fastnn" nogil:
    cdef struct Features:
        const void *values
        Py_ssize_t stride
        const void *indices
        const void *starts
        int has_long_indices
        Py_ssize_t n
        Py_ssize_t i
        Py_ssize_t stored
        const void *cells
        Py_ssize_t cut
        Py_ssize_t fullest_block

    cdef struct Columns:
        const double *values
        const int64_t *starts
        const int32_t *rows
        Py_ssize_t n
        Py_ssize_t m

    cdef struct Separable:
        const double *l1
        const double *l2
        const double *lower
        const double *upper


cdef extern from "contract/logistic.hpp" namespace "fastnn" nogil:
    cdef cppclass LogisticPass[T]:
        Features x
        const int32_t *y
        const T *sample_weight
        T *state
        const double *params
        Py_ssize_t o
        int has_bias
        double *d_params
        double *diagonal
        double *hessian
        double loss
        void *workspace

    cdef cppclass WeightedGram[T]:
        Features x
        const T *weight
        int has_ones
        double *out
        T *packed


cdef extern from "contract/network.hpp" namespace "fastnn" nogil:
    cdef struct NetworkShape:
        const int64_t *widths
        const Activation *activations
        const int32_t *has_bias
        const double *dropout
        Py_ssize_t layers

    cdef cppclass NetworkForward[T]:
        NetworkShape shape
        const T *params
        const T *x
        Features sparse
        T *out
        T *scratch
        Py_ssize_t n
        int link
        int pairs
        int *infinite
        Py_ssize_t *claimed

    cdef cppclass Epoch[T]:
        NetworkShape shape
        const T *x
        Features sparse
        Py_ssize_t longest_row
        const T *y
        const T *sample_weight
        const int64_t *order
        Py_ssize_t n
        Py_ssize_t batch_size
        int loss
        int optimizer
        const UserLoss *users_loss
        double loss_parameter
        double alpha
        double l1
        double clip_value
        double clip_norm
        double ema
        uint64_t seed
        double hyper[1]
        const double *learning_rates
        int64_t first_step
        T *params
        T *slots[1]
        T *d_params
        void *workspace
        int resumes
        int ends
        const int32_t *interrupted
        Py_ssize_t next_step
        Py_ssize_t last_step
        double deadline
        Py_ssize_t rows_done
        double batch_loss
        int paused
        double loss_sum
        double penalty_sum
        int stopped


cdef extern from "contract/neuron.hpp" namespace "fastnn" nogil:
    const Py_ssize_t kNeuronBlocks
    const Py_ssize_t kNeuronBlockRows
    const Py_ssize_t kNeuronStride

    cdef cppclass NeuronEpoch[T]:
        const T *x
        const T *y
        const T *sample_weight
        const int64_t *order
        Py_ssize_t n
        Py_ssize_t i
        Py_ssize_t batch_size
        Activation activation
        const double *learning_rates
        Py_ssize_t stride
        T *params
        double *total
        Py_ssize_t block_rows
        T *partial
        double *gradient
        Py_ssize_t next_row
        Py_ssize_t slab_rows
        double deadline
        double loss_sum
        double weight_sum
        double batch_weight
        double partial_loss[16]
        double partial_weight[16]


cdef extern from "contract/share.hpp" namespace "fastnn" nogil:
    cdef struct Share:
        Py_ssize_t begin
        Py_ssize_t end

    Share share_of(Py_ssize_t, Py_ssize_t, int, int) noexcept


cdef extern from "contract/solvers.hpp" namespace "fastnn" nogil:
    cdef struct ColumnSums:
        Columns columns
        const double *d_z
        const double *weight
        const double *p
        double *d_w
        double *curvature
        double *moment
        Py_ssize_t o

    cdef struct Descent:
        Separable penalty
        const double *hessian
        double *w
        double *d_w
        int64_t *active
        Py_ssize_t coordinates
        Py_ssize_t max_sweeps
        double tolerance
        Py_ssize_t sweeps
        double fall
        Columns columns
        Separable penalty_b
        const double *weight
        const double *p
        const double *curvature
        const double *moment
        const double *d_b
        const double *curvature_b
        double *b
        double *u
        double *q
        double weight_total
        Py_ssize_t n
        Py_ssize_t o
        int eliminated

    cdef struct LimitedMemory:
        const double *steps
        const double *changes
        const double *curvatures
        double *factors
        double *vector
        Py_ssize_t size
        Py_ssize_t p
        Py_ssize_t newest
        Py_ssize_t count

    cdef cppclass Saga[T]:
        Features x
        const int32_t *y
        const T *sample_weight
        const int64_t *order
        const double *shift
        const double *scale
        Py_ssize_t turns
        Py_ssize_t rows
        Py_ssize_t o
        int has_bias
        double step
        double total
        Separable penalty
        double *params
        double *table
        double *d_params
        double largest
        void *workspace


ctypedef void (*TeamKernel)(const void*, int, int) noexcept nogil
ctypedef void (*EpochKernel)(void*, int, int) noexcept nogil
ctypedef void (*EpochFunction)(void*) noexcept nogil
ctypedef void (*BlockFunction)(const void*) noexcept nogil
ctypedef Py_ssize_t (*BlockElements)(const void*) noexcept nogil
ctypedef size_t (*BlockBytes)(const void*) noexcept nogil
ctypedef size_t (*TeamBytes)(const void*, int) noexcept nogil
ctypedef Py_ssize_t (*MatrixElements)(Py_ssize_t, Py_ssize_t) noexcept nogil
ctypedef void (*ActivationKernel)(const Activation*, const void*, void*, void*, Py_ssize_t) noexcept nogil
ctypedef double (*DotProduct)(const double*, const double*, Py_ssize_t) noexcept nogil
ctypedef double (*PeakRate)() noexcept nogil
ctypedef double (*ReadSeconds)(const void*, Py_ssize_t, int) noexcept nogil


cdef extern from "contract/kernels.hpp" namespace "fastnn" nogil:
    cdef struct Kernels:
        TeamKernel dense_forward[2]
        TeamKernel dense_backward_input[2]
        MatrixElements dense_backward_input_scratch[2]
        BlockFunction pack_transposed[2]
        TeamKernel dense_backward_params[2]
        TeamKernel activation_forward[2]
        TeamKernel activation_backward[2]
        ActivationKernel activate[2]
        TeamKernel link[2]
        TeamKernel loss_and_gradient[2]
        TeamKernel optimizer_step[2]
        TeamKernel clip_by_value[2]
        TeamKernel sum_of_squares[2]
        TeamKernel check_finite[2]
        TeamKernel scale[2]
        TeamKernel ema_step[2]
        TeamKernel dropout[2]
        BlockElements network_forward_scratch[2]
        TeamKernel network_forward[2]
        BlockBytes epoch_workspace[2]
        EpochFunction epoch_prepare[2]
        EpochKernel epoch_run[2]
        EpochFunction epoch_finish[2]
        EpochFunction epoch_slots[2]
        EpochFunction neuron_online[2]
        EpochKernel neuron_gradient[2]
        EpochFunction neuron_add[2]
        TeamBytes logistic_workspace[2]
        EpochFunction logistic_prepare[2]
        TeamKernel logistic_rows[2]
        TeamKernel logistic_sums[2]
        EpochFunction logistic_finish[2]
        BlockElements gram_scratch[2]
        TeamKernel gram_columns[2]
        TeamKernel gram_mirror[2]
        BlockBytes saga_workspace[2]
        EpochFunction saga_epoch[2]
        PeakRate fma_peak[2]
        ReadSeconds read_seconds[2]
        BlockElements predictor_size[2]
        BlockFunction pack_predictor[2]
        BlockElements predict_scratch[2]
        TeamKernel predict[2]
        TeamKernel column_sums
        TeamKernel quadratic_descent
        TeamKernel column_descent
        TeamKernel memory_backward
        TeamKernel memory_forward
        DotProduct dot
        const char *name
        int vector_bytes
