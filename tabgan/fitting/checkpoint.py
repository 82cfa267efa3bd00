"""The state of a training, as plain values and tensors, to be written down and taken up again.

A training that is taken up goes on as if it had never been cut: networks, averages, optimisers,
streams of randomness, the order of the rows, the penalty's weight and what stabilisers keep are
all in the state.
"""

import copy
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from tabgan.generators.gan.trainer import Trainer, TrainState

__all__ = ["capture", "flatten", "restore", "unflatten"]

State = dict[str, Any]


def capture(trainer: Trainer, state: TrainState) -> State:
    """Return a copy of all that `restore` needs: dictionaries of numbers and tensors."""
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
    """Bring a training that has just been started to a state that was captured.

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
    """Move the tensors of nested dictionaries and lists out, and leave JSON values.

    Parameters
    ----------
    tree
        Dictionaries, lists, numbers, texts, None, and tensors.
    tensors
        Is given the tensors, by their place.

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
    """Put together again what `flatten` took apart."""
    if isinstance(tree, Mapping):
        if "tensor" in tree:
            return tensors[tree["tensor"]]
        return {k: unflatten(v, tensors) for k, v in tree["dict"]}
    if isinstance(tree, list):
        return [unflatten(v, tensors) for v in tree]
    return tree
