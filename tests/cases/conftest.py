"""Tables with one fault each, seen on real files; where they are not at hand, tests are skipped."""

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

CASES = Path(os.environ.get("TABGAN_CASES", "../shared/cases"))


@pytest.fixture(scope="session")
def case() -> Callable[[str], pd.DataFrame]:
    """Read a table as the command line does."""
    from tabgan.files.read_write import read_table

    def read(name: str) -> pd.DataFrame:
        path = CASES / name
        if not path.exists():
            pytest.skip(f"{path} is not at hand; TABGAN_CASES names the folder of these tables")
        return read_table(str(path))[0]

    return read
