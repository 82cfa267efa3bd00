"""Pictures of a training, for the commands that train."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.cli.work import Report
    from tabgan.estimator import TabGAN

__all__ = ["SNAPSHOTS", "check_folder", "draw_pictures"]

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
    from tabgan.errors import TableFileError
    from tabgan.files import check_output
    from tabgan.pictures import check_pictures

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
    from tabgan.pictures import choose_columns, plot_losses, plot_marginals

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
