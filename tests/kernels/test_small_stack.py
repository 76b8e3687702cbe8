"""Threads whose stack is as small as Python allows can do what others can."""

from __future__ import annotations

import pytest
from apart import run_apart

CODE = """
import threading
import numpy as np
import fastnn
from fastnn import Dense, Network, _core, kernels
from scipy.sparse import csr_array

rng = np.random.default_rng(0)
x, y = rng.normal(size=(600, 40)), rng.integers(0, 3, 600)
wide = Network([Dense(600, "relu"), Dense(600, "tanh"), Dense(3)], n_inputs=40, loss="cross_entropy", dtype=np.float64)
own = Network([Dense(120, "tanh"), Dense(50, "gelu"), Dense(3)], n_inputs=40, loss="cross_entropy", dtype=np.float64)
onehot = np.eye(3)[y]
weights, d = rng.normal(size=(40, 3000)), rng.normal(size=(600, 3000))

def work():
    WORK

fastnn.set_num_threads(N_THREADS)
work()  # imports and compiles what is not yet, where there is room
results = []
threading.stack_size(64 * 1024)
thread = threading.Thread(target=lambda: results.append(work()))
thread.start()
thread.join()
"""
WORKS = {
    "a gradient": "own.loss_and_gradient(x, onehot)",
    "epochs": "kernels.fit_epoch(own.plan, own.params.copy(), x, onehot, batch_size=64, optimizer='sgd', state="
    "fastnn.optimizers.OptimizerState.zeros(fastnn.SGD(), own.params), learning_rates=np.full(10, 0.1))",
    "wide layers": "wide.predict(x), wide.loss_and_gradient(x, onehot)",
    "a wide kernel": "kernels.dense_forward(x, weights, None), kernels.dense_backward_params(x, d)",
    "a sparse gradient": "_core.network_gradient(own.plan, own.params, _core.SparseRows(csr_array(x * (x > 1))),"
    " onehot, None, 0.0, np.empty_like(own.params))",
    "a fit": "Network([Dense(64, 'tanh'), Dense(3)], n_inputs=40, loss='cross_entropy').fit(x, onehot, epochs=2)",
    "a neuron": "kernels.neuron_epoch('gelu', np.zeros(41), x, x[:, 0].copy(), batch_size=1,"
    " learning_rates=np.full(600, 0.01))",
}


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("name", WORKS)
def test_a_small_stack_is_enough(name: str, n_threads: int) -> None:
    run_apart(CODE.replace("WORK", WORKS[name], 1).replace("N_THREADS", str(n_threads)))
