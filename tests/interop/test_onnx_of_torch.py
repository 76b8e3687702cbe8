"""What PyTorch's two exporters write is read as a network."""

from __future__ import annotations

import io
import logging

import numpy as np
import pytest
import torch
from onnx_runs import far
from torch import nn

from fastnn import from_onnx

pytestmark = [pytest.mark.torch_onnx, pytest.mark.filterwarnings("ignore")]

ACTIVATIONS = {
    "relu": nn.ReLU(),
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
    "gelu": nn.GELU(),
    "gelu_tanh": nn.GELU("tanh"),
    "silu": nn.SiLU(),
    "mish": nn.Mish(),
    "softsign": nn.Softsign(),
    "hard_sigmoid": nn.Hardsigmoid(),
    "hard_swish": nn.Hardswish(),
    "elu": nn.ELU(0.3),
    "selu": nn.SELU(),
    "celu": nn.CELU(0.3),
    "leaky_relu": nn.LeakyReLU(0.3),
    "softplus": nn.Softplus(2.0),
    "hard_tanh": nn.Hardtanh(),
    "relu6": nn.ReLU6(),
    "softshrink": nn.Softshrink(0.7),
    "hard_shrink": nn.Hardshrink(0.7),
    "tanh_shrink": nn.Tanhshrink(),
    "log_sigmoid": nn.LogSigmoid(),
}
EXPORTERS = {"script": False, "dynamo": True}


@pytest.fixture(autouse=True)
def quiet():
    """The exporters tell what they do."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(before)


def exported(model, x, dynamo):
    file = io.BytesIO()
    if not dynamo:
        torch.onnx.export(model, (x,), file, dynamo=False, opset_version=17)
        return file.getvalue()
    return torch.onnx.export(model, (x,), dynamo=True, verbose=False).model_proto


def trained(*layers, dtype=torch.float32):
    """Layers whose batch normalisation has seen data."""
    torch.manual_seed(0)
    model = nn.Sequential(*layers).to(dtype).train()
    for _ in range(3):
        model(3 * torch.randn(64, 6, dtype=dtype) + 1)
    return model.eval()


def answers(model, network, n=50):
    x = np.random.default_rng(0).normal(size=(n, network.plan.widths[0])).astype(network.plan.dtype)
    with torch.no_grad():
        return network.predict(x), model(torch.from_numpy(x)).numpy()


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_activations(exporter):
    """All in one network: to export one takes a second."""
    layers = [layer for activation in ACTIVATIONS.values() for layer in (nn.Linear(6, 6), activation)]
    model = trained(*layers, nn.Linear(6, 3))
    network = from_onnx(exported(model, torch.zeros(2, 6), EXPORTERS[exporter]))
    assert network.plan.widths == (6,) * (len(ACTIVATIONS) + 1) + (3,)
    assert [each.name for each in network.plan.activations] == [*ACTIVATIONS, "identity"]
    assert far(*answers(model, network)) < 1e-6


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_normalisation_and_dropout(exporter, dtype):
    layers = [nn.BatchNorm1d(6), nn.Linear(6, 16), nn.BatchNorm1d(16), nn.LeakyReLU(0.3), nn.Dropout(0.2)]
    layers += [nn.Linear(16, 8, bias=False), nn.Tanh(), nn.BatchNorm1d(8), nn.Linear(8, 3), nn.Softmax(1)]
    model = trained(*layers, dtype=dtype)
    network = from_onnx(exported(model, torch.zeros(2, 6, dtype=dtype), EXPORTERS[exporter]))
    assert network.plan.widths == (6, 16, 8, 3)
    assert network.plan.loss.name == "cross_entropy"
    assert far(*answers(model, network)) < (1e-6 if dtype == torch.float32 else 2e-15)


def test_weights_in_a_file_beside_it(tmp_path):
    """As the exporter leaves them, unless it is told otherwise."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 3)).eval()
    x = torch.randn(2, 1, 28, 28)
    torch.onnx.export(model, (x,), tmp_path / "model.onnx", verbose=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.onnx", "model.onnx.data"]
    network = from_onnx(tmp_path / "model.onnx")
    with torch.no_grad():
        assert far(network.predict(x.numpy().reshape(2, -1)), model(x).numpy()) < 1e-6
    data = (tmp_path / "model.onnx.data").read_bytes()
    with pytest.raises(ValueError, match="'model.onnx.data'.*Pass the path"):
        from_onnx((tmp_path / "model.onnx").read_bytes())
    (tmp_path / "model.onnx.data").write_bytes(data[:1000])
    with pytest.raises(ValueError, match="has 1000 from 0 on"):
        from_onnx(tmp_path / "model.onnx")
    (tmp_path / "model.onnx.data").unlink()
    with pytest.raises(ValueError, match="no file beside the model"):
        from_onnx(tmp_path / "model.onnx")


class Images(nn.Module):
    """Rows of images by their shape, and one number for each."""

    def __init__(self):
        super().__init__()
        self.hidden, self.last = nn.Linear(12, 5), nn.Linear(5, 1)

    def forward(self, x):
        z = self.last(torch.clamp(self.hidden(x.view(x.size(0), -1)), -0.5, 2.0))
        return torch.sigmoid(z.squeeze(-1))


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_any_number_of_rows(exporter):
    model, x = Images().eval(), torch.randn(5, 3, 4)
    file = io.BytesIO()
    if EXPORTERS[exporter]:
        rows = {"dynamic_shapes": ({0: torch.export.Dim("n")},)}
        source = torch.onnx.export(model, (x,), dynamo=True, verbose=False, **rows).model_proto
    else:
        rows = {"input_names": ["x"], "dynamic_axes": {"x": {0: "n"}}}
        torch.onnx.export(model, (x,), file, dynamo=False, opset_version=17, **rows)
        source = file.getvalue()
    network = from_onnx(source)
    assert network.plan.widths == (12, 5, 1)
    with torch.no_grad():
        assert far(network.predict(x.numpy().reshape(5, -1))[:, 0], model(x).numpy()) < 1e-6


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_what_is_no_network_is_refused(exporter):
    model = trained(nn.Linear(6, 16), nn.GLU(), nn.Linear(8, 3))
    with pytest.raises(ValueError, match="'Split' cannot be part of a Network"):
        from_onnx(exported(model, torch.zeros(2, 6), EXPORTERS[exporter]))
