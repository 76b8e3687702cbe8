# Ctrl-C while kernels run: a call that may be long runs as a job, without the GIL, and its kernels ask between pieces
# of work whether it shall end (runtime/interrupt.hpp).

import threading

cdef extern from "Python.h":
    int check_signals "PyErr_CheckSignals"() noexcept


cdef int look_for_signals() noexcept with gil:
    """Run the handlers of the signals that have come; whether one has raised. The error stays set."""
    return check_signals() != 0


watch_signals(look_for_signals, <unsigned long>threading.main_thread().ident)


cdef inline int raise_if_stopped(const Job& job) except -1:
    """What a signal's handler has raised while the job ran; KeyboardInterrupt where another thread has cancelled it."""
    if job.stopped and PyErr_Occurred() == NULL:
        raise KeyboardInterrupt
    return -1 if job.stopped else 0


cdef int run_released(TeamKernel kernel, void* arguments, int team) except -1:
    cdef Job job
    with nogil:
        begin_job(&job)
        run_shares(team, <TeamFunction>kernel, arguments)
        end_job(&job)
    return raise_if_stopped(job)


@cython.final
@cython.auto_pickle(False)
cdef class Cancellation:
    """Ends what other threads do: once it is set, kernels that they run raise KeyboardInterrupt."""
    cdef int32_t flag

    def set(self):
        """End what `run` runs, now and later."""
        self.flag = 1

    def is_set(self):
        """Whether it is set."""
        return self.flag != 0

    def run(self, function, *arguments):
        """function(*arguments), whose kernels in this thread the Cancellation ends."""
        cdef const int32_t* before = obey(&self.flag)
        try:
            return function(*arguments)
        finally:
            obey(before)


def look_for_signals_every(double seconds):
    """Set how often a kernel looks for signals, for tests; returns what it was."""
    return look_every(seconds)
