"""The decision: is the table good enough, and what is weakest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

__all__ = ["Grade", "Verdict", "WeakPoint"]

Grade = Literal["as good as real", "good", "usable with care", "poor"]


class WeakPoint(NamedTuple):
    """Where the table is weak.

    Attributes
    ----------
    part
        "validity", "fidelity", "detection", "utility", "coverage" or "nearness".
    columns
        The columns that it is about; may be empty.
    what
        What was found, in one sentence with its figures.
    remedy
        What to do about it, in one sentence.
    severity
        From 0 (as a fresh sample of the real table) to 1.
    """

    part: str
    columns: tuple[str, ...]
    what: str
    remedy: str
    severity: float


@dataclass(frozen=True)
class Verdict:
    """What a reader needs to know first.

    Attributes
    ----------
    grade
        One of four, by the score and by the parts' worst.
    headline
        One sentence.
    score
        Mean of the parts' scores, from 0 to 1; what a gate compares.
    parts
        Each part's score from 0 to 1, by its name.
    weak_points
        At most three, the weakest first; empty where nothing is weak.
    """

    grade: Grade
    headline: str
    score: float
    parts: Mapping[str, float]
    weak_points: tuple[WeakPoint, ...]
