"""The course of a training in a report, whatever its records hold."""

import pytest

from tabgan.evaluation.report.report_charts import training_curves


@pytest.mark.parametrize(
    ("names", "titles"),
    [
        (["denoising_loss"], ["Loss", "Learning rate"]),
        (["reconstruction_loss", "kl_loss"], ["Loss", "Learning rate"]),
        (["discriminator_loss", "generator_loss"], ["Losses", "Learning rate"]),
    ],
)
def test_each_method_has_its_losses(names, titles):
    history = [
        {"step": step, "learning_rate": 1e-3, **dict.fromkeys(names, 1 / step)}
        for step in (50, 100, 150)
    ]
    curves = training_curves(history)
    assert [one.title for one in curves] == titles
    for place in range(3):
        assert (f"curve-{place}" in curves[0].picture) == (place < len(names))
