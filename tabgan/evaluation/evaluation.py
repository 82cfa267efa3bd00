"""`Evaluation`: all that was found about a synthetic table, and what it can be turned into."""

from dataclasses import dataclass

from tabgan.evaluation.results import (
    Coverage,
    Detection,
    Fidelity,
    Nearness,
    Run,
    Tables,
    Utility,
    Validity,
)
from tabgan.evaluation.verdict import Verdict

__all__ = ["Evaluation"]


@dataclass(frozen=True)
class Evaluation:
    """How good a synthetic table is, figure by figure.

    Attributes
    ----------
    verdict
        The decision in words, the overall score, and the weakest points.
    tables
        What was compared, how much of it, and how long it took.
    validity, fidelity, detection, coverage, nearness
        The parts.
    utility
        None where no column can be predicted from the others.
    run
        How the table came about; None where only the tables are known.
    """

    verdict: Verdict
    tables: Tables
    validity: Validity
    fidelity: Fidelity
    detection: Detection
    utility: Utility | None
    coverage: Coverage
    nearness: Nearness
    run: Run | None = None
