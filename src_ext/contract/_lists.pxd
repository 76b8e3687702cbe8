# The lists of the contract (activations.hpp, losses.hpp, optimizers.hpp) as Cython sees them.

from libcpp cimport bool as cppbool


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


cdef extern from "contract/losses.hpp" namespace "fastnn" nogil:
    const int kLossCount

    cdef struct ListedLoss:
        const char *name
        int link

    const ListedLoss *kListedLosses
    const int kNoLink
    const int kLinkCount
    const char **kLinkNames

    ctypedef void (*LossTile)(const void*, const void*, const void*, void*, void*, Py_ssize_t) noexcept nogil
    ctypedef double (*LossRun)(const void*, const void*, const void*, void*, double, Py_ssize_t) noexcept nogil

    cdef struct UserLoss:
        LossTile tile
        const void *parameters
        LossRun run


cdef extern from "contract/optimizers.hpp" namespace "fastnn" nogil:
    const int kMaxSlots
    const int kStoreGradient
    int slots_of(int optimizer) noexcept
