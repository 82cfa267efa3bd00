"""What each part of an evaluation measures: frozen values, with those of a fresh sample beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ColumnResult",
    "Coverage",
    "Detection",
    "Detector",
    "Fault",
    "Fidelity",
    "Figure",
    "JointShares",
    "KeyResult",
    "LevelsChart",
    "NearRule",
    "NumbersChart",
    "Metric",
    "Pairs",
    "Predicted",
    "PresenceResult",
    "RuleResult",
    "StandIns",
    "Structure",
    "TellingFeature",
    "TimeResult",
    "Utility",
    "Validity",
    "Violation",
]

Floats = NDArray[np.float64]


class Figure(NamedTuple):
    """A measured figure, and that of a fresh sample of the real table.

    Attributes
    ----------
    value
        The figure of the synthetic table.
    baseline
        The figure that as many fresh rows of the real table would get; NaN if unknown.
    """

    value: float
    baseline: float = float("nan")

    @property
    def of_baseline(self) -> float:
        """Share of the baseline that it reaches, at most 1; NaN where it isn't known."""
        if np.isnan(self.value):
            return float("nan")
        return min(self.value / self.baseline, 1.0) if self.baseline > 0 else 1.0


Fault = Literal[
    "type", "missing", "repeated", "level", "range", "length", "magnitude", "kind", "fraction"
]


class Violation(NamedTuple):
    """A way in which synthetic values can't be values of the real table.

    Attributes
    ----------
    column
        The column's label as text.
    rule
        What was to hold, in words that follow "is": "within 17 to 90", "one of the real table's
        7 levels", "never missing", "unique", …
    example
        One of the values that do, as text of at most 80 characters.
    fault
        What is wrong with them.
    """

    column: str
    rule: str
    rows: int  # synthetic ones that break it
    example: str
    fault: Fault = "kind"
    fresh: float = 0.0  # rows that break it by chance, in percent
    rows_of_unit: float = 1.0  # such rows for each unit that has one; 1 where each row is a unit


class StandIns(NamedTuple):
    """Levels that few real rows hold, and new values in their place.

    Both are compared as one level: nobody may copy the first, and the second are no fault.

    Attributes
    ----------
    column
        The column's label as text.
    levels
        Levels of the real table that few rows hold.
    real_rows
        Real rows that have one, in percent of those with a value.
    new_rows
        Synthetic rows with a value that isn't in the real table, written like its own, likewise.
    odd_rows
        Real rows with such a level that is written as no other one, likewise.
    """

    column: str
    levels: int
    real_rows: float
    new_rows: float
    odd_rows: float = 0.0

    @property
    def sentence(self) -> str:
        """What was joined, in words."""
        return (
            f"{self.column!r} has {self.levels:,} levels that few real rows hold "
            f"({self.real_rows:.1f} % together). They count as one level, and so do the new values "
            f"written like them in {self.new_rows:.1f} % of the synthetic rows."
        )


@dataclass(frozen=True)
class Validity:
    """Whether the values are ones that the real table could hold.

    Attributes
    ----------
    data_validity, data_structure
        Scores of sdmetrics' ``DiagnosticReport``, in percent; 100 at best.
    valid_rows
        Share of rows without a violation, in percent.
    violations
        What was broken, most rows first.
    stand_ins
        Rare levels that were replaced by new values of the same form, most rows first.
    """

    data_validity: float
    data_structure: float
    valid_rows: Figure
    violations: tuple[Violation, ...]
    stand_ins: tuple[StandIns, ...] = ()


@dataclass(frozen=True)
class NumbersChart:
    """How the values of numbers, dates or durations are spread.

    Attributes
    ----------
    edges
        Shape (bins + 1,): borders of equal width, in the unit of the column; of dates and
        durations in nanoseconds (since 1970).
    real, synthetic
        Shape (bins,): share of the non-missing values in each bin; what lies outside of the
        borders counts to the first and last bin.
    quantiles
        ``{"real": {"0": …, "25": …, "50": …, "75": …, "100": …}, "synthetic": …}`` as text, as
        the table writes them.
    is_time
        "date" or "duration" for these, None for a number.
    """

    edges: Floats
    real: Floats
    synthetic: Floats
    quantiles: Mapping[str, Mapping[str, str]]
    is_time: Literal["date", "duration"] | None = None


