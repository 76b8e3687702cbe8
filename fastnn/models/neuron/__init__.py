"""One neuron, with the learning rules of the textbook."""
