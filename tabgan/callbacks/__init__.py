"""Hooks into training: your own, and the records of a training in TensorBoard, MLflow or W&B.

Give them to an estimator as ``callbacks=[...]``. The trackers are given the options when a fit
begins, the losses and the other records by training step, and the facts when it ends; no value and
no name of a column.

Examples
--------
>>> import pandas as pd
>>> from tabgan import TabGAN
>>> class Steps(Callback):
...     def on_record(self, state, record):
...         print(f"step {state.step} of {state.n_steps}")
>>> table = pd.DataFrame({"size": [1.5, 2.5, 3.5, 4.5] * 25})
>>> gan = TabGAN(steps=60, hidden_dim=8, callbacks=[Steps()], verbose=False).fit(table)
step 50 of 60
step 60 of 60
"""

from tabgan.callbacks.trackers import MLflow, TensorBoard, WandB
from tabgan.generators.training_callbacks import Callback

__all__ = ["Callback", "MLflow", "TensorBoard", "WandB"]
