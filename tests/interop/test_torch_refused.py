"""torch's modules that no network can be: each is refused by its name and what it is."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from fastnn import from_torch

pytestmark = [
    pytest.mark.torch,
    # torch's own, of what it imports.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


class Own(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


def hooked():
    module = nn.Sequential(nn.Linear(6, 3)).eval()
    module[0].register_forward_hook(lambda module, x, y: 2 * y)
    return module


def tied():
    module = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6)).eval()
    module[2].weight = module[0].weight
    return module


def shared():
    layer = nn.Linear(6, 6)
    return nn.Sequential(layer, nn.ReLU(), layer).eval()


def slopes():
    module = nn.Sequential(nn.Linear(6, 3), nn.PReLU(3)).eval()
    with torch.no_grad():
        module[1].weight[0] = 0.5
    return module


def sequential(*modules):
    return nn.Sequential(*modules).eval()


def normed():
    return sequential(torch.nn.utils.parametrizations.weight_norm(nn.Linear(6, 3)))


def with_own_forward():
    module = sequential(nn.Linear(6, 3))
    module[0].forward = lambda x: x
    return module


REFUSED = {
    "training": (lambda: nn.Sequential(nn.Linear(6, 3)), r"Sequential is in training mode.*eval\(\)"),
    "training inside": (
        lambda: (module := sequential(nn.Linear(6, 3), nn.Dropout(0.1)))[1].train() and module,
        r"Sequential\[1\] is in training mode",
    ),
    "hooks": (hooked, r"Sequential\[0\] has hooks"),
    "own forward": (with_own_forward, r"Sequential\[0\] has a forward of its own"),
    "lazy": (lambda: sequential(nn.LazyLinear(3)), r"Sequential\[0\] has no numbers yet.*Call the module once"),
    "dropout of all": (
        lambda: sequential(nn.Linear(6, 3), nn.Dropout(1.0), nn.Linear(3, 3)),
        r"Sequential\[1\]: Dropout\(p=1.*would drop all",
    ),
    "width of slopes": (lambda: sequential(nn.Linear(6, 3), nn.PReLU(4)), "PReLU.*3 columns before"),
    "tied": (tied, r"Sequential\[2\] and Sequential\[0\] share parameters"),
    "shared": (shared, "share parameters"),
    "subclass": (lambda: sequential(Own(6, 3)), r"Sequential\[0\]: Own\("),
    "weight norm": (normed, "has no counterpart"),
    "convolution": (lambda: sequential(nn.Conv1d(6, 3, 1)), "Conv1d.*no counterpart"),
    "layer norm": (lambda: sequential(nn.Linear(6, 3), nn.LayerNorm(3)), "LayerNorm.*no counterpart.*Linear, Batch"),
    "softplus": (lambda: sequential(nn.Linear(6, 3), nn.Softplus(1, 5)), "Softplus.*threshold=5.*below softplus"),
    "softmax": (lambda: sequential(nn.Linear(6, 3), nn.Softmax(dim=0)), "dim=0"),
    "flatten": (lambda: sequential(nn.Flatten(0), nn.Linear(6, 3)), "start_dim=1"),
    "threshold": (lambda: sequential(nn.Linear(6, 3), nn.Threshold(0, 1)), "value=1"),
    "slopes": (slopes, "PReLU.*different slopes"),
    "elu": (lambda: sequential(nn.Linear(6, 3), nn.ELU(-1.0)), "ELU.*alpha"),
    "no statistics": (lambda: sequential(nn.Linear(6, 3), nn.BatchNorm1d(3, track_running_stats=False)), "running"),
    "half": (lambda: sequential(nn.Linear(6, 3)).half(), "torch.float16"),
    "two dtypes": (lambda: sequential(nn.Linear(6, 3), nn.Linear(3, 3).double()), "torch.float32.*torch.float64"),
    "meta": (lambda: sequential(nn.Linear(6, 3, device="meta")), "meta"),
    "widths": (lambda: sequential(nn.Linear(6, 3), nn.Linear(4, 3)), "3 columns before"),
    "nothing": (lambda: sequential(), "no Linear"),
    "no width": (lambda: sequential(nn.ReLU()), "no Linear"),
    "quantised": (
        lambda: torch.ao.quantization.quantize_dynamic(sequential(nn.Linear(6, 3)), {nn.Linear}).eval(),
        "has no counterpart",
    ),
}


@pytest.mark.filterwarnings("ignore::UserWarning")  # of quantised ones
@pytest.mark.parametrize("name", REFUSED)
def test_what_a_network_cannot_be_is_refused(name):
    make, match = REFUSED[name]
    with pytest.raises(ValueError, match=match):
        from_torch(make())


def test_global_hooks_are_refused():
    handle = nn.modules.module.register_module_forward_hook(lambda module, x, y: None)
    try:
        with pytest.raises(ValueError, match="global forward hooks"):
            from_torch(sequential(nn.Linear(6, 3)))
    finally:
        handle.remove()


@pytest.mark.parametrize("given", [3, "model", nn.Linear, nn.functional.relu])
def test_what_is_no_module(given):
    with pytest.raises(TypeError, match="a torch.nn.Sequential"):
        from_torch(given)
