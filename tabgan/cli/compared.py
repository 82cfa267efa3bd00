"""What the commands that hold a synthetic table against the real one share."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.cli.work import Report

__all__ = ["FAILED_LIMIT", "read_compared"]

FAILED_LIMIT = 6  # exit code of a score or a risk beyond the limit that was given


def read_compared(
    real: str, synthetic: str, holdout: str | None, report: "Report", reading: dict[str, Any]
) -> tuple["pd.DataFrame", "pd.DataFrame", "pd.DataFrame | None"]:
    """Read the real table, the synthetic one, and the holdout if there is one."""
    from tabgan.cli.work import read_data, with_holes

    def table(path: str) -> "pd.DataFrame":
        return with_holes(*read_data(path, report, **reading))

    return table(real), table(synthetic), None if holdout is None else table(holdout)
