"""ONNX, the file format of networks: models are written as its graphs, and such graphs are read as networks."""
