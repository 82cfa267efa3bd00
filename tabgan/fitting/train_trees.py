"""Train trees on encoded rows: the order of the columns, and the time that each may take."""

from threading import Lock

import torch

from tabgan.encoding.column_encoder import Encoded
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.fitting.options import FitOptions
from tabgan.fitting.prepare import Preparation
from tabgan.fitting.session import FitSession
from tabgan.generators.trees.tree_generator import TreeTraining
from tabgan.sampling.calibration import ConditionCounts
from tabgan.sampling.row_samplers import TreeSampler

__all__ = ["column_order", "least_rows", "train_trees"]


def column_order(encoder: TableEncoder) -> tuple[int, ...]:
    """Return the columns of an encoded row in the order of the table, flags before their numbers.

    Numbers are named by their place, level spans by theirs behind the numbers.
    """
    n_numbers, order = encoder.spans.n_numbers, list[int]()
    for numbers, spans in encoder.places.values():
        order += [n_numbers + span for span in range(spans.start, spans.stop)]
        order += range(numbers.start, numbers.stop)
    return tuple(order)


def least_rows(preparation: Preparation, options: FitOptions) -> int:
    """Return the training rows on which each leaf of a tree must rest.

    Parameters
    ----------
    preparation
        What the table was prepared to.
    options
        The options of the fit.
    """
    columns = preparation.encoder.columns.values()
    return max([options.min_group, *(column.least_rows for column in columns)])


def train_trees(
    rows: Encoded,
    preparation: Preparation,
    options: FitOptions,
    session: FitSession,
    *,
    seed: int,
    after: float,
) -> TreeSampler:
    """Fit trees to encoded rows; each column gets an equal share of the time that is left.

    Parameters
    ----------
    rows
        The encoded table.
    preparation
        What the table was prepared to.
    options
        The options of the fit.
    session
        Callbacks and clock of the fit.
    seed
        Root of all streams of randomness.
    after
        Share of the time left that is reserved for what follows.
    """
    encoder, conditions = preparation.encoder, preparation.condition_columns
    given = conditions.spans if conditions else ()
    order, began = column_order(encoder), session.seconds
    n_columns, seconds = max(len(order) - len(given), 1), session.training_seconds(after)
    one_at_a_time = Lock()  # columns are fitted in threads, callbacks expect one

    def stop(place: int) -> bool:
        with one_at_a_time:
            if session.stop():
                return True
        due = None if seconds is None else seconds * (place + 1) / n_columns
        return due is not None and session.seconds - began >= due

    training = TreeTraining(
        layout=encoder.spans,
        order=order,
        given=given,
        least=least_rows(preparation, options),
        seed=seed,
        workers=torch.get_num_threads(),
    )
    generator = training.run(*rows, stop=stop)
    counts = ConditionCounts.of(rows.codes, given)[0] if given else None
    return TreeSampler(generator, counts)
