"""Real trainings, healthy ones and provoked failures, and what the diagnosis says of them."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import tabgan
from tabgan import TabGAN, TrainingWarning
from tabgan.generators.gan.diagnosis import Finding, Reference, diagnose, evaluating
from tabgan.generators.gan.losses_and_penalties import Minimax, NoPenalty, Wasserstein
from tabgan.generators.gan.stabilizers import FeatureMatching
from tabgan.generators.gan.training_config import TrainingConfig

EXAMPLE = Path(tabgan.__file__).parent / "cli" / "example_customers.csv"
QUICK = {
    "hidden_dim": 32,
    "batch_size": 64,
    "latent_dim": 8,
    "derive": False,
    "refine": False,
    "polish": False,
    "verbose": False,
    "precision": "float32",
    "random_state": 0,
}
HOT = {"learning_rate": 0.2, "penalty": "none", "optimizer": "adam:beta1=0.9"}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(400, 1))
    return pd.DataFrame(shared + 0.05 * rng.normal(size=(400, 5)), columns=list("abcde"))


@pytest.mark.parametrize(
    ("provoked", "options"),
    [
        ({"mode collapse", "divergence"}, HOT | {"loss": "hinge"}),
        ({"vanishing gradient"}, HOT | {"loss": "minimax"}),
    ],
)
def test_failures_are_named_and_warned_of(table, provoked, options, tmp_path):
    with pytest.warns(TrainingWarning) as caught:
        gan = TabGAN(steps=500, **QUICK, **options).fit(table)
    assert provoked <= {finding.name for finding in gan.diagnosis_}
    assert [str(one.message) for one in caught] == [str(finding) for finding in gan.diagnosis_]
    assert all(Path(one.filename) == Path(__file__) for one in caught)
    for finding in gan.diagnosis_:
        assert 0 < finding.step <= 500
        assert "a lower learning_rate (now " in finding.remedy
        assert "\n" not in str(finding)
    gan.save(tmp_path / "m.safetensors")
    loaded = TabGAN.load(tmp_path / "m.safetensors")
    assert loaded.diagnosis_ == gan.diagnosis_
    assert all(isinstance(finding, Finding) for finding in loaded.diagnosis_)


def fit_silently(table: pd.DataFrame, **options: Any) -> TabGAN:
    with warnings.catch_warnings():
        warnings.simplefilter("error", TrainingWarning)
        gan = TabGAN(verbose=False, random_state=0, refine=False, polish=False, **options)
        return gan.fit(table)


def test_a_healthy_training_has_no_findings():
    gan = fit_silently(pd.read_csv(EXAMPLE), steps=300, hidden_dim=128, batch_size=256)
    assert gan.diagnosis_ == []
    last = gan.history_[-1]
    assert 0.9 < last["diversity"] < 1.1
    assert last["coverage"] > 0.9
    assert 1e-3 < last["gradient_norm"] < 1


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"x": [1.5, 2.5]}),
        pd.DataFrame({"x": [1.0] * 30, "k": ["a"] * 30}),
        pd.DataFrame({"k": ["a", "b", "b"] * 20}),
        pd.DataFrame({"k": ["a"] * 99 + ["b"]}),
        pd.DataFrame({"x": [0.0] * 40 + list(range(20)), "k": [None, "u", "v"] * 20}),
    ],
    ids=["two rows", "constant", "no numbers", "one rare level", "holes"],
)
def test_odd_tables_have_no_findings(table):
    gan = fit_silently(table, steps=250, hidden_dim=16)
    assert gan.diagnosis_ == []
    for record in gan.history_:
        assert np.isfinite([record[name] for name in ("diversity", "coverage")]).all()


def test_few_records_are_no_evidence():
    bad = {
        "step": 50,
        "advantage": 500.0,
        "discriminator_loss": 0.0,
        "diversity": 0.0,
        "coverage": 0.0,
        "gradient_norm": 0.0,
    }
    assert diagnose([], TrainingConfig()) == []
    assert diagnose([bad, bad], TrainingConfig()) == []
    assert len(diagnose([bad] * 3, TrainingConfig())) == 3
    healthy = bad | {"advantage": 0.1, "diversity": 1.0, "coverage": 0.9}
    assert diagnose([*[bad] * 9, healthy], TrainingConfig()) == []


def test_a_remedy_names_nothing_that_was_tried():
    records = [
        {
            "step": 50 * i,
            "advantage": 9.0,
            "discriminator_loss": 0.0,
            "diversity": 0.1,
            "coverage": 0.0,
            "gradient_norm": 0.0,
        }
        for i in range(1, 5)
    ]
    collapse, vanishing = diagnose(records, TrainingConfig(stabilizers=(FeatureMatching(),)))
    assert (collapse.name, collapse.step, vanishing.name) == (
        "mode collapse",
        50,
        "vanishing gradient",
    )
    assert "feature_matching" not in collapse.remedy
    assert 'loss="non_saturating"' not in vanishing.remedy
    minimax = TrainingConfig(loss=Minimax(), penalty=NoPenalty(), discriminator_steps=10)
    collapse, vanishing = diagnose(records, minimax)
    assert 'stabilizers=["feature_matching"]' in collapse.remedy
    assert vanishing.remedy.startswith('try loss="non_saturating", or ')
    assert Finding.from_json(vanishing.to_json()) == vanishing


def test_swings_of_the_discriminator_are_named():
    """Which trainings swing depends on a processor's rounding: so these are records alone."""
    calm = {"discriminator_loss": 0.5, "diversity": 1.0, "coverage": 0.9, "gradient_norm": 0.1}
    swings = [calm | {"step": 50 * i, "advantage": 30.0 * (-1) ** i} for i in range(1, 41)]
    config = TrainingConfig(loss=Wasserstein(), discriminator_steps=1)
    (found,) = diagnose(swings, config)
    assert (found.name, found.step) == ("oscillation", 1050)
    assert found.evidence.endswith("by 60 logits between records, between -30 and 30")
    assert found.remedy.startswith("try discriminator_steps=5 (now 1), or ")
    rising = [record | {"advantage": 0.1 * i} for i, record in enumerate(swings)]
    assert diagnose(rising, config) == []


