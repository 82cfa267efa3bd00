"""Odd files through the command line: kept as they are written, or refused by one clear line."""

import json
from pathlib import Path

import pytest

from tabgan.files.read_write import read_table

STEPS = ("--steps", "3", "--hidden-dim", "16", "--seed", "0", "-q")

CELLS = {
    "quotes": ['say "hi"', "x,1", "two\nlines", " blank "],
    "NUL": ["a", "a\0", "a\0b"],
    "unicode": ["😀", "👨‍👩‍👧", "שלום", "e\u0301", "é"],
    "marks": ["", "NA", "NaN", "None", "null", "<NA>", "-"],
    "one value": ["same"],
    "blank": [""],
    "leading zeros": ["007", "012", "000"],
}


@pytest.mark.parametrize("cells", CELLS.values(), ids=CELLS)
def test_cells_are_kept(cells, run):
    rows = "".join(
        '"' + cells[row % len(cells)].replace('"', '""') + f'",{row}.5\n' for row in range(40)
    )
    Path("in.csv").write_text(f"cell,x\n{rows}", encoding="utf-8", newline="")
    result = run("synth", "in.csv", "-o", "out.csv", "-n", "200", *STEPS)
    assert (result.exit_code, result.output) == (0, "")
    made, _ = read_table("out.csv")
    assert set(made["cell"]) == set(cells)


def test_names_are_kept(run):
    Path("in.csv").write_text('😀,,"a\nb"," c "\n' + "1,x,y,2\n2,y,z,3\n" * 20, encoding="utf-8")
    assert run("synth", "in.csv", "-o", "out.csv", *STEPS).exit_code == 0
    assert list(read_table("out.csv")[0].columns) == ["😀", "column_2", "a\nb", " c "]
    assert Path("out.csv").read_text(encoding="utf-8").startswith('😀,,"a\nb", c \n')


def test_one_row(run):
    Path("in.csv").write_text("a,b\n1,2\n")
    result = run("synth", "in.csv", "-o", "out.csv", *STEPS)
    assert result.exit_code == 3
    assert result.stderr == ("Error: The table has 1 row; a table to learn from needs 2 at least\n")
    assert not Path("out.csv").exists()


def test_a_folder_in_place_of_a_file(run, small_csv):
    Path("folder.csv").mkdir()
    ends = {
        ("synth", "folder.csv"): (
            5,
            "folder.csv is a directory, not a table file; name a file in it",
        ),
        ("sample", "folder.csv"): (4, "folder.csv: a directory, not a model file"),
        ("synth", small_csv, "-o", "folder.csv"): (
            5,
            "folder.csv is a directory; name a file in it",
        ),
        ("fit", small_csv, "-m", "folder.csv"): (5, "folder.csv is a directory; name a file in it"),
    }
    for args, (code, message) in ends.items():
        result = run(*args, *(STEPS if args[0] != "sample" else ("-q",)))
        assert (result.exit_code, result.stderr) == (code, f"Error: {message}\n")


@pytest.mark.parametrize(("command", "option"), [("synth", "-o"), ("fit", "-m")])
def test_a_full_disk_leaves_nothing(command, option, run, small_csv):
    resource = pytest.importorskip("resource")  # a limit on the size of files
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        result = run(command, small_csv, option, "out.csv", *STEPS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert result.exit_code == 5
    assert result.stderr.startswith("Error: out.csv")
    assert result.stderr.endswith("File too large\n")
    assert not list(Path().iterdir())


def test_each_thing_that_is_skipped_is_one_line(run):
    rows = "".join(f"{at % 7},{at * 3 % 11},{'xy'[at % 2]}\n" for at in range(60))
    Path("in.csv").write_text(f"A report\n\na,,b\n{rows}\nSource: the office\n")
    result = run("synth", "in.csv", "-o", "out.csv", "--steps", "3", "--seed", "0")
    notes = [line for line in result.stderr.splitlines() if line.startswith("Note: ")]
    assert notes == [
        "Note: line 1 above the header skipped; --header-row N names another one",
        "Note: line 65 and those after it, notes below the table, are skipped",
        "Note: columns without a name in the header are named 'column_2'",
    ]
    assert Path("out.csv").read_text().startswith("a,,b\n")
    facts = json.loads(run("inspect", "in.csv", "--json", "-q").stdout)
    assert [f"Note: {note}" for note in facts["notes"]] == notes
    assert [column["name"] for column in facts["columns"]] == ["a", "column_2", "b"]


def test_tables_without_a_header_are_compared(run):
    rows = "".join(f"{at % 7},{at * 3 % 11}.5\n" for at in range(60))
    Path("in.csv").write_text(rows)
    Path("other.csv").write_text(f"1,NA\n{rows}")
    result = run("evaluate", "in.csv", "other.csv", "--json")
    assert result.exit_code == 0
    assert "61 rows, 2 columns" in result.stderr


def test_options_on_the_header(run):
    Path("in.csv").write_text("name,town\nAnn,Oslo\nBob,Bergen\n" + "Eve,Oslo\nBob,Oslo\n" * 20)
    facts = json.loads(run("inspect", "in.csv", "--no-header", "--json", "-q").stdout)
    assert (facts["rows"], facts["notes"]) == (43, [])
    facts = json.loads(run("inspect", "in.csv", "--header-row", "2", "--json", "-q").stdout)
    assert [column["name"] for column in facts["columns"]] == ["Ann", "Oslo"]
    refused = run("inspect", "in.csv", "--header-row", "2", "--no-header")
    assert refused.exit_code == 2
    assert "--no-header and --header-row 2 can't be combined; use one of them" in refused.stderr
    refused = run("inspect", "in.csv", "--header-row", "99")
    assert "Error: --header-row 99 names no line with cells among the first ones" in refused.stderr
