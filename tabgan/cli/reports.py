"""Reports and pictures of what a command has drawn or compared."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.cli.console import Report
    from tabgan.estimator import TabGAN

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.cli.console import Report
    from tabgan.estimator import TabGAN
    from tabgan.files.table_form import TableForm

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.cli.console import Report


__all__ = [
    "FAILED_LIMIT",
    "SNAPSHOTS",
    "check_folder",
    "draw_pictures",
    "read_compared",
    "write_report",
]

SNAPSHOTS = 6  # moments that are drawn


PICTURES = (_LOSSES, _MARGINALS) = ("losses.png", "marginals.png")


def check_folder(folder: str, names: Iterable[str] = PICTURES, *, force: bool) -> None:
    """Check that pictures can be drawn to a folder, and make it if it is not there.

    Raises
    ------
    OptionError
        If matplotlib lacks.
    TableFileError
        If the folder can't be made or written to, or holds pictures already and `force` is not
        set.
    """
    from tabgan.base.errors import TableFileError
    from tabgan.evaluation.pictures.canvas import check_pictures
    from tabgan.files.write import check_output

    check_pictures()
    try:
        Path(folder).mkdir(exist_ok=True)
    except OSError as error:
        raise TableFileError(
            f"--pictures {folder} is no folder and can't be made one: {error.strerror or error}"
        ) from error
    for name in names:
        place = Path(folder, name)
        if place.is_file() and not force:
            raise TableFileError(
                f"{place} already exists; name another folder with --pictures, or give --force to "
                "replace it"
            )
        check_output(str(place), force=force)


def draw_pictures(gan: "TabGAN", frame: "pd.DataFrame", folder: str, report: "Report") -> list[str]:
    """Draw what there is to draw of a training, and return the files."""
    from tabgan.evaluation.pictures.column_pictures import choose_columns, plot_marginals
    from tabgan.evaluation.pictures.training_pictures import plot_losses

    drawn = []
    if gan.history_:
        drawn.append(str(Path(folder, _LOSSES)))
        plot_losses(gan.history_, drawn[-1], gan.diagnosis_)
    learned = [column.name for column in gan.schema_ if not column.is_made_anew]
    columns = choose_columns(frame[learned])
    if gan.snapshots_ and columns:
        drawn.append(str(Path(folder, _MARGINALS)))
        plot_marginals(gan.snapshots_, frame, columns, drawn[-1])
    report.done("pictures")
    report.say(f"Drew {' and '.join(drawn) or 'nothing: there was nothing to learn'}")
    return drawn


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
    from tabgan.cli.tables import with_holes

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


FAILED_LIMIT = 6  # exit code of a score or a risk beyond the limit that was given


def read_compared(
    real: str, synthetic: str, holdout: str | None, report: "Report", reading: dict[str, Any]
) -> tuple["pd.DataFrame", "pd.DataFrame", "pd.DataFrame | None"]:
    """Read the real table, the synthetic one, and the holdout if there is one."""
    from tabgan.cli.tables import read_data, with_holes

    def table(path: str) -> "pd.DataFrame":
        return with_holes(*read_data(path, report, **reading))

    return table(real), table(synthetic), None if holdout is None else table(holdout)
