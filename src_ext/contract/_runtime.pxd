# The runtime (runtime/*.hpp) as Cython sees it: what the binding calls of it.
from libc.stdint cimport int32_t, int64_t, uint64_t
from libcpp cimport bool as cppbool

from _contract cimport Kernels


cdef extern from "runtime/cpu.hpp" namespace "fastnn" nogil:
    const int level_count
    const Kernels* kernels_of(int level) noexcept


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


cdef extern from "runtime/sums.hpp" namespace "fastnn" nogil:
    double weight_total[T](const T* weights, Py_ssize_t n) noexcept
    double sum_in_order(const double* partial, Py_ssize_t count) noexcept
    double norm_of(const double* partial, Py_ssize_t count) noexcept


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
