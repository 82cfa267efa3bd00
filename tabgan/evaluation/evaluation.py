"""`Evaluation`: all that was found about a synthetic table, and what it can be turned into."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from tabgan.errors import TableFileError
from tabgan.evaluation.audits import PrivacyAudit
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
from tabgan.evaluation.summary import summarise
from tabgan.evaluation.verdict import Verdict
from tabgan.files import open_output

__all__ = ["Evaluation"]


@dataclass(frozen=True, repr=False)
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
    privacy
        What attacks found (`tabgan.privacy.audit`); None where none were tried. Put it beside the
        rest by ``dataclasses.replace(evaluation, privacy=audit(real, synthetic, holdout))``.
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
    privacy: PrivacyAudit | None = None

    def summary(self) -> str:
        """Return the verdict, the parts with their floors and the weakest points, as text."""
        return summarise(self)

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return f"Evaluation(grade={self.verdict.grade!r}, score={self.verdict.score:.3f})"

    def to_json(self) -> dict[str, Any]:
        """Return all figures as JSON values: objects, lists, numbers, text, and null for NaN.

        There are single values of the tables in it (levels, quantiles, examples of violations),
        and no row of either.
        """
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    def to_html(self) -> str:
        """Return the quality report: one HTML page, under 2 MB, that needs no network.

        Examples
        --------
        ``evaluation.save_html("report.html")`` writes it to a file.
        """
        from tabgan.evaluation.report import render

        return render(self)

    def save_html(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Write the quality report to a file, whole or not at all.

        Parameters
        ----------
        path
            The file; its folder has to be there.
        force
            Whether a file that exists may be replaced.

        Raises
        ------
        TableFileError
            If the file exists and `force` is not set, or can't be written.
        """
        if Path(path).is_file() and not force:
            raise TableFileError(
                f"{os.fspath(path)} already exists; name another file, or set force=True to "
                "replace it"
            )
        page = self.to_html().encode()
        with open_output(os.fspath(path), force=True) as file:
            file.write(page)

    def _repr_html_(self) -> str:
        from tabgan.evaluation.report import render_frame

        return render_frame(self)


def _plain(value: Any) -> Any:
    """Return a result as JSON values."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if isfinite(value) else None
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(item) for name, item in value._asdict().items()}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
