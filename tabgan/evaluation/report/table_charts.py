"""Charts of single columns, pairs and trainings: those of the quality report, one at a time."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from markupsafe import Markup

from tabgan.base.errors import OptionError, did_you_mean
from tabgan.evaluation.compared_tables import ComparedTables, read_tables
from tabgan.evaluation.distributions import distribution_of, joint_shares
from tabgan.evaluation.report.report_charts import distribution, joint_chart, training_curves
from tabgan.evaluation.report.report_page import HtmlPage, chart_page, framed
from tabgan.inference.accept_table import TableLike, as_frame
from tabgan.inference.infer_schema import resolve_schema
from tabgan.table.schema import Kind, Schema

__all__ = ["Chart", "plot_column", "plot_pair", "plot_training"]

HEIGHT = 30  # rem, of a frame in a notebook
Kinds = Schema | Mapping[Hashable, Kind] | None


class HasHistory(Protocol):
    """An estimator that was fitted, or what else holds the records of a training."""

    @property
    def history_(self) -> Sequence[Mapping[str, Any]]:
        """The records."""


@dataclass(frozen=True, repr=False)
class Chart(HtmlPage):
    """A chart that shows itself in a notebook, and can be written to a page.

    Parameters
    ----------
    title
        What it shows.
    pictures
        SVG elements, one below the other.
    legend
        Whether they show single columns of a real table and a synthetic one.
    """

    title: str
    pictures: tuple[Markup, ...]
    legend: bool = False

    def __repr__(self) -> str:
        return f"Chart({self.title!r})"

    def to_html(self) -> str:
        """Return one HTML page, which needs no network."""
        return chart_page(self.title, self.pictures, legend=self.legend)

    def _repr_html_(self) -> str:
        return framed(self.to_html(), title=self.title, height=HEIGHT)


def plot_column(
    real: TableLike, synthetic: TableLike, column: Hashable, *, schema: Kinds = None
) -> Chart:
    """Plot the distribution of a column in both tables.

    Parameters
    ----------
    real, synthetic
        The tables.
    column
        The column's name.
    schema
        The schema, or a dict of kinds, as in `evaluate`.

    Raises
    ------
    OptionError
        If a table has no such column, or its values are generated and therefore not compared.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"size": ["S", "M", "L", "M"] * 5})
    >>> plot_column(table, table, "size")
    Chart("'size'")
    """
    tables = _tables_of(real, synthetic, [column], schema)
    shown = distribution_of(tables.coded[0], tables.schema.columns[0])
    return Chart(repr(column), (distribution(str(column), shown),), legend=True)


def plot_pair(
    real: TableLike,
    synthetic: TableLike,
    one: Hashable,
    other: Hashable,
    *,
    schema: Kinds = None,
) -> Chart:
    """Plot the joint distribution of two columns in both tables, side by side.

    Parameters
    ----------
    real, synthetic
        The tables.
    one, other
        The columns' names.
    schema
        The schema, or a dict of kinds, as in `evaluate`.

    Raises
    ------
    OptionError
        If a table has no such column, its values are not compared, or both are the same.
    """
    if one == other:
        raise OptionError(f"one={one!r} and other={other!r} are the same column; name two")
    tables = _tables_of(real, synthetic, [one, other], schema)
    pair = [(tables.schema.columns[place], tables.coded[place]) for place in (0, 1)]
    return Chart(f"{one!r} by {other!r}", (joint_chart(joint_shares(pair[0], pair[1])),))


def plot_training(model: HasHistory) -> Chart:
    """Plot the losses and other records of a training.

    Parameters
    ----------
    model
        A fitted estimator.

    Raises
    ------
    OptionError
        If there are no records: the estimator is not fitted, or has no training steps.
    """
    curves = training_curves(getattr(model, "history_", ()))
    if not curves:
        raise OptionError(
            f"model={type(model).__name__} has no records of a training; fit it, by a method that "
            "trains a network"
        )
    pictures = [Markup("<h2>{}</h2>").format(curve.title) + curve.picture for curve in curves]
    return Chart("Course of the training", tuple(pictures))


def _tables_of(
    real: TableLike, synthetic: TableLike, columns: Sequence[Hashable], schema: Kinds
) -> ComparedTables:
    """Return the tables with some columns alone, which can be compared."""
    frames = []
    for name, table in (("real", real), ("synthetic", synthetic)):
        frame = as_frame(table)
        for label in columns:
            if label not in frame.columns:
                raise OptionError(
                    f"{label!r} is not a column of the {name} table; "
                    f"{did_you_mean(str(label), [*map(str, frame.columns)])}"
                )
        frames.append(frame[[*columns]])
    kinds = {c.name: c.kind for c in schema} if isinstance(schema, Schema) else dict(schema or {})
    kinds = {name: kind for name, kind in kinds.items() if name in columns}
    for column in resolve_schema(frames[0], kinds):
        if column.is_generated or column.kind == "multiselect":
            raise OptionError(
                f"{column.name!r} is of kind {column.kind}, which no chart shows; name a column of "
                "numbers, dates or levels"
            )
    return read_tables(frames[0], frames[1], schema=kinds)
