"""`sample --where`, `--where-file`, `--balance` and `impute`, end to end."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from tabgan.cli.main import main


def invoke(*args: object):
    return CliRunner().invoke(main, [*map(str, args)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("asking")
    rng = np.random.default_rng(0)
    n = 800
    table = pd.DataFrame(
        {
            "code": [f"{i:05d}" for i in rng.permutation(n)],
            "plan": rng.choice(["free", "pro", ""], n, p=[0.6, 0.3, 0.1]),
            "age": rng.integers(18, 80, n),
            "paid": rng.gamma(2, 20, n).round(2),
        }
    )
    table.to_csv(folder / "staff.csv", index=False)
    options = ("--steps", "20", "--hidden-dim", "16", "--min-group", "1", "--seed", "0")
    fitted = invoke("fit", folder / "staff.csv", "-m", folder / "m.safetensors", *options)
    assert fitted.exit_code == 0, fitted.stderr
    return folder


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"code": str}, keep_default_na=False)


def test_where(folder):
    out = folder / "where.csv"
    asked = ("--where", 'plan == "pro" and 30 <= age < 40', "--where", "paid > 20")
    result = invoke("sample", folder / "m.safetensors", *asked, "-n", "60", "-o", out, "--json")
    assert result.exit_code == 0, result.stderr
    rows = read(out)
    assert len(rows) == json.loads(result.stdout)["rows"] == 60
    assert set(rows["plan"]) == {"pro"}
    assert rows["age"].between(30, 39).all()
    assert (rows["paid"] > 20).all()
    assert rows["code"].str.fullmatch(r"\d{5,}").all()


def test_a_condition_that_was_never_met_is_said(folder):
    out = folder / "rare.csv"
    asked = "plan is missing and age == 79 and 120 <= paid <= 120.01 and code is not missing"
    result = invoke(
        "sample", folder / "m.safetensors", "--where", asked, "-n", "5", "--seed", "0", "-o", out
    )
    assert result.exit_code == 0, result.stderr
    assert "Warning: where: " in result.stderr
    assert len(read(out)) == 5


def test_a_condition_with_a_slip_is_marked(folder):
    asked = ("--where", "plan == pro or age > 3", "-o", folder / "none.csv")
    result = invoke("sample", folder / "m.safetensors", *asked)
    assert result.exit_code == 2
    assert "only 'and' joins tests" in result.stderr
    assert not (folder / "none.csv").exists()


def test_where_file(folder):
    (folder / "partial.csv").write_text("age,plan\n33,\n,pro\n41,free\n")
    out = folder / "completed.csv"
    partial = ("--where-file", folder / "partial.csv", "--seed", "1")
    result = invoke("sample", folder / "m.safetensors", *partial, "-o", out)
    assert result.exit_code == 0, result.stderr
    rows = read(out)
    assert list(rows.columns) == ["code", "plan", "age", "paid"]
    assert (rows["age"].iloc[0], rows["age"].iloc[2]) == (33, 41)
    assert rows["plan"].iloc[1:].tolist() == ["pro", "free"]
    assert (rows["paid"].astype(float) >= 0).all()


def test_balance(folder):
    out = folder / "even.csv"
    result = invoke("sample", folder / "m.safetensors", "--balance", "plan", "-n", 90, "-o", out)
    assert result.exit_code == 0, result.stderr
    assert read(out)["plan"].value_counts().nunique() == 1
    both = ("--balance", "plan", "--where-file", folder / "staff.csv")
    result = invoke("sample", folder / "m.safetensors", *both, "-o", folder / "none.csv")
    assert result.exit_code == 2
    assert "--balance and --where-file can't be combined; use one of them" in result.stderr


def test_impute(folder):
    (folder / "holes.csv").write_text("plan,age,paid\npro,,12.50\n,44,\nfree,20,3.00\n")
    out = folder / "filled.csv"
    result = invoke(
        *("impute", folder / "m.safetensors", folder / "holes.csv"), *("-o", out, "--json")
    )
    assert result.exit_code == 0, result.stderr
    facts = json.loads(result.stdout)
    assert (facts["empty_cells"], facts["filled_cells"]) == (3, 3)
    lines = out.read_text().splitlines()
    assert lines[0] == "plan,age,paid"
    assert lines[3] == "free,20,3.00", "written as it was"
    rows = read(out)
    assert rows["plan"].iloc[1] in {"free", "pro"}
    assert 18 <= int(rows["age"].iloc[0]) < 80


def test_impute_does_not_overwrite(folder):
    (folder / "there.csv").write_text("kept")
    result = invoke(
        *("impute", folder / "m.safetensors", folder / "staff.csv", "-o", folder / "there.csv")
    )
    assert result.exit_code == 5
    assert (folder / "there.csv").read_text() == "kept"
