"""fastnn beside its peers in one run, one table a file: `python -m benchmarks.peers`."""
