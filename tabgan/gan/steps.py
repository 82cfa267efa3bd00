"""The two steps of adversarial training, as losses to be differentiated.

They are pure of optimiser, device and logging: tensors and networks in, a scalar out.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from tabgan.gan.losses import AdversarialLoss
from tabgan.gan.networks import Discriminator
from tabgan.gan.penalties import DiscriminatorBatch, Penalty

__all__ = ["discriminator_step", "frozen", "generator_step"]


def discriminator_step(
    discriminator: Discriminator,
    real: Tensor,
    fake: Tensor,
    loss: AdversarialLoss,
    *,
    penalty: Penalty | None = None,
    noise: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the discriminator's loss on a batch, penalty included, and its advantage.

    The advantage E D(real) − E D(fake), in logits, says by how much it tells the two apart.

    **Shape**: real and fake (batch, n_features); fake is cut from the generator's graph

    Parameters
    ----------
    penalty
        Added to the loss; None where no penalty is due.
    noise
        Randomness of the penalty.
    """
    real = real.detach().requires_grad_(penalty is not None)
    fake = fake.detach().requires_grad_(penalty is not None)
    if discriminator.judges_batches:
        real_logits, fake_logits = discriminator(real).float(), discriminator(fake).float()
    else:
        logits = discriminator(torch.cat([real, fake])).float()
        real_logits, fake_logits = logits[: len(real)], logits[len(real) :]
    value = loss.discriminator(real_logits, fake_logits)
    advantage = (real_logits.mean() - fake_logits.mean()).detach()
    if penalty is None:
        return value, advantage
    judged = DiscriminatorBatch(discriminator, real, fake, real_logits, fake_logits, noise)
    return value + penalty(judged), advantage


def generator_step(
    discriminator: nn.Module, real: Tensor, fake: Tensor, loss: AdversarialLoss
) -> Tensor:
    """Return the generator's loss on a batch.

    The discriminator's weights get a gradient too unless they are `frozen`.

    **Shape**: real and fake (batch, n_features); fake keeps the generator's graph
    """
    real_logits = discriminator(real).float() if loss.generator_sees_real else None
    return loss.generator(real_logits, discriminator(fake).float())


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Let a network's weights get no gradient from what is computed meanwhile."""
    weights = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for weight in weights:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in weights:
            weight.requires_grad_(True)