def test_lost_modes_are_told_by_coverage():
    """Ten modes far apart, of which the fake rows are in one only."""
    stream = torch.Generator().manual_seed(0)
    centres = 10 * torch.randn(10, 20, generator=stream)
    noise = torch.randn(250, 20, generator=stream)
    real = centres.repeat(25, 1) + noise
    reference = Reference.of(real)
    assert reference.coverage(real.flip(0)) == 1.0
    assert reference.diversity(real.flip(0)) == pytest.approx(250 / 249, rel=1e-4)
    # the mode's own rows, a little aside
    one = centres[:1] + torch.randn(250, 20, generator=stream)
    assert reference.coverage(one) == pytest.approx(0.1)
    assert reference.diversity(one) < 0.3
    assert reference.coverage(torch.zeros(250, 20)) == 0.0


def test_equal_rows_lie_within_a_radius_of_nothing():
    real = torch.tensor([[100.0, -1.0]] * 20 + [[-100.0, 1.0]] * 20)
    reference = Reference.of(real)
    assert reference.radius.max() < 1e-3
    assert reference.coverage(real[:20]) == 0.5


def test_evaluation_leaves_a_network_as_it_was():
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.5))
    network[2].eval()
    before = network[1].running_mean.clone()
    with evaluating(network):
        assert not any(module.training for module in network.modules())
        network(torch.randn(8, 2))
    assert torch.equal(network[1].running_mean, before)
    assert [module.training for module in network] == [True, True, False]


def test_a_training_that_has_learned_nothing_is_named():
    still = {
        "advantage": 0.1, "discriminator_loss": 1.31, "generator_loss": 0.71, "diversity": 1.0,
        "coverage": 0.05, "gradient_norm": 0.05,
    }  # fmt: skip
    records = [still | {"step": 50 * i} for i in range(1, 10)]
    (found,) = diagnose(records, TrainingConfig(learning_rate=1e-9))
    assert (found.name, found.step) == ("standstill", 50)
    assert found.evidence == (
        "no loss has moved by more than 0.02, and generated rows lie near 5 % of the real ones"
    )
    assert found.remedy == "try a higher learning_rate (now 1e-09), or more steps"
    for change in ({"coverage": 0.2}, {"generator_loss": 0.8}):
        moved = [*records[:-3], *(record | change for record in records[-3:])]
        assert diagnose(moved, TrainingConfig()) == []
    assert diagnose(records[:-1], TrainingConfig()) == []
