"""`compare` judges several synthetic tables by one real table; a `Comparison` holds the results."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from tabgan.base.errors import OptionError
from tabgan.base.random_streams import RandomStateLike, resolve_seed
from tabgan.evaluation.evaluate import Evaluation, aligned, evaluate, figure_rows
from tabgan.evaluation.html_page import HtmlPage
from tabgan.inference.accept_table import TableLike
from tabgan.table.schema import Kind, Schema

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True)
class Comparison(HtmlPage):
    """Several synthetic tables, judged by one real table with the same samples and models.

    Attributes
    ----------
    evaluations
        One for each table, by its name, the best score first.
    """

    evaluations: Mapping[str, Evaluation]

    @property
    def best(self) -> str:
        """Name of the table with the best score."""
        return next(iter(self.evaluations))

    def rows(self) -> list[tuple[str, str, dict[str, str], str]]:
        """Return each figure: part, what it is, the tables' figures by name, and the baseline.

        A part's score comes first, under the name "score".
        """
        found = list[tuple[str, str, dict[str, str], str]]()
        parts = {part for one in self.evaluations.values() for part in one.verdict.parts}
        figures = {name: figure_rows(one) for name, one in self.evaluations.items()}
        order = list(dict.fromkeys(key for rows in figures.values() for key in rows))
        for part in dict.fromkeys(part for part, _ in order):
            if part in parts:
                scores = {
                    name: f"{one.verdict.parts[part]:.3f}"
                    for name, one in self.evaluations.items()
                    if part in one.verdict.parts
                }
                found.append((part, "score", scores, "1.000"))
            for key in (key for key in order if key[0] == part):
                values = {name: rows[key] for name, rows in figures.items() if key in rows}
                shown = {name: value for name, (value, _) in values.items()}
                found.append((part, key[1], shown, next(iter(values.values()))[1]))
        return found

    def summary(self) -> str:
        """Return the grades, and all figures side by side, as text."""
        names = [*self.evaluations]
        table = [
            ("", "", *names, "a fresh sample"),
            ("grade", "", *(one.verdict.grade for one in self.evaluations.values()), ""),
            ("score", "", *(f"{one.verdict.score:.3f}" for one in self.evaluations.values()), ""),
        ]
        last = ""
        for part, what, shown, baseline in self.rows():
            cells = (shown.get(name, "") for name in names)
            table.append((part if part != last else "", what, *cells, baseline))
            last = part
        lines = aligned(table)
        for name, one in self.evaluations.items():
            lines += ["", f"{name}: {one.verdict.headline}"]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.summary()

    def to_json(self) -> dict[str, Any]:
        """Return the figures of each table as JSON values (`Evaluation.to_json`)."""
        return {name: one.to_json() for name, one in self.evaluations.items()}

    def to_html(self) -> str:
        """Return one HTML page with all tables side by side; it needs no network."""
        from tabgan.evaluation.report.page import render_comparison

        return render_comparison(self.evaluations, self.rows())


def compare(
    real: TableLike,
    tables: "Mapping[str, TableLike]",
    holdout: "TableLike | None" = None,
    target: Hashable | None = None,
    *,
    schema: Schema | Mapping[Hashable, Kind] | None = None,
    random_state: RandomStateLike = 0,
) -> Comparison:
    """Judge several synthetic tables by one real table, side by side.

    Parameters
    ----------
    real
        The real table.
    tables
        The synthetic tables by name: of several tools, settings or seeds.
    holdout, target, schema, random_state
        As `evaluate` takes them; the same for all tables.

    Raises
    ------
    OptionError
        If there is no table.
    TabGANError
        As `evaluate` does.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> x, other = rng.normal(size=(2, 400))
    >>> real = pd.DataFrame({"x": x, "y": x})
    >>> copied, shuffled = pd.DataFrame({"x": other, "y": other}), real.assign(y=other)
    >>> compare(real, {"shuffled": shuffled, "drawn": copied}).best
    'drawn'
    """
    if not tables:
        raise OptionError("tables={} names no synthetic table; give at least one, by its name")
    seed = resolve_seed(random_state)
    found = {
        name: evaluate(real, table, holdout, target, schema=schema, random_state=seed)
        for name, table in tables.items()
    }
    return Comparison(dict(sorted(found.items(), key=lambda item: -item[1].verdict.score)))