@dataclass(frozen=True)
class LevelsChart:
    """How often each level occurs.

    Attributes
    ----------
    names
        The levels, the real table's commonest first, as text; at most `SHOWN_LEVELS`.
    real, synthetic
        Shape (levels,): shares of the non-missing values.
    n_others
        Levels that are not named, and ``others`` their shares (real, synthetic).
    """

    names: tuple[str, ...]
    real: Floats
    synthetic: Floats
    n_others: int = 0
    others: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class ColumnResult:
    """One column of both tables.

    Attributes
    ----------
    name
        Its label as text.
    kind
        Its kind in the schema.
    shape_error
        Kolmogorov-Smirnov statistic (numbers, dates) or total variation distance (levels), in
        percent; None for generated columns (identifiers, personal data, text).
    missing
        Shares of missing values, in percent; the baseline is that of the real table itself.
    detection
        AUC of a decision tree that is shown this column alone; None as above.
    distribution
        What a chart shows; None as above.
    """

    name: str
    kind: str
    shape_error: Figure | None
    missing: Figure
    detection: Figure | None
    distribution: NumbersChart | LevelsChart | None


class JointShares(NamedTuple):
    """How two columns are distributed together in both tables.

    Attributes
    ----------
    row, column
        The columns, as text.
    row_levels, column_levels
        Common levels and all others, or the first value of each tenth of the real numbers.
    real, synthetic
        Shape (row levels, column levels): shares of the rows.
    """

    row: str
    column: str
    row_levels: tuple[str, ...]
    column_levels: tuple[str, ...]
    real: Floats
    synthetic: Floats


@dataclass(frozen=True)
class Pairs:
    """How columns are related, as matrices over the compared columns.

    Attributes
    ----------
    names
        The columns' labels as text, in the table's order.
    real, synthetic
        Shape (columns, columns): strength of each pair in 0 to 1 (|correlation| of numbers,
        Cramér's V where levels take part; numbers are binned for it); NaN where it isn't known.
    error
        Shape (columns, columns): total variation distance of the pair's contingency tables, with
        numbers in tenths of the real ones, in percent; NaN on the diagonal and where the pair is
        not related in the real table.
    related
        Shape (columns, columns), bool: pairs that count in the mean.
    noise
        How far apart two samples of the real table have the strengths of 19 in 20 pairs, at most.
    joints
        The joint distributions of the pairs that are kept least.
    """

    names: tuple[str, ...]
    real: Floats
    synthetic: Floats
    error: Floats
    related: NDArray[np.bool_]
    noise: float = 0.0
    joints: tuple[JointShares, ...] = ()


@dataclass(frozen=True)
class Fidelity:
    """How near the distributions are.

    Attributes
    ----------
    shape_error
        Mean over the columns, in percent (`tabgan.evaluation.fidelity`).
    trend_error
        Mean of `Pairs.error` over the related pairs, in percent; NaN where none is. What sdmetrics
        counts is among the `FieldMeasures`.
    unrelated_error
        The trend error that the real table would get with each column shuffled on its own: what
        it is where no relation is left.
    columns
        One result a column, in the table's order, generated ones among them.
    pairs
        The matrices behind the trend error; None where only one column can be compared.
    relations_kept
        Share of the related pairs' relations that is kept, from 0 (as columns shuffled on their
        own) to 1 (as fresh rows), however far the columns' own distributions are off; NaN where
        no pair is related (`tabgan.evaluation.fidelity.Relations`).
    """

    shape_error: Figure
    trend_error: Figure
    unrelated_error: float
    columns: tuple[ColumnResult, ...]
    pairs: Pairs | None
    relations_kept: float = float("nan")


class Detector(NamedTuple):
    """How well a classifier tells synthetic rows from real ones that it has not seen.

    Attributes
    ----------
    auc
        Area under the ROC curve over all folds; ½ is a coin.
    low, high
        Its 95 % confidence interval.
    baseline
        The AUC that a fresh sample of the real table would get; ½, up to chance.
    """

    auc: float
    low: float
    high: float
    baseline: float

    @property
    def mirrored(self) -> float:
        """How far the area is below 0.45, and twice what fresh rows are below ½, as of copies."""
        return max(0.45 - self.high - 2 * max(0.5 - self.baseline, 0.0), 0.0)

    @property
    def score(self) -> float:
        """1 less twice the distance from ½, at the nearer end of the interval; 0 at worst."""
        return 1 - 2 * max(self.low - 0.5, self.mirrored, 0.0)


class TellingFeature(NamedTuple):
    """Columns that tell a synthetic row.

    Attributes
    ----------
    columns
        One column's name, or two.
    auc
        AUC of a decision tree that is shown these alone, on rows that it has not seen.
    drop
        What the AUC of the whole detector loses when these are taken from it.
    """

    columns: tuple[str, ...]
    auc: float
    drop: float


@dataclass(frozen=True)
class Detection:
    """Classifier two-sample tests (Lopez-Paz and Oquab, ICLR 2017).

    Attributes
    ----------
    trees, logistic
        Boosted trees, and a logistic regression on one-hot levels and z-scores.
    telling_features
        The columns and pairs that give it away, strongest first; empty where trees do no better
        than a coin.
    """

    trees: Detector
    logistic: Detector
    telling_features: tuple[TellingFeature, ...]


