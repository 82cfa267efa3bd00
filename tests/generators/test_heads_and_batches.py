"""Networks that are given labels; and what is without them, bit for bit."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import softplus

from tabgan.base.random_streams import torch_stream
from tabgan.base.row_layout import RowLayout
from tabgan.generators.gan.losses_and_penalties import R1, DiscriminatorBatch
from tabgan.generators.gan.table_networks import MLPDiscriminator, MLPGenerator
from tabgan.generators.gan.trainer import Trainer
from tabgan.generators.gan.training_config import TrainingConfig
from tabgan.generators.heads_and_batches import MOST_OFTEN, LevelRows, TableBatches, TableHead
from tabgan.generators.training_callbacks import Callback

SPANS = RowLayout((None, 1), (3, 2, 2))
GIVEN = (0, 2)


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def make(given: tuple[int, ...]) -> tuple[TableHead, MLPGenerator, MLPDiscriminator, Tensor]:
    torch.manual_seed(0)
    head = TableHead(SPANS, given)
    generator = MLPGenerator(4, SPANS.width, hidden_dim=16, labels=head.label_widths)
    discriminator = MLPDiscriminator(
        head.n_features,
        hidden_dim=16,
        labels=head.label_widths,
        label_places=head.label_features.tolist(),
    )
    codes = torch.stack([torch.randint(0, w, (64,), generator=stream(1)) for w in SPANS.widths], 1)
    return head, generator, discriminator, codes


def test_labels_are_a_part_of_the_row():
    head, generator, _, codes = make(GIVEN)
    rows = torch.cat([torch.rand(64, 2), head.one_hot(codes)], dim=1)
    labels = head.labels(rows)
    assert labels is not None
    assert torch.equal(labels[:, :3].argmax(1), codes[:, 0])
    assert torch.equal(labels[:, 3:].argmax(1), codes[:, 2])
    fake = head(generator(torch.randn(64, 4), labels), stream(2), labels)
    assert torch.equal(head.labels(fake), labels)
    assert torch.equal(head.features(fake)[:, head.label_features], labels)


def test_what_is_given_moves_both_networks():
    head, generator, discriminator, codes = make(GIVEN)
    rows = torch.cat([torch.rand(64, 2), head.one_hot(codes)], dim=1)
    labels = head.labels(rows)
    z = torch.randn(64, 4)
    assert not torch.allclose(generator(z, labels), generator(z, labels.flip(0)))
    features = head.features(rows)
    logits = discriminator(features)
    with torch.no_grad():
        discriminator.embedding.weight.zero_()
    assert not torch.allclose(discriminator(features), logits)


def test_the_gradient_penalty_does_not_see_the_embedding():
    head, _, discriminator, codes = make(GIVEN)
    features = head.features(torch.cat([torch.rand(64, 2), head.one_hot(codes)], dim=1))

    def penalty() -> float:
        x = features.clone().requires_grad_()
        logits = discriminator(x)
        return R1(gamma=1.0)(DiscriminatorBatch(discriminator, x, x, logits, logits)).item()

    with torch.no_grad():  # without hidden non-linearities the embedding only shifts
        for layer in discriminator.layers[1::2]:
            layer.negative_slope = 1.0
    before = penalty()
    with torch.no_grad():
        discriminator.embedding.weight.mul_(5)
    assert penalty() == pytest.approx(before)


@pytest.mark.parametrize("seed", range(3))
def test_rare_levels_come_up_more_often(seed):
    codes = torch.tensor([[0, 0]] * 900 + [[1, 0]] * 95 + [[1, 1]] * 4 + [[2, 1]])
    rows = LevelRows(codes, (3, 2))
    drawn = codes[rows.draw(40_000, stream(seed))]
    shares = torch.stack([(drawn == level).float().mean(0) for level in range(3)])
    assert 0.2 < shares[1, 0] < 0.35  # of its own 0.099
    for level, column, own in ((2, 0, 0.001), (1, 1, 0.005)):
        assert 2 * own < shares[level, column] < 1.5 * MOST_OFTEN * own


def test_every_row_of_a_level_comes_up():
    codes = torch.tensor([[0], [1], [0], [1], [1]])
    drawn = LevelRows(codes, (2,)).draw(2000, stream())
    assert (torch.bincount(drawn) > 200).all()


def test_half_of_a_batch_is_drawn_by_levels():
    head, _, _, codes = make(GIVEN)
    codes[:, 0] = torch.tensor([0] * 60 + [1] * 4)
    low, width = torch.zeros(64, 2), torch.ones(64, 2)
    rare = LevelRows(codes[:, [0]], (3,))
    batches = TableBatches(low, width, codes, head, 32, rare=rare)
    rows = torch.cat([batches.draw(stream(i)) for i in range(200)])
    assert len(rows) == 32 * 200
    share = head.labels(rows)[:, 1].mean()
    alone = head.labels(rows.unflatten(0, (200, 32))[:, :16].flatten(0, 1))[:, 1].mean()
    assert alone == pytest.approx(4 / 64, abs=0.01)
    assert share > 2 * alone


def test_without_labels_a_batch_is_the_next_of_a_permutation():
    head, _, _, codes = make(())
    low, width = torch.rand(64, 2, generator=stream(5)), torch.full((64, 2), 0.1)
    batches = TableBatches(low, width, codes, head, 24)
    drawn = [batches.draw(data) for data in [stream(7)] for _ in range(2)]
    data, order = stream(7), torch.empty(0, dtype=torch.long)
    for rows in drawn:
        if len(order) < 24:
            order = torch.cat([order, torch.randperm(64, generator=data)])
        index, order = order[:24], order[24:]
        numbers = torch.addcmul(low[index], width[index], torch.rand(24, 2, generator=data))
        assert torch.equal(rows, torch.cat([numbers, head.one_hot(codes[index])], dim=1))


def train(given: tuple[int, ...]) -> tuple[Trainer, torch.nn.Module]:
    head, generator, discriminator, codes = make(given)
    low, width = torch.rand(64, 2, generator=stream(5)) * 0.9, torch.full((64, 2), 0.1)
    rare = LevelRows(codes[:, list(given)], head.label_widths) if given else None
    trainer = Trainer(
        head=head,
        batches=TableBatches(low, width, codes, head, 16, rare=rare),
        config=TrainingConfig(penalty=R1(gamma=1.0), learning_rate=1e-3),
        dtype=torch.float32,
        latents=torch_stream(0, "latents"),
        data=torch_stream(0, "data"),
        noise=torch_stream(0, "noise"),
    )
    state = trainer.start(generator, discriminator, 5)
    return trainer, trainer.run(state, Callback()).generator


def test_without_labels_a_step_is_the_plain_one():
    trained = train(())[1].state_dict()
    head, generator, discriminator, codes = make(())
    low, width = torch.rand(64, 2, generator=stream(5)) * 0.9, torch.full((64, 2), 0.1)
    batches = TableBatches(low, width, codes, head, 16)
    latents, data, noise = (torch_stream(0, name) for name in ("latents", "data", "noise"))
    penalty = R1(gamma=1.0)
    adam = [
        torch.optim.Adam(network.parameters(), lr=1e-3, betas=(0.0, 0.99), fused=True)
        for network in (generator, discriminator)
    ]
    for step in range(5):
        for optimizer in adam:
            optimizer.param_groups[0]["lr"] = 1e-3 * min(1.0, 0.02 + 0.98 * 2 * (1 - step / 5))
        real = head.features(batches.draw(data))
        z = torch.randn(16, 4, generator=latents)
        fake = head.features(head(generator(z), noise))
        due = penalty if penalty.due(step) else None
        adam[1].zero_grad()
        seen = real.detach().requires_grad_(due is not None)
        logits = discriminator(torch.cat([seen, fake.detach()]))
        loss = softplus(-logits[:16]).mean() + softplus(logits[16:]).mean()
        judged = DiscriminatorBatch(discriminator, seen, fake, logits[:16], logits[16:])
        (loss + due(judged) if due else loss).backward()
        adam[1].step()
        adam[0].zero_grad()
        softplus(-discriminator(fake)).mean().backward()
        adam[0].step()
    assert not any(name.startswith("embedding") for name in trained)
    assert all(torch.equal(trained[name], value) for name, value in generator.state_dict().items())


def test_labels_are_learned():
    before = make(GIVEN)[1].state_dict()
    after = train(GIVEN)[1].state_dict()
    assert not torch.equal(before["embedding.weight"], after["embedding.weight"])
