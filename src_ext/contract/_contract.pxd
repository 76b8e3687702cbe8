# The C++ side of the contract (runtime/*.hpp) as Cython sees it.
#
# The argument blocks are templates over the element type in which only pointers depend on it, so the binding fills
# the float one and passes it to either kernel: the layout is the same.
from libc.stdint cimport int32_t, int64_t, uint64_t
from libcpp cimport bool as cppbool


ctypedef void (*TeamKernel)(const void*, int, int) noexcept nogil
ctypedef void (*EpochKernel)(void*, int, int) noexcept nogil
ctypedef void (*EpochFunction)(void*) noexcept nogil


cdef extern from "contract/activations.hpp" namespace "fastnn" nogil:
    const int kUsersOwn
    const int kActivationCount

    cdef cppclass UserActivation:
        pass

    cdef struct Activation:
        int code
        double parameters[2]
        const UserActivation *users

    cdef struct ActivationFacts:
        const char *name
        int parameters
        const double *defaults

    const ActivationFacts kActivationFacts[1]

    Activation listed_activation(int code) noexcept
    cppbool is_row_function(int code) noexcept


cdef extern from "contract/kernels.hpp" namespace "fastnn" nogil:
    const Py_ssize_t kLossRows

    cdef cppclass DenseForward[T]:
        const T *x
        const T *w
        const T *b
        T *out
        Py_ssize_t n, i, o
        Activation activation

    cdef cppclass DenseBackwardInput[T]:
        const T *d_z
        const T *w
        T *out
        T *scratch
        Py_ssize_t n, i, o

    cdef cppclass DenseBackwardParams[T]:
        const T *x
        const T *d_z
        T *d_w
        T *d_b
        Py_ssize_t n, i, o

    cdef cppclass ActivationForward[T]:
        const T *z
        T *out
        Py_ssize_t n, o
        Activation activation

    cdef cppclass ActivationBackward[T]:
        const T *z
        const T *a
        const T *d_a
        T *out
        Py_ssize_t n, o
        Activation activation

    cdef cppclass Link[T]:
        const T *z
        T *out
        Py_ssize_t n, o
        int loss

    cdef cppclass LossAndGradient[T]:
        const T *z
        const T *y
        const T *sample_weight
        T *d_z
        double *partial
        Py_ssize_t n, o
        int loss
        double parameter, weight_total

    cdef cppclass OptimizerStep[T]:
        int optimizer
        T *params
        const T *d_params
        T *slots[3]
        Py_ssize_t count
        int64_t step
        double learning_rate
        double hyper[4]

    const Py_ssize_t kFlatGrain

    cdef cppclass FlatVector[T]:
        T *values
        const T *other
        double *partial
        Py_ssize_t count
        double number

    cdef cppclass Dropout[T]:
        const T *x
        T *out
        Py_ssize_t n, o
        double rate
        uint64_t seed
        int64_t step, layer, first_row

    cdef cppclass NetworkShape:
        const int64_t *widths
        const Activation *activations
        const int32_t *has_bias
        const double *dropout
        Py_ssize_t layers

    cdef struct Features:
        const void *values
        Py_ssize_t stride
        const void *indices
        const void *starts
        int has_long_indices
        Py_ssize_t n, i, stored
        const void *cells
        Py_ssize_t cut, fullest_block

    cdef cppclass NetworkForward[T]:
        NetworkShape shape
        const T *params
        const T *x
        Features sparse
        T *out
        T *scratch
        Py_ssize_t n
        int link, pairs
        int *infinite
        Py_ssize_t *claimed

    const int kNoLink

    cdef int kStoreGradient
    cdef int kMaxSlots
    cdef int kMaxHyper
    int slots_of(int optimizer) noexcept

    cdef cppclass Epoch[T]:
        NetworkShape shape
        const T *x
        Features sparse
        Py_ssize_t longest_row
        const T *y
        const T *sample_weight
        const int64_t *order
        Py_ssize_t n, batch_size
        int loss, optimizer
        double loss_parameter, alpha, l1
        double clip_value, clip_norm, ema
        uint64_t seed
        double hyper[4]
        const double *learning_rates
        int64_t first_step
        T *params
        T *slots[3]
        T *d_params
        void *workspace
        bint resumes, ends
        const int32_t *interrupted
        Py_ssize_t next_step, last_step
        double deadline
        Py_ssize_t rows_done
        double loss_sum, penalty_sum
        int stopped

    const Py_ssize_t kNeuronBlocks
    const Py_ssize_t kNeuronStride

    cdef cppclass NeuronEpoch[T]:
        const T *x
        const T *y
        const T *sample_weight
        const int64_t *order
        Py_ssize_t n, i, batch_size
        Activation activation
        const double *learning_rates
        Py_ssize_t stride
        T *params
        double *total
        Py_ssize_t block_rows
        T *partial
        double *gradient
        Py_ssize_t next_row, slab_rows
        double deadline
        double loss_sum, weight_sum
        double batch_weight

    cdef cppclass Columns:
        const double *values
        const int64_t *starts
        const int32_t *rows
        Py_ssize_t n, m

    cdef cppclass Separable:
        const double *l1
        const double *l2
        const double *lower
        const double *upper

    cdef cppclass ColumnSums:
        Columns columns
        const double *d_z
        const double *weight
        const double *p
        double *d_w
        double *curvature
        double *moment
        Py_ssize_t o

    cdef cppclass Descent:
        Separable penalty
        const double *hessian
        double *w
        double *d_w
        int64_t *active
        Py_ssize_t coordinates, max_sweeps
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
        Py_ssize_t n, o
        int eliminated

    cdef cppclass LimitedMemory:
        const double *steps
        const double *changes
        const double *curvatures
        double *factors
        double *vector
        Py_ssize_t size, p, newest, count

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

    cdef cppclass Saga[T]:
        Features x
        const int32_t *y
        const T *sample_weight
        const int64_t *order
        const double *shift
        const double *scale
        Py_ssize_t turns, rows, o
        int has_bias
        double step, total
        Separable penalty
        double *params
        double *table
        double *d_params
        double largest
        void *workspace

    cdef cppclass WeightedGram[T]:
        Features x
        const T *weight
        int has_ones
        double *out
        T *packed

    cdef cppclass Kernels:
        const char *name
        int vector_bytes
        TeamKernel dense_forward[2]
        TeamKernel dense_backward_input[2]
        Py_ssize_t (*dense_backward_input_scratch[2])(Py_ssize_t, Py_ssize_t) noexcept
        void (*pack_transposed[2])(const void*) noexcept
        TeamKernel dense_backward_params[2]
        TeamKernel activation_forward[2]
        TeamKernel activation_backward[2]
        TeamKernel link[2]
        TeamKernel loss_and_gradient[2]
        TeamKernel optimizer_step[2]
        TeamKernel clip_by_value[2]
        TeamKernel sum_of_squares[2]
        TeamKernel sum_of_nothing[2]
        TeamKernel scale[2]
        TeamKernel ema_step[2]
        TeamKernel dropout[2]
        Py_ssize_t (*network_forward_scratch[2])(const void*) noexcept
        TeamKernel network_forward[2]
        size_t (*epoch_workspace[2])(const void*) noexcept
        EpochFunction epoch_prepare[2]
        EpochKernel epoch_run[2]
        EpochFunction epoch_finish[2]
        EpochFunction epoch_slots[2]
        EpochFunction neuron_online[2]
        EpochKernel neuron_gradient[2]
        EpochFunction neuron_add[2]
        TeamKernel column_sums
        TeamKernel quadratic_descent
        TeamKernel column_descent
        TeamKernel memory_backward
        TeamKernel memory_forward
        double (*dot)(const double*, const double*, Py_ssize_t) noexcept
        size_t (*saga_workspace[2])(const void*) noexcept
        EpochFunction saga_epoch[2]
        size_t (*logistic_workspace[2])(const void*, int) noexcept
        EpochFunction logistic_prepare[2]
        TeamKernel logistic_rows[2]
        TeamKernel logistic_sums[2]
        EpochFunction logistic_finish[2]
        Py_ssize_t (*gram_scratch[2])(const void*) noexcept
        TeamKernel gram_columns[2]
        TeamKernel gram_mirror[2]
        double (*fma_peak[2])() noexcept
        double (*read_seconds[2])(const void*, Py_ssize_t, int) noexcept


