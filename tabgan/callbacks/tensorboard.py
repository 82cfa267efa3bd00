"""The records of a training as scalars in TensorBoard."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tabgan.callbacks.facts import missing_package, numbers, scalars, texts
from tabgan.gan.callbacks import Callback, Record
from tabgan.gan.state import GeneratorState

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

__all__ = ["TensorBoard"]


class TensorBoard(Callback):
    """Write a training's options, records and facts to a folder for TensorBoard.

    Parameters
    ----------
    folder
        Where the event file goes; made if it is not there. Give each training its own, and look
        at all with ``tensorboard --logdir`` of the folder above.

    Raises
    ------
    OptionError
        When a fit begins, if TensorBoard is not installed (extra ``tensorboard``).
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = folder
        self._writer: SummaryWriter | None = None

    def on_fit_begin(self, options: Mapping[str, Any]) -> None:
        """Open the event file and write the options."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise missing_package("TensorBoard", "tensorboard", "tensorboard") from error
        self._writer = SummaryWriter(str(self.folder))
        for name, value in options.items():
            self._writer.add_text(f"options/{name}", str(value))

    def on_record(self, state: GeneratorState, record: Record) -> None:
        """Write each figure of the record as a scalar at its step."""
        if self._writer is not None:
            for name, value in scalars(record).items():
                self._writer.add_scalar(name, value, state.step)

    def on_fit_end(self, facts: Mapping[str, Any]) -> None:
        """Write the facts and close the event file."""
        writer, self._writer = self._writer, None
        if writer is not None:
            for name, value in {**numbers(facts), **texts(facts)}.items():
                writer.add_text(f"facts/{name}", str(value))
            writer.close()
