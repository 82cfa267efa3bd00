"""Optimizers without torch's compiler do what torch's own do."""

import pytest
import torch
from torch import nn

from tabgan.generators.optimizers import Adam, MomentumSGD, Optimizer, without_compiler
from tests.forked import run_code


@pytest.mark.parametrize(
    ("own", "theirs"),
    [
        (Adam(0.5, 0.99), lambda w: torch.optim.Adam(w, lr=0.1, betas=(0.5, 0.99), fused=True)),
        (MomentumSGD(0.8), lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.8)),
    ],
    ids=["adam", "sgd"],
)
def test_the_same_weights(own: Optimizer, theirs):
    layers = [nn.Linear(3, 2), nn.Linear(3, 2)]
    layers[1].load_state_dict(layers[0].state_dict())
    optimizers = [own.make(layers[0].parameters(), 0.1), theirs(layers[1].parameters())]
    rows = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    for _ in range(4):
        for layer, optimizer in zip(layers, optimizers, strict=True):
            optimizer.zero_grad(set_to_none=True)
            layer(rows).square().mean().backward()
            optimizer.step()
            optimizer.param_groups[0]["lr"] *= 0.9
    assert torch.equal(layers[0].weight, layers[1].weight)
    assert layers[0].weight.requires_grad


def test_the_compiler_is_not_imported():
    program = """
import sys, torch
from tabgan.generators.optimizers import Adam
weight = torch.nn.Parameter(torch.ones(2))
optimizer = Adam().make([weight], 0.1)
optimizer.zero_grad()
weight.sum().backward()
optimizer.step()
optimizer.load_state_dict(optimizer.state_dict())
sys.exit("torch._dynamo" in sys.modules)
"""
    assert run_code(program).returncode == 0


def test_the_name_stays():
    assert without_compiler(torch.optim.AdamW).__name__ == "AdamW"
