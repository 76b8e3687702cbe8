"""A small network balances a pole on a cart, inside a simulation that Numba has compiled.

    python examples/controller.py

It learns the forces of a linear quadratic regulator, cut off at the strongest one that the motor has. The simulation
then calls it at every step, without Python and without allocating memory.
"""

from __future__ import annotations

import time

import numpy as np
from numba import njit
from scipy.linalg import solve_continuous_are

from fastnn import MLPRegressor

GRAVITY, CART, POLE, HALF = 9.81, 1.0, 0.1, 0.5  # m/s^2, kg, kg, and half the pole's length in m
STRONGEST = 10.0  # N
STEP = 0.001  # s
SECONDS = 20
TILT = 0.3  # rad


@njit
def advance(state, force):
    """One step of Euler's method, in place; the state is place, speed, angle from upright and its rate."""
    _, speed, angle, rate = state
    sine, cosine = np.sin(angle), np.cos(angle)
    push = (force + POLE * HALF * rate**2 * sine) / (CART + POLE)
    turn = (GRAVITY * sine - cosine * push) / (HALF * (4 / 3 - POLE * cosine**2 / (CART + POLE)))
    state[0] += STEP * speed
    state[1] += STEP * (push - POLE * HALF * turn * cosine / (CART + POLE))
    state[2] += STEP * rate
    state[3] += STEP * turn


@njit
def simulate(net, state, steps):
    """Balance for so many steps; the largest angle of the last half."""
    largest = 0.0
    for k in range(steps):
        advance(state, net(state))
        if 2 * k >= steps:
            largest = max(largest, abs(state[2]))
    return largest


@njit
def steps_alone(state, steps):
    """The same without a controller."""
    for _ in range(steps):
        advance(state, 0.0)


def teacher() -> np.ndarray:
    """Return the gains (4,) of the linear quadratic regulator: the force is minus their product with the state."""
    turn = HALF * (4 / 3 - POLE / (CART + POLE))
    a = np.zeros((4, 4))
    a[0, 1] = a[2, 3] = 1
    a[3, 2] = GRAVITY / turn
    a[1, 2] = -POLE * HALF * a[3, 2] / (CART + POLE)
    mass = CART + POLE
    b = np.array([[0, 1 / mass + POLE * HALF / (turn * mass**2), 0, -1 / (turn * mass)]]).T
    return b.T[0] @ solve_continuous_are(a, b, np.diag([1.0, 1.0, 10.0, 1.0]), np.eye(1))


def train() -> tuple[MLPRegressor, float]:
    """Return a network that has learnt the teacher's forces, cut off at the strongest, and its R^2 on new states."""
    rng, gains = np.random.default_rng(0), teacher()

    def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
        states = rng.normal(scale=(0.8, 0.8, 0.2, 0.5), size=(n, 4))
        return states, np.clip(-states @ gains, -STRONGEST, STRONGEST)

    model = MLPRegressor(
        hidden_layer_sizes=(16, 16), activation="tanh", solver="lbfgs", tol=1e-2, max_iter=1000, random_state=0
    )
    return model.fit(*draw(4000)), model.score(*draw(2000))


def seconds(function, *arguments) -> float:
    """Return the shortest time of some calls, each with copies of the arrays."""
    best = np.inf
    for _ in range(5):
        given = [each.copy() if isinstance(each, np.ndarray) else each for each in arguments]
        start = time.perf_counter()
        function(*given)
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    model, score = train()
    print(f"the network has learnt its teacher: R^2 {score:.4f}")
    net, steps = model.jit(), int(SECONDS / STEP)
    start = np.array([0.0, 0.0, TILT, 0.0])
    largest = simulate(net, start.copy(), steps)
    print(f"pole from {TILT} rad, largest angle from {SECONDS / 2:g} to {SECONDS} s: {largest:.4f} rad")

    inside = (seconds(simulate, net, start, steps) - seconds(steps_alone, start, steps)) / steps
    one = start[None]
    outside = seconds(lambda: [model.predict(one) for _ in range(1000)]) / 1000
    print(f"one push: {1e9 * inside:.0f} ns in the compiled loop, {1e9 * outside:.0f} ns by predict from Python")


if __name__ == "__main__":
    main()