Metric = Literal["AUC", "macro AUC", "R²", "R² of ranks"]


class Predicted(NamedTuple):
    """How well a column is predicted from the others: train on synthetic rows, test on real ones.

    Attributes
    ----------
    column
        The column, as text.
    metric
        "AUC" (two levels), "macro AUC" (more) or "R² of ranks" (a number).
    score
        Of a model that learned from synthetic rows, on held-out real rows; the baseline is that
        of one that learned from as many real rows.
    """

    column: str
    metric: Metric
    score: Figure
    error: float = 0.0  # standard error of such a score, by the rows that it was tested on
    score_of_rows: float = float("nan")  # of the model of real rows on synthetic ones
    error_of_rows: float = 0.0  # standard error of the difference of that and the baseline
    cause: str = (
        ""  # column that, drawn on its own, would let the model of real rows lose as much …
    )
    explained: float = 0.0  # … and the share of the loss that this explains

    @property
    def chance(self) -> float:
        """What a model that knows nothing gets: ½ or 0."""
        return 0.0 if self.metric.startswith("R²") else 0.5

    @property
    def gain(self) -> float:
        """What real rows teach, from 0 to 1."""
        return self.gain_of(self.score.baseline)

    def gain_of(self, score: float) -> float:
        """Return what a score is above chance, from 0 to 1."""
        return max(score - self.chance, 0.0) / (1 - self.chance)

    @property
    def kept(self) -> float:
        """Share of what real rows teach that synthetic ones teach too, from 0 to 1."""
        gain = self.score.baseline - self.chance
        return float(np.clip((self.score.value - self.chance) / gain, 0, 1)) if gain > 0 else 1.0


@dataclass(frozen=True)
class Utility:
    """Train on synthetic rows and test on real ones, against training on real rows.

    Attributes
    ----------
    target
        The column that is predicted, as text.
    chosen
        Why it is the target: "named", or how it was chosen, in words.
    metric
        "AUC" (two levels), "macro AUC" (more) or "R²" (a number).
    score
        Of boosted trees that learned from the synthetic table, on held-out real rows; the
        baseline is the score of those that learned from as many real rows.
    chance
        What a model that knows nothing gets: ½ or 0.
    importances
        The most important columns of both models by permutation, as
        ``(column, real, synthetic)``, the real model's strongest first.
    columns
        Each column by the others, by a small forest, those that lose most first; columns that
        real rows don't predict either are left out.
    """

    target: str
    chosen: str
    metric: Metric
    score: Figure
    chance: float
    importances: tuple[tuple[str, float, float], ...]
    columns: tuple[Predicted, ...] = ()
    error: float = 0.0  # standard error of a score, by the rows that it was tested on

    @property
    def kept(self) -> float:
        """Share of what real rows teach about the target that synthetic ones teach too."""
        return Predicted(self.target, self.metric, self.score).kept

    @property
    def kept_of_all(self) -> float:
        """The same over all columns, each weighed by what real rows teach about it."""
        gains = sum(column.gain for column in self.columns)
        if not gains:
            return 1.0
        learned = (c.gain_of(c.score.value) for c in self.columns)
        most = (min(own, 2 * c.gain) for own, c in zip(learned, self.columns, strict=True))
        return min(sum(most) / gains, 1.0)  # what chance adds to one column it takes from another

    @property
    def errors_of_kept(self) -> tuple[float, float]:
        """Standard errors of `kept` and `kept_of_all`: both models' scores have one."""
        target = Predicted(self.target, self.metric, self.score, self.error)
        return _error_of_share([target]), _error_of_share(self.columns)


def _error_of_share(predicted: Sequence[Predicted]) -> float:
    gains = sum(one.gain for one in predicted)
    squares = sum(2 * (one.error / (1 - one.chance)) ** 2 for one in predicted)
    return float(np.sqrt(squares)) / gains if gains else 0.0


@dataclass(frozen=True)
class Coverage:
    """Whether all of the real table is there. All in percent of what the real table has.

    Attributes
    ----------
    levels
        Levels of categories that occur in the synthetic table.
    ranges
        Mean share of the range of numbers and dates.
    rare_combinations
        Pairs of levels that occur in fewer than 1 % of the real rows.
    missing_patterns
        Sets of columns that are missing together, weighted by the rows that have them.
    lost_levels
        The commonest levels that are never drawn, as ``(column, level, real rows)``.
    n_levels
        Levels that were looked for, whole numbers of few values among them.
    """

    levels: Figure
    ranges: Figure
    rare_combinations: Figure
    missing_patterns: Figure
    lost_levels: tuple[tuple[str, str, int], ...]
    n_levels: int = 0
    cut_tails: tuple[tuple[str, str, int], ...] = ()  # numbers beyond all synthetic ones, likewise


