import json

import pytest

from tabgan.files.read_write import read_table

RULES = [
    {"kind": "sum", "parts": ["net", "tax"], "total": "gross"},
    {"kind": "inequality", "low": "from", "high": "to", "strict": True},
    {"kind": "range", "column": "from", "minimum": "2024-01-01"},
]


@pytest.fixture
def bills(tmp_path):
    rows = (
        f"{i % 9}.50,{i % 4}.25,{i % 9 + i % 4}.75,2024-01-{1 + i % 20:02d},2024-02-{1 + i % 9:02d}"
        for i in range(120)
    )
    path = tmp_path / "bills.csv"
    path.write_text("\n".join(["net,tax,gross,from,to", *rows, ""]))
    return path


@pytest.fixture
def write(tmp_path):
    def written(content):
        path = tmp_path / "rules.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return written


def test_rules_hold_in_the_rows_of_synth_and_of_a_model(run, bills, write):
    rules = write(RULES)
    options = ("--steps", "2", "--seed", "1", "--constraints", rules)
    assert run("synth", bills, *options, "-o", "made.csv").exit_code == 0
    assert run("fit", bills, *options, "-m", "m.safetensors").exit_code == 0
    assert run("sample", "m.safetensors", "-n", "50", "-o", "more.csv").exit_code == 0
    for name in ("made.csv", "more.csv"):
        frame, _ = read_table(name)
        numbers = frame[["net", "tax", "gross"]].astype(float)
        assert (numbers["net"] + numbers["tax"] == numbers["gross"]).all()
        assert (frame["from"] < frame["to"]).all()


def test_inspect_shows_them(run, bills, write):
    run("fit", bills, "--steps", "2", "--constraints", write(RULES), "-m", "m.safetensors")
    lines = run("inspect", "m.safetensors").stdout.splitlines()
    assert [line for line in lines if line.startswith("constraint: ")] == [
        "constraint: 'net' + 'tax' = 'gross'",
        "constraint: 'from' < 'to'",
        "constraint: 2024-01-01 ≤ 'from'",
    ]
    facts = json.loads(run("inspect", "m.safetensors", "--json").stdout)
    assert len(facts["constraints"]) == 3


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("[{", (2, "is not JSON (")),
        ({"kind": "sum"}, (2, "constraints are a JSON list of objects, each with a 'kind'")),
        (
            [{"kind": "sun"}],
            (
                2,
                "'sun' is not a kind of constraint; did you mean 'sum'?",
            ),
        ),
        (
            [{"kind": "positive", "column": "nett"}],
            (2, "Positive ('nett' > 0): column 'nett' is not in the table; did you mean 'net'?"),
        ),
        ([{"kind": "range", "column": "net", "minimum": 1}], (3, "14 of 120 rows break it")),
    ],
)
def test_faults(run, bills, write, content, expected):
    result = run("synth", bills, "--steps", "2", "--constraints", write(content))
    assert result.exit_code == expected[0]
    assert expected[1] in result.stderr


def test_a_file_that_is_not_there(run, bills):
    result = run("fit", bills, "-m", "m.safetensors", "--constraints", "none.json")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        5,
        "Error: none.json can't be read: No such file or directory",
    )


def test_values_nested_too_deeply_are_refused(run, bills, write):
    rules = write('[{"kind": "inequality", "low": ' + "[" * 600 + "]" * 600 + ', "high": "to"}]')
    result = run("synth", bills, "--constraints", rules, "-o", "made.csv")
    assert result.exit_code == 2
    assert "nested too deeply" in result.stderr
