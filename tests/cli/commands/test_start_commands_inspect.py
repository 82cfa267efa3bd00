import json
from pathlib import Path

import pandas as pd
import pytest

from tabgan.estimator import TabGAN

STEPS = ("--steps", "20", "--hidden-dim", "16")


class TestInspect:
    def test_table(self, run, small_csv):
        result = run("inspect", small_csv)
        assert result.exit_code == 0
        lines = result.stdout.splitlines()
        assert lines[0].split() == [
            "column",
            "kind",
            "dtype",
            "missing",
            "range",
            "or",
            "values",
            "why",
        ]
        kinds = {line.split()[0]: line.split()[1] for line in lines[1:5]}
        assert kinds == {
            "code": "categorical",
            "price": "numeric",
            "area": "categorical",
            "day": "datetime",
        }
        assert lines[3].split()[3] == "33.3%"
        assert "no rules between columns" in lines  # a level of every third month is no range
        assert any(line.startswith("latent size: ") for line in lines)
        assert "training: 120 rows, 2,000 steps" in lines
        assert any(line.startswith("expected memory: about 0.") for line in lines)

    def test_table_facts_as_json(self, run, small_csv):
        facts = json.loads(run("inspect", small_csv, "--json").stdout)
        assert [column["distinct"] for column in facts["columns"]] == [7, 101, 3, 84]
        assert facts["columns"][1]["range"] == "0.0 to 25.0"
        assert facts["steps"] == 2000
        assert facts["memory_bytes"] > 1e8

    def test_times_of_day_have_no_day(self, run):
        Path("t.csv").write_text("at\n" + "".join(f"{i % 9 + 8}:{i % 60:02}\n" for i in range(99)))
        (column,) = json.loads(run("inspect", "t.csv", "--json").stdout)["columns"]
        assert column["range"] == "08:00:00 to 16:53:00"

    def test_a_table_without_rules(self, run):
        Path("t.csv").write_text("a,b\n" + "".join(f"{i * i % 13},{i % 5}\n" for i in range(90)))
        assert "no rules between columns" in run("inspect", "t.csv").stdout.splitlines()

    def test_rules_have_their_evidence(self, run):
        years = [2020 + at * at % 7 % 3 for at in range(200)]
        rows = "".join(f"{year}-0{at % 9 + 1}-11,{year}\n" for at, year in enumerate(years))
        Path("t.csv").write_text("day,year\n" + rows)
        rule = "'year' is the year of 'day'"
        (line,) = (
            line
            for line in run("inspect", "t.csv").stdout.splitlines()
            if line.startswith("rule: ")
        )
        assert line.startswith(f"rule: {rule} (in 200 rows; ")
        facts = json.loads(run("inspect", "t.csv", "--json").stdout)
        assert facts["dependencies"] == [rule]
        (evidence,) = facts["evidence"]
        assert evidence["rows"] == 200
        assert 0 < evidence["by_chance"] < 0.6
        assert evidence["log10_chance"] < -20
        assert facts["untried"] is None

    def test_expected_memory_counts_the_texts(self, run):
        for name, width in (("short.csv", 5), ("long.csv", 10_005)):
            Path(name).write_text("n,note\n" + "".join(f"{i},{i:0{width}d}\n" for i in range(500)))
        short, long = (
            json.loads(run("inspect", name, "--json").stdout)["memory_bytes"]
            for name in ("short.csv", "long.csv")
        )
        assert 5_000_000 <= long - short < 5_100_000

    def test_half_a_character_is_shown_as_an_escape(self, run):
        rows = [{"\ud800": i % 3, "note": "\udc80x" if i % 2 else "y"} for i in range(40)]
        Path("t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        result = run("inspect", "t.jsonl", "--schema", "s.json")
        assert result.exit_code == 0
        assert [line.split()[0] for line in result.stdout.splitlines()[1:3]] == ["\\ud800", "note"]
        result = run("inspect", "t.jsonl", "--schema", "s.json", "--json")
        assert [c["name"] for c in json.loads(result.stdout)["columns"]] == ["\ud800", "note"]
        assert result.stdout.isascii()

    def test_typed_table(self, run):
        frame = pd.DataFrame(
            {
                "n": pd.array([1, None] * 20, dtype="Int64"),
                "when": pd.to_datetime(["2024-01-01", "2024-02-03"] * 20),
                "kind": pd.Categorical(["a", "b"] * 20, ordered=True),
            }
        )
        frame.to_parquet("t.parquet")
        result = run("inspect", "t.parquet", "--json", "-q")
        assert (result.exit_code, result.stderr) == (0, "")
        columns = json.loads(result.stdout)["columns"]
        assert [column["dtype"] for column in columns] == ["Int64", "datetime64[ns]", "category"]
        assert [column["missing"] for column in columns] == [0.5, 0.0, 0.0]
        assert columns[1]["range"] == "2024-01-01 00:00:00 to 2024-02-03 00:00:00"

    def test_model(self, run, model):
        facts = json.loads(run("inspect", model, "--json").stdout)
        assert facts["rows"] == 120
        assert facts["bytes"] == Path(model).stat().st_size
        assert [column["name"] for column in facts["columns"]] == ["code", "price", "area", "day"]
        text = run("inspect", model).stdout
        assert "training: 120 rows, 20 steps" in text
        assert "model file: " in text

    def test_schema_is_written_edited_and_taken_back(self, run, small_csv):
        result = run("inspect", small_csv, "--schema", "s.json")
        assert result.stderr.endswith("Wrote s.json; edit it and pass it with --schema\n")
        state = json.loads(Path("s.json").read_text())
        day = next(column for column in state["columns"] if column["name"] == "day")
        day.update(kind="categorical", why="said by hand")
        for key in ("minimum", "maximum", "format"):
            day.pop(key, None)
        Path("s.json").write_text(json.dumps(state))
        facts = json.loads(run("inspect", small_csv, "--schema", "s.json", "--json").stdout)
        assert facts["columns"][3]["kind"] == "categorical"
        assert facts["columns"][3]["why"] == "said by hand"
        args = ("-o", "o.csv", "--model", "m.safetensors", "--schema", "s.json")
        assert run("synth", small_csv, *STEPS, *args, "--min-group", 1).exit_code == 0
        assert TabGAN.load("m.safetensors").schema_["day"].kind == "categorical"

    def test_schema_of_another_table(self, run, small_csv):
        run("inspect", small_csv, "--schema", "s.json")
        Path("other.csv").write_text("code,cost\n" + "1,2\n" * 5)
        result = run("inspect", "other.csv", "--schema", "s.json")
        assert result.exit_code == 3
        assert "'price'" in result.stderr

    def test_schema_goes_with_a_table(self, run, model):
        result = run("inspect", model, "--schema", "s.json")
        assert result.exit_code == 2
        assert "--schema is for a table; a model has its own columns and rules" in result.stderr


class TestAgreesWithFit:
    @pytest.fixture
    def towns(self, tmp_path):
        """Write a table with a column of frequent and rare levels."""
        rows = [f"town {i % 4},{i % 13},{(i * 37) % 101}" for i in range(400)]
        rows += [f"hamlet {i},{i % 13},{i}" for i in range(60)]
        path = tmp_path / "towns.csv"
        path.write_text("\n".join(["town,a,b", *rows, ""]))
        return path

    @pytest.mark.parametrize(
        "options",
        [
            ("--min-group", "5"),
            ("--min-group", "1"),
            ("--condition-on", "town"),
            ("--drop", "a", "--kind", "b=categorical"),
            ("--no-derive", "--constraints", "rules.json"),
        ],
        ids=" ".join,
    )
    def test_it_describes_the_model_that_fit_makes(self, run, towns, options):
        rules = [{"kind": "range", "column": "b", "minimum": 0, "maximum": 100}]
        Path("rules.json").write_text(json.dumps(rules))
        inspected = run("inspect", towns, *options, "--json", "-q", "--seed", "1")
        assert inspected.exit_code == 0, inspected.output
        facts = json.loads(inspected.stdout)
        brief = ("--seed", "1", "--steps", "2", "--no-refine", "--no-polish", "-q", "--json")
        fitted = run("fit", towns, "-m", "m.safetensors", *options, *brief)
        assert fitted.exit_code == 0, fitted.output
        model = json.loads(fitted.stdout)
        assert facts["latent"] == model["latent"]
        assert facts["dependencies"] == model["dependencies"]
        gan = TabGAN.load("m.safetensors")
        assert facts["encoded_width"] == gan._model.encoder.spans.width
        assert facts["constraints"] == [rule.describe() for rule in gan.constraints_]
        assert set(facts["conditions"]) == set(gan.conditions_)
        assert {name: levels["levels"] for name, levels in facts["folded"].items()} == {
            column.name: column.folded for column in gan.schema_ if column.folded
        }

    def test_it_says_what_would_be_folded(self, run, towns):
        text = run("inspect", towns).stdout
        assert "rare values: town (60 values in 60 rows, replaced by frequent ones)" in text
        assert "folded" not in run("inspect", towns, "--min-group", "1").stdout

    def test_it_says_how_a_long_tail_is_written(self, run, tmp_path):
        path = tmp_path / "codes.csv"
        path.write_text("\n".join(["code", *["A-00"] * 60, *(f"B-{i:03d}" for i in range(60)), ""]))
        text = run("inspect", path, "--kind", "code=categorical").stdout
        line = "rare values: code (60 values in 60 rows, replaced by generated ones such as A-000)"
        assert line in text.splitlines()

    def test_it_says_that_a_table_is_small(self, run, tmp_path):
        path = tmp_path / "ten.csv"
        path.write_text("\n".join(["pay", *(f"{30_000 + 977 * i}" for i in range(10)), ""]))
        note = "note: 10 rows are few to learn from and to protect"
        assert note in run("inspect", path).stdout
        assert note not in run("inspect", path, "--min-group", "1").stdout

    def test_free_text_is_named_and_may_be_left_out(self, run, notes):
        lines = run("inspect", notes).stdout.splitlines()
        told = "Free text, replaced by placeholders: note (see --text)"
        assert told in lines
        assert json.loads(run("inspect", notes, "--json").stdout)["free_text"] == ["note"]
        left = run("inspect", notes, "--text", "drop")
        assert "Free text, left out: note" in left.stderr
        assert "note" not in left.stdout

    @pytest.mark.parametrize("option", [("--drop", "day"), ("--min-group", "5"), ("--no-derive",)])
    def test_options_on_tables_are_refused_beside_a_model(self, run, model, option):
        result = run("inspect", model, *option)
        assert result.exit_code == 2
        assert "is for a table; a model has its own columns and rules" in result.stderr

    def test_settings_of_other_commands_are_no_fault_beside_a_model(self, run, model):
        Path("tabgan.toml").write_text("min_group = 3\nderive = false\n")
        assert run("inspect", model).exit_code == 0