class RuleResult(NamedTuple):
    """A rule between columns that the real table keeps.

    Attributes
    ----------
    columns
        The columns that take part.
    rule
        The rule in words, as ``tabgan inspect`` prints it.
    rows
        Rows that keep it, in percent; the baseline is that of the holdout, or of the real table.
    example
        A synthetic row that breaks it, "column=value" of each of its columns; "" if none does.
    """

    columns: tuple[str, ...]
    rule: str
    rows: Figure
    example: str = ""


class NearRule(NamedTuple):
    """What holds in almost every real row, or in almost every one with some level.

    Attributes
    ----------
    columns
        The columns.
    rule
        The rule in words; of several levels the one that most rows break.
    rows
        Rows that keep it, in percent of those that it is about, in the synthetic table and the
        real one.
    share
        Real rows that it is about, in percent.
    lost
        Share of it that is lost beyond chance, from 0 to 1: columns drawn on their own lose all.
    broken
        Rows of the whole table that break it beyond chance, in percent.
    """

    columns: tuple[str, ...]
    rule: str
    rows: Figure
    share: float
    lost: float
    broken: float


class KeyResult(NamedTuple):
    """A column whose values name things that stand in several rows: customers, orders.

    Attributes
    ----------
    column
        The key column.
    rows_per_key
        Distance of the numbers of rows of keys, in percent; the baseline compares two halves.
    constant
        For each column that has one value a key, rows with the commonest value of their key, in
        percent, and that of the real table.
    likeness
        For each other column whose values are alike within a key: how much, from 0 (as rows of
        different keys) to 1 (equal), in the synthetic table and in the real one.
    carried_over
        Synthetic keys that are keys of the real table, in percent.
    rows_of_row
        How many rows the key of a real row has, on average over the rows.
    at_most
        For each column that is compared: how alike its values are within a real key, as far as
        chance leaves it open.
    errors
        For each column of ``likeness``: the standard error of the difference. For the key: the
        square root of what 1 of its real and 1 of its synthetic values is of all.
    """

    column: str
    rows_per_key: Figure
    constant: Mapping[str, Figure]
    likeness: Mapping[str, Figure]
    carried_over: float
    rows_of_row: float = 1.0
    at_most: Mapping[str, float] = {}
    errors: Mapping[str, float] = {}

    def design_effect(self, column: str) -> float:
        """Return how many rows tell as much about a column as one row would without keys.

        Notes
        -----
        Source: Kish, "Survey Sampling" (1965): 1 + (rows − 1)·intraclass correlation.
        """
        inner = 1.0 if column in self.constant else self.at_most.get(column, 0.0)
        return 1 + (self.rows_of_row - 1) * inner


class PresenceResult(NamedTuple):
    """How the presence of a column's values goes with the rest of the row.

    Attributes
    ----------
    column
        A column with missing values.
    other
        The column that it is related to: by its values, or by their presence.
    strength
        Cramér's V in the synthetic table, and in the real one.
    lost
        Share of the relation that is lost, from 0 (as fresh rows) to 1 (as a shuffled column).
    rows
        Rows that would have to change for the relation to be kept, in percent.
    """

    column: str
    other: str
    strength: Figure
    lost: float
    rows: float


class TimeResult(NamedTuple):
    """What the time of a row tells about a column, or the times about each other.

    Attributes
    ----------
    time
        The column of times.
    column
        The column that goes with it; the same one where it is about the times themselves.
    what
        "neighbors in time", "hour of the day", …, "order within a key" or "order of the rows".
    strength
        Share of the column's variation that it explains, in the synthetic table and in the real
        one. About the times themselves, 1 less the distance of their distributions.
    lost
        Share of it that is lost beyond chance, from 0 to 1.
    before
        The column whose value in the row before this one has; "" where it is about others.
    """

    time: str
    column: str
    what: str
    strength: Figure
    lost: float
    before: str = ""


@dataclass(frozen=True)
class Structure:
    """What ties columns and rows together, beyond pairs of values.

    Attributes
    ----------
    rules
        Rules between columns of the real table, the most broken first.
    keys
        Columns whose values name things that stand in several rows.
    presence
        Relations of missing values, the most lost first.
    times
        What times tell, likewise.
    kept
        Share that is kept, from 0 to 1, of "rules", "keys", "presence", "times", "near rules".
    near_rules
        What holds in almost every real row, the most lost first.
    row_order
        How alike neighboring rows are, where nothing else tells of time.
    """

    rules: tuple[RuleResult, ...] = ()
    keys: tuple[KeyResult, ...] = ()
    presence: tuple[PresenceResult, ...] = ()
    times: tuple[TimeResult, ...] = ()
    kept: Mapping[str, float] = field(default_factory=dict)
    near_rules: tuple[NearRule, ...] = ()
    row_order: TimeResult | None = None
