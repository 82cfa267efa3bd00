"""Pictures and the quality report of a model that a command has trained."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tabgan.cli.output_targets import PICTURES
from tabgan.cli.tables import with_holes

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.cli.console import Report
    from tabgan.estimator import TableEstimator
    from tabgan.files.table_form import TableForm

__all__ = ["SNAPSHOTS", "draw_pictures", "write_report"]

SNAPSHOTS = 6  # moments of the training that are drawn
FEWEST_ROWS = 10  # that an evaluation takes


def draw_pictures(
    gan: "TableEstimator", frame: "pd.DataFrame", folder: str, report: "Report"
) -> list[str]:
    """Draw the losses and the learned columns of a training, where there are any.

    Parameters
    ----------
    gan
        The fitted estimator.
    frame
        The training table.
    folder
        The folder to draw in.
    report
        Where messages go.

    Returns
    -------
    list of str
        The files.
    """
    from tabgan.evaluation.pictures.column_pictures import choose_columns, plot_marginals
    from tabgan.evaluation.pictures.training_pictures import plot_losses

    losses, marginals = (str(Path(folder, name)) for name in PICTURES)
    drawn = []
    if gan.history_:
        plot_losses(gan.history_, losses, gan.diagnosis_)
        drawn.append(losses)
    learned = [column.name for column in gan.schema_ if not column.is_generated]
    columns = choose_columns(frame[learned])
    if gan.snapshots_ and columns:
        plot_marginals(gan.snapshots_, frame, columns, marginals)
        drawn.append(marginals)
    report.done("pictures")
    report.say(f"Drew {' and '.join(drawn) or 'nothing: there was nothing to learn'}")
    return drawn


def write_report(
    gan: "TableEstimator",
    frame: "pd.DataFrame",
    form: "TableForm",
    report: "Report",
    *,
    rows: int | None,
    seed: int,
    path: str,
) -> None:
    """Evaluate rows against the training table, and write the page.

    The rows are those that were written, drawn again from their seed. Where these are more than
    the training table has, or too few to be judged, as many as the table has are drawn.

    Parameters
    ----------
    gan
        The fitted estimator.
    frame, form
        The training table and its form.
    report
        Where messages and facts go.
    rows, seed
        The number of rows that were written, and their seed.
    path
        The page (.html).
    """
    written = gan.n_rows_ if rows is None else rows
    report.say("Evaluating the rows")
    if FEWEST_ROWS <= written <= max(len(frame), gan.n_rows_):  # the latter may be a noisy number
        drawn, compared = gan.sample(written, random_state=seed), "the rows that were written"
    else:
        drawn = gan.sample(len(frame), random_state=seed)
        compared = f"{len(frame):,} rows of the same model, as many as the training table has"
    evaluation = gan.evaluate(with_holes(frame, form), with_holes(drawn, form))
    if evaluation.run is not None:
        facts = {**evaluation.run.facts, "rows written": f"{written:,}", "rows compared": compared}
        evaluation = replace(evaluation, run=replace(evaluation.run, facts=facts))
    evaluation.save_html(path, force=True)  # --force was checked before the training
    report.done("report")
    verdict = evaluation.verdict
    report.say(verdict.headline)
    report.say(f"Score {verdict.score:.3f} ({verdict.grade}); compared {compared}")
    report.say(f"Wrote the report to {path}")
    if gan.privacy_ is not None:
        report.say("The report looks at the real rows: the guarantee of privacy does not cover it")
    report.facts |= {
        "report": path,
        "grade": verdict.grade,
        "score": verdict.score,
        "compared": compared,
    }
