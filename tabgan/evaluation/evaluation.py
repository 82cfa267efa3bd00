"""`Evaluation`: all that was found about a synthetic table, and what it can be turned into."""

import os
from dataclasses import dataclass
from pathlib import Path

from tabgan.errors import TableFileError
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
from tabgan.files import open_output

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
