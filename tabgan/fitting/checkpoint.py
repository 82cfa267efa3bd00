"""Checkpoints: the state of a training as plain values and tensors, saved and restored.

A restored training goes on as if it had never been interrupted. The state holds networks,
averages, optimizers, streams of randomness, the order of the rows, the penalty's weight and the
state of the stabilizers. A fit that resumes another one calls `capture` and `restore`; no fit
does so yet.
"""

import copy
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from tabgan.generators.gan.trainer import Trainer, TrainState

__all__ = ["capture", "flatten", "restore", "unflatten"]

State = dict[str, Any]


def capture(trainer: Trainer, state: TrainState) -> State:
    """Return a copy of the state: nested dictionaries of numbers and tensors.

    Parameters
    ----------
    trainer
        The trainer, whose streams, batches and stabilizers have states of their own.
    state
        The networks and optimizers.
    """
    live = {
        "step": state.step,
        "generator": state.generator.state_dict(),
        "discriminator": state.discriminator.state_dict(),
        "averaged": state.averaged.state_dict(),
        "generator_optimizer": state.generator_optimizer.state_dict(),
        "discriminator_optimizer": state.discriminator_optimizer.state_dict(),
        "trainer": trainer.state_dict(),
    }
    return copy.deepcopy(live)


def restore(trainer: Trainer, state: TrainState, saved: Mapping[str, Any]) -> None:
    """Bring a training that has just started to a captured state.

    Parameters
    ----------
    trainer, state
        The training.
    saved
        What `capture` returned.

    Raises
    ------
    KeyError, ValueError, RuntimeError
        If the state is that of another kind of training.
    """
    state.step = int(saved["step"])
    state.generator.load_state_dict(saved["generator"])
    state.discriminator.load_state_dict(saved["discriminator"])
    state.averaged.load_state_dict(saved["averaged"])
    state.generator_optimizer.load_state_dict(saved["generator_optimizer"])
    state.discriminator_optimizer.load_state_dict(saved["discriminator_optimizer"])
    trainer.load_state_dict(saved["trainer"])


def flatten(tree: Any, tensors: dict[str, Tensor], place: str = "") -> Any:
    """Move the tensors out of nested dictionaries and lists, which then hold JSON values only.

    Parameters
    ----------
    tree
        Dictionaries, lists, numbers, texts, None, and tensors.
    tensors
        Receives the tensors, by their place.

    Examples
    --------
    >>> import torch
    >>> tensors = {}
    >>> flatten({"a": [torch.ones(2), 3]}, tensors)
    {'dict': [['a', [{'tensor': '/a/0'}, 3]]]}
    >>> unflatten(flatten({"a": [torch.ones(2), 3]}, tensors), tensors)
    {'a': [tensor([1., 1.]), 3]}
    """
    if isinstance(tree, Tensor):
        tensors[place] = tree.detach()
        return {"tensor": place}
    if isinstance(tree, Mapping):  # as pairs: JSON would make texts of whole numbers
        return {"dict": [[k, flatten(v, tensors, f"{place}/{k}")] for k, v in tree.items()]}
    if isinstance(tree, list | tuple):
        return [flatten(v, tensors, f"{place}/{i}") for i, v in enumerate(tree)]
    return tree


def unflatten(tree: Any, tensors: Mapping[str, Tensor]) -> Any:
    """Rebuild what `flatten` took apart.

    Parameters
    ----------
    tree
        What `flatten` returned.
    tensors
        The tensors, by their place.
    """
    if isinstance(tree, Mapping):
        if "tensor" in tree:
            return tensors[tree["tensor"]]
        return {k: unflatten(v, tensors) for k, v in tree["dict"]}
    if isinstance(tree, list):
        return [unflatten(v, tensors) for v in tree]
    return tree