cdef extern from "runtime/cpu.hpp" namespace "fastnn" nogil:
    int available_kernels(const Kernels** tables) noexcept


cdef extern from "runtime/pool.hpp" namespace "fastnn" nogil:
    const int kMaxTeam
    ctypedef void (*TeamFunction)(void*, int, int) noexcept nogil
    int run_team(int team, TeamFunction function, void* arguments) noexcept
    int run_shares(int team, TeamFunction function, void* arguments) noexcept
    bint pool_is_awake() noexcept
    void wake_pool(int team) noexcept


cdef extern from "runtime/interrupt.hpp" nogil:
    int fastnn_interrupted() noexcept


cdef extern from "runtime/interrupt.hpp" namespace "fastnn" nogil:
    cdef cppclass Job:
        int32_t stopped
    void begin_job(Job* job) noexcept
    void end_job(Job* job) noexcept
    double look_every(double seconds) noexcept
    const int32_t* obey(const int32_t* cancelled) noexcept
    void watch_signals(int (*look)() noexcept, unsigned long main_thread) noexcept


cdef extern from "runtime/team_size.hpp" namespace "fastnn" nogil:
    int allowed_team(int team) noexcept
    void keep_teams(bint as_asked) noexcept
    double crowded_seconds() noexcept


cdef extern from "runtime/scratch.hpp" namespace "fastnn" nogil:
    void* allocate(size_t nbytes) noexcept
    void release(void* memory, size_t nbytes) noexcept

    cdef cppclass Scratch:
        void* take(size_t nbytes) noexcept


cdef extern from "runtime/indices.hpp" namespace "fastnn" nogil:
    bint copy_indices[Given, Own](const Given* given, Own* own, Py_ssize_t count, Py_ssize_t limit) noexcept
    Py_ssize_t copy_starts[Given, Own](const Given* given, Own* own, Py_ssize_t count, Py_ssize_t stored) noexcept


cdef extern from "runtime/random.hpp" namespace "fastnn" nogil:
    void permutation(uint64_t seed, uint64_t epoch, int64_t* order, Py_ssize_t n) noexcept


cdef extern from * nogil:
    """
    extern "C" double fastnn_seconds();
    /* threadpoolctl knows this module by its one exported symbol (fastnn/_threadpool.py). */
    extern "C" __attribute__((visibility("default"), used)) int fastnn_thread_pool() { return 1; }
    #ifndef FASTNN_BUILD_INFO
    #define FASTNN_BUILD_INFO ""
    #endif
    static const char* fastnn_build_info() { return FASTNN_BUILD_INFO; }
    /* The flag is set now; what it was before, also where several threads ask at a time. */
    static inline bool set_and_tell(bool* flag) { return __atomic_exchange_n(flag, true, __ATOMIC_ACQ_REL); }
    static inline void clear(bool* flag) { __atomic_store_n(flag, false, __ATOMIC_RELEASE); }
    """
    double fastnn_seconds() noexcept
    const char* fastnn_build_info() noexcept
    cppbool set_and_tell(cppbool* flag) noexcept
    void clear(cppbool* flag) noexcept
