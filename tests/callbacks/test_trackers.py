"""What all trackers have in common."""

import pytest
from sklearn.base import clone

from tabgan import OptionError, TabGAN
from tabgan.callbacks import MLflow, TensorBoard, WandB


@pytest.mark.parametrize(
    ("tracker", "own"),
    [
        (TensorBoard("runs/one"), {"folder": "runs/one"}),
        (MLflow("abc", name="one"), {"run": "abc", "name": "one"}),
        (WandB("tables", mode="offline"), {"project": "tables", "settings": {"mode": "offline"}}),
    ],
    ids=["tensorboard", "mlflow", "wandb"],
)
def test_trackers_are_cloned_with_their_estimator(tracker, own):
    (copied,) = clone(TabGAN(callbacks=[tracker])).callbacks
    assert copied is not tracker
    assert {name: getattr(copied, name) for name in own} == own


@pytest.mark.parametrize(
    ("tracker", "module", "message"),
    [
        (TensorBoard("runs"), "torch.utils.tensorboard", "TensorBoard needs tensorboard, which"),
        (MLflow(), "mlflow", "MLflow needs mlflow, which is not installed; install it with: pip"),
        (WandB(), "wandb", "WandB needs wandb, which is not installed; install it with: pip"),
    ],
    ids=["tensorboard", "mlflow", "wandb"],
)
def test_a_missing_library_is_named_before_any_work(train, monkeypatch, tracker, module, message):
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(OptionError) as caught:
        train(tracker)
    assert message in str(caught.value)
