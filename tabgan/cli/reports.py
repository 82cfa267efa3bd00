"""The quality report of what a command has drawn."""

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.cli.work import Report
    from tabgan.estimator import TabGAN
    from tabgan.files import TableForm

__all__ = ["write_report"]

FEWEST_ROWS = 10  # that an evaluation takes


def write_report(
    gan: "TabGAN",
    frame: "pd.DataFrame",
    form: "TableForm",
    report: "Report",
    *,
    rows: int | None,
    seed: int,
    path: str,
) -> None:
    """Evaluate rows against the training table, and write the page.

    The rows are those that were written, drawn again from their seed; where these are more than
    the training table has, or too few to be judged, as many as it has are drawn.
    """
    from tabgan.cli.work import with_holes

    written = gan.n_rows_ if rows is None else rows
    report.say("Evaluating the rows")
    if FEWEST_ROWS <= written <= max(len(frame), gan.n_rows_):  # the latter may be a noisy number
        drawn, compared = gan.sample(written, random_state=seed), "the rows that were written"
    else:
        drawn = gan.sample(len(frame), random_state=seed)
        compared = f"{len(frame):,} rows of the same model, as many as the training table has"
    found = gan.evaluate(with_holes(frame, form), with_holes(drawn, form))
    if found.run is not None:
        facts = {**found.run.facts, "rows written": f"{written:,}", "rows compared": compared}
        found = replace(found, run=replace(found.run, facts=facts))
    found.save_html(path, force=True)  # whether it may be replaced was asked before the training
    report.done("report")
    report.say(found.verdict.headline)
    report.say(f"Score {found.verdict.score:.3f} ({found.verdict.grade}); compared {compared}")
    report.say(f"Wrote the report to {path}")
    if gan.privacy_ is not None:
        report.say("The report looks at the real rows: the guarantee of privacy does not cover it")
    report.facts |= {
        "report": path,
        "grade": found.verdict.grade,
        "score": found.verdict.score,
        "compared": compared,
    }
