"""From epochs to a trained network: the loop, learning rates, when to stop. Knows no estimator."""
