"""A condition, as far as the networks of a model take it themselves."""

from dataclasses import replace

import numpy as np

from tabgan.asking import Condition
from tabgan.errors import OptionError
from tabgan.model import TableModel
from tabgan.sampling.conditional import ConditionalSampler
from tabgan.values import levels_to_series

__all__ = ["native_conditions"]


def native_conditions(model: TableModel, asked: Condition) -> tuple[TableModel, Condition]:
    """Return the model that draws what is asked of its condition columns, and what is left to ask.

    Raises
    ------
    OptionError
        If no training row has the values of the condition columns together.
    """
    columns = model.condition_columns
    if columns is None or not isinstance(model.sampler, ConditionalSampler):
        return model, asked
    wanted = {}
    for test in asked.tests:
        if test.position in columns.positions:
            place = columns.positions.index(test.position)
            levels = columns.levels[place]
            series = levels_to_series(levels, np.arange(len(levels), dtype=np.int32), test.column)
            wanted[columns.spans[place]] = np.flatnonzero(test.mask(series)).tolist()
    if not wanted:
        return model, asked
    chances = model.sampler.conditions.chances(wanted)
    if not chances.any():
        raise OptionError(
            f"where: {asked.describe()}: no row of the training table has these values together; "
            "ask for fewer of them"
        )
    sampler = replace(model.sampler, chances=chances)
    return replace(model, sampler=sampler), asked.without(columns.positions)
