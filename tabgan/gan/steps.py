"""The two steps of adversarial training, as losses to be differentiated.

They are pure of optimiser, device and logging: tensors and networks in, a scalar out.
"""

import torch
from torch import Tensor, nn

from tabgan.gan.losses import AdversarialLoss
from tabgan.gan.penalties import R1

__all__ = ["discriminator_step", "generator_step"]


def discriminator_step(
    discriminator: nn.Module,
    real: Tensor,
    fake: Tensor,
    loss: AdversarialLoss,
    penalty: R1 | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the discriminator's loss on a batch, penalty included, and its advantage.

    The advantage E D(real) − E D(fake), in logits, says by how much it tells the two apart.

    **Shape**: real and fake (batch, n_features); fake is cut from the generator's graph
    """
    real = real.detach().requires_grad_(penalty is not None)
    logits = discriminator(torch.cat([real, fake.detach()])).float()
    real_logits, fake_logits = logits[: len(real)], logits[len(real) :]
    value = loss.discriminator(real_logits, fake_logits)
    advantage = (real_logits.mean() - fake_logits.mean()).detach()
    return value if penalty is None else value + penalty(real_logits, real), advantage


def generator_step(
    discriminator: nn.Module, real: Tensor, fake: Tensor, loss: AdversarialLoss
) -> Tensor:
    """Return the generator's loss on a batch; the discriminator's weights get no gradient.

    **Shape**: real and fake (batch, n_features); fake keeps the generator's graph
    """
    parameters = [p for p in discriminator.parameters() if p.requires_grad]
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        real_logits = discriminator(real).float() if loss.generator_sees_real else None
        return loss.generator(real_logits, discriminator(fake).float())
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)
