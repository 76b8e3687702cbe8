"""Networks of layers, without the parameters of scikit-learn."""
