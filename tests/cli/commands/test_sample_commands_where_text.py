"""The options of ``tabgan sample`` that say which rows are wanted, " "before a model is read."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from tabgan.cli.commands.sample_commands import _partial_rows
from tabgan.cli.main import main


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--where-file", "rows.csv", "-n", "5"),
            "--where-file determines the number of rows; leave -n out",
        ),
        (
            ("--where-file", "rows.csv", "--where", "a=1"),
            "--where and --where-file can't be combined; use one of them",
        ),
        (("--where", "a > 1 or b = 2"), "where: only 'and' joins tests"),
        (("--where", "a > 'b"), "  a > 'b\n      ^"),
    ],
)
def test_wrong_usage(tmp_path, options, message):
    result = CliRunner().invoke(main, ["sample", str(tmp_path / "none.safetensors"), *options])
    assert result.exit_code == 2
    assert message in result.stderr


def test_empty_cells_of_partial_rows_are_to_be_drawn(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n007,\n,x\n")
    expected = pd.DataFrame({"a": ["007", np.nan], "b": [np.nan, "x"]})
    pd.testing.assert_frame_equal(_partial_rows(str(path)), expected, check_dtype=False)
