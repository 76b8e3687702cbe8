"""What is minimised: losses over rows, penalties, and the sums that solvers ask for."""
