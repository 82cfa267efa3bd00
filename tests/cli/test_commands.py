import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from tabgan.estimator import TabGAN
from tabgan.files.read import read_table

STEPS = ("--steps", "20")


def test_facts_as_json(run, small_csv):
    result = run("synth", small_csv, "--json", "--steps", "20", "--seed", "5", "-n", "7")
    assert result.exit_code == 0
    facts = json.loads(result.stdout)
    seconds = facts.pop("seconds")
    assert sorted(seconds) == ["fit", "read", "sample"]
    assert all(value >= 0 for value in seconds.values())
    assert facts.pop("latent")["reason"].startswith("simple table (120 rows")
    assert (facts.pop("dependencies"), facts.pop("finish")) == ([], {})
    assert facts.pop("diagnosis") == []
    assert facts == {
        "data": str(small_csv),
        "training_rows": 120,
        "columns": 4,
        "seed": 5,
        "steps": 20,
        "rows": 7,
        "output": "small_synthetic.csv",
    }


class TestSynth:
    def test_output_has_the_form_of_the_input(self, run, small_csv):
        result = run("synth", small_csv, *STEPS, "--seed", "1")
        assert (result.exit_code, result.stdout) == (0, "")
        content = Path("small_synthetic.csv").read_bytes()
        assert content.startswith(b"\xef\xbb\xbfcode;price;area;day\r\n")
        frame, form = read_table("small_synthetic.csv")
        real, real_form = read_table(str(small_csv))
        assert form == real_form
        assert len(frame) == len(real)
        assert set(frame["code"]) <= set(real["code"])
        assert set(frame["area"]) <= set(real["area"])
        assert frame["price"].str.fullmatch(r"\d+\.\d\d").all()
        assert (
            pd.to_datetime(frame["day"], format="%Y-%m-%d")
            .between("2024-01-01", "2024-12-28")
            .all()
        )

    def test_messages(self, run, small_csv):
        messages = run("synth", small_csv, *STEPS, "-n", "5").stderr.splitlines()
        assert messages[:2] == [f"Reading {small_csv}", "120 rows, 4 columns"]
        assert messages[2:6] == [
            "Finding rules between columns",
            "Encoding",
            "Training, 20 steps",
            "Refining and polishing",
        ]
        assert messages[6].startswith("Trained 20 steps in ")
        assert messages[7].startswith("Wrote 5 rows to small_synthetic.csv in ")
        assert len(messages) == 8

    def test_formulas_are_warned_of(self, run):
        rows = "".join(
            f"{i % 3},{'-' * (i % 2)}{i},{'=a+1' if i % 2 else '+b'}\n" for i in range(60)
        )
        Path("t.csv").write_text("kind,share,note\n" + rows)
        warning = (
            "Warning: t_synthetic.csv holds texts that a spreadsheet takes for formulas: 'note' "
            "(9); import these columns as text"
        )
        assert warning in run("synth", "t.csv", *STEPS, "-n", "9").stderr.splitlines()
        messages = run("synth", "t.csv", *STEPS, "-n", "9", "-o", "t.jsonl").stderr
        assert "formulas" not in messages

    def test_quiet(self, run, small_csv):
        result = run("synth", small_csv, *STEPS, "-q")
        assert (result.exit_code, result.output) == (0, "")

    def test_same_seed_gives_the_same_file(self, run, small_csv):
        for seed, out in (("3", "a.csv"), ("3", "b.csv"), ("4", "c.csv")):
            run("synth", small_csv, *STEPS, "-q", "--seed", seed, "-o", out)
        a, b, c = (Path(name).read_bytes() for name in ("a.csv", "b.csv", "c.csv"))
        assert a == b != c

    @pytest.mark.parametrize("name", ["o.tsv", "o.csv.gz", "o.jsonl", "o.parquet"])
    def test_other_formats(self, run, small_csv, name):
        assert run("synth", small_csv, *STEPS, "-o", name).exit_code == 0
        frame, _ = read_table(name)
        assert list(frame.columns) == ["code", "price", "area", "day"]
        assert len(frame) == 120

    def test_output_format(self, run, small_csv):
        assert run("synth", small_csv, *STEPS, "--output-format", "jsonl").exit_code == 0
        assert len(read_table("small_synthetic.jsonl")[0]) == 120

    def test_no_rows(self, run, small_csv):
        assert run("synth", small_csv, *STEPS, "-n", "0", "-o", "o.csv").exit_code == 0
        assert Path("o.csv").read_bytes() == b"\xef\xbb\xbfcode;price;area;day\r\n"

    def test_existing_output_is_refused_before_the_table_is_read(self, run, small_csv):
        Path("small_synthetic.csv").write_text("old")
        result = run("synth", small_csv)
        assert result.exit_code == 5
        assert result.stderr == (
            "Error: small_synthetic.csv already exists; name another file with -o, or give --force "
            "to replace it\n"
        )
        Path("m.safetensors").write_text("old")
        result = run("synth", small_csv, "-o", "o.csv", "--model", "m.safetensors")
        assert (result.exit_code, Path("o.csv").exists()) == (5, False)
        assert run("synth", small_csv, *STEPS, "--force").exit_code == 0
        assert Path("small_synthetic.csv").read_bytes() != b"old"

    def test_conflicts(self, run, small_csv):
        result = run("synth", small_csv, "--json", "-o", "-")
        assert result.exit_code == 2
        assert "--json and -o - would both write to standard output; give one" in result.stderr
        result = run("synth", small_csv, "-o", "x.csv", "--model", "./x.csv")
        assert result.exit_code == 2
        assert "--model and --out both name x.csv; give two names" in result.stderr
        result = run("synth", small_csv, *STEPS, "--epochs", "2")
        assert result.exit_code == 2
        assert "steps=20 and epochs=2.0 are both given; give one" in result.stderr

    def test_a_model_does_not_go_to_stdout(self, run, small_csv):
        result = run("synth", small_csv, "--model", "-")
        assert result.exit_code == 2
        assert "a model can't go to standard output; give --model a file name" in result.stderr

    @pytest.mark.parametrize(
        ("args", "option"),
        [
            (("synth", "d.csv", "-o", "./d.csv"), "--out ./d.csv"),
            (("synth", "d.csv", "-o", "o.csv", "--model", "link"), "--model link"),
            (("fit", "d.csv", "-m", "d.csv"), "--model d.csv"),
            (("fit", "d.csv", "--schema", "s.json", "-m", "s.json"), "--model s.json"),
            (("sample", "d.csv", "-o", "d.csv"), "--out d.csv"),
        ],
    )
    def test_what_is_read_is_not_written_over(self, run, args, option):
        Path("d.csv").write_text("a,b\n1,2\n")
        Path("s.json").write_text("{}")
        Path("link").symlink_to("d.csv")
        result = run(*args, "--force")
        assert result.exit_code == 2
        assert f"{option} is a file to read from; give another name" in result.stderr
        assert Path("d.csv").read_text() == "a,b\n1,2\n"

    def test_missing_pyarrow_is_found_before_the_table_is_read(self, run, monkeypatch):
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        result = run("synth", "none.csv", "-o", "o.parquet")
        assert result.exit_code == 2
        assert result.stderr.startswith("Error: Parquet needs pyarrow, which is not installed; ")

    def test_model_is_kept_and_gives_the_same_rows(self, run, small_csv):
        run("synth", small_csv, *STEPS, "--seed", "2", "-o", "a.csv", "--model", "m.safetensors")
        assert run("sample", "m.safetensors", "--seed", "2", "-o", "b.csv").exit_code == 0
        a, b = read_table("a.csv")[0], read_table("b.csv")[0]
        pd.testing.assert_frame_equal(a, b)

    def test_training_options_reach_the_estimator(self, run, small_csv):
        args = ("--epochs", "3", "--batch-size", "40", "--latent-dim", "9", "--device", "cpu")
        facts = json.loads(run("synth", small_csv, "--json", *args).stdout)
        assert facts["steps"] == 9
        assert facts["latent"]["size"] == 9


class TestFitAndSample:
    def test_model_can_be_used_from_python(self, model):
        gan = TabGAN.load(model)
        assert gan.n_steps_ == 20
        assert list(gan.sample(3).columns) == ["code", "price", "area", "day"]

    def test_fit_facts(self, run, small_csv):
        result = run("fit", small_csv, "-m", "m.safetensors", *STEPS, "--json", "--seed", "4")
        facts = json.loads(result.stdout)
        assert facts["model"] == "m.safetensors"
        assert (facts["seed"], facts["steps"], facts["training_rows"]) == (4, 20, 120)
        assert result.stderr.endswith("Saved the model to m.safetensors\n")

    def test_fit_refuses_an_existing_model_and_stdout(self, run, small_csv, model):
        result = run("fit", small_csv, "-m", model)
        assert result.exit_code == 5
        assert "already exists" in result.stderr
        result = run("fit", small_csv, "-m", "-")
        assert result.exit_code == 2
        assert "a model can't go to standard output; give --model a file name" in result.stderr

    def test_sample_defaults(self, run, model):
        result = run("sample", model)
        assert (result.exit_code, result.stdout) == (0, "")
        frame, form = read_table("small_synthetic.csv")
        assert (len(frame), form.delimiter, form.encoding) == (120, ",", "utf-8")

    def test_sample_form(self, run, model):
        args = ("-o", "o.csv", "--delimiter", "tab", "--encoding", "latin-1", "-n", "300")
        assert run("sample", model, *args).exit_code == 0
        frame, _ = read_table("o.csv", encoding="latin-1")
        assert set(frame["area"]) <= {"north", "söuth", ""}
        assert Path("o.csv").read_bytes().startswith(b"code\tprice\tarea\tday\n")

    def test_sample_to_stdout(self, run, model):
        result = run("sample", model, "-n", "2", "-o", "-", "-q")
        assert result.stderr == ""
        assert result.stdout.splitlines()[0] == "code,price,area,day"
        assert len(result.stdout.splitlines()) == 3

    def test_new_rows_each_time_unless_seeded(self, run, model):
        seeds = [json.loads(run("sample", model, "--json", "--force").stdout)["seed"] for _ in "ab"]
        assert seeds[0] != seeds[1]
        outputs = [run("sample", model, "-o", "-", "--seed", "6").stdout for _ in "ab"]
        assert outputs[0] == outputs[1]


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
        assert "no rules between columns" in lines
        assert any(line.startswith("latent size: ") for line in lines)
        assert "training: 120 rows, 2,000 steps" in lines
        assert any(line.startswith("expected memory: about 0.") for line in lines)

    def test_table_facts_as_json(self, run, small_csv):
        facts = json.loads(run("inspect", small_csv, "--json").stdout)
        assert [column["distinct"] for column in facts["columns"]] == [7, 101, 3, 84]
        assert facts["columns"][1]["range"] == "0.0 to 25.0"
        assert facts["steps"] == 2000
        assert facts["memory_bytes"] > 1e8

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
        assert result.stderr.endswith("Wrote s.json; edit it and give it with --schema\n")
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


class TestExample:
    def test_it_is_written(self, run):
        result = run("example")
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr == "Wrote customers.csv; now try: tabgan synth customers.csv\n"
        frame, _ = read_table("customers.csv")
        assert frame.shape == (2000, 12)

    def test_it_is_not_overwritten(self, run):
        Path("customers.csv").write_text("mine")
        result = run("example")
        assert result.exit_code == 5
        assert result.stderr.startswith("Error: customers.csv already exists")
        assert Path("customers.csv").read_text() == "mine"

    def test_to_stdout(self, run):
        assert run("example", "-o", "-").stdout.startswith("customer_id,email,signup_date,")


def test_time_ends_a_fit(run, small_csv):
    arguments = ("fit", small_csv, "-m", "m.safetensors", "--steps", "10000000", "--json")
    facts = json.loads(run(*arguments, "--max-time", "1").stdout)
    assert 0 < facts["steps"] < 10_000_000
    refused = run(*arguments, "--max-time", "0")
    assert refused.exit_code == 2
    assert "Invalid value for '--max-time': 0.0 is not in the range x>0." in refused.stderr


class TestPictures:
    def test_they_are_drawn_beside_the_model(self, run, small_csv):
        arguments = ("fit", small_csv, "-m", "m.safetensors", *STEPS, "--pictures", "drawn")
        result = run(*arguments, "--json")
        assert result.exit_code == 0
        names = [str(Path("drawn", name)) for name in ("losses.png", "marginals.png")]
        assert f"Drew {names[0]} and {names[1]}\n" in result.stderr
        assert all(Path(name).read_bytes().startswith(b"\x89PNG") for name in names)
        refused = run(*arguments[:3], "n.safetensors", *arguments[4:])
        assert refused.exit_code == 5
        assert f"{names[0]} already exists; name another folder" in refused.stderr
        assert str(names) in result.stdout.replace('"', "'")

    def test_a_file_is_no_folder(self, run, small_csv):
        Path("drawn").write_text("mine")
        result = run("synth", small_csv, "--pictures", "drawn")
        assert result.exit_code == 5
        assert "--pictures drawn is no folder" in result.stderr

    def test_missing_matplotlib_is_found_before_the_table_is_read(self, run, monkeypatch):
        monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
        result = run("fit", "none.csv", "-m", "m.safetensors", "--pictures", "drawn")
        assert result.exit_code == 2
        assert result.stderr.startswith("Error: Pictures need matplotlib, which is not installed; ")
        assert not Path("drawn").exists()


def test_what_went_wrong_is_said_and_kept(run, small_csv):
    hot = ("--loss", "minimax", "--penalty", "none", "--learning-rate", "0.5", "--steps", "200")
    result = run("fit", small_csv, "-m", "m.safetensors", *hot, "--seed", "0")
    assert result.exit_code == 0
    said = [line for line in result.stderr.splitlines() if line.startswith("Warning: ")]
    assert any(line.startswith("Warning: mode collapse since step ") for line in said)
    assert "TrainingWarning" not in result.stderr
    shown = run("inspect", "m.safetensors").stdout
    assert all(line.replace("Warning", "warning", 1) in shown for line in said)


@pytest.mark.parametrize(
    "command",
    [["fit", "small.csv", "-m", "m.safetensors"], ["images", "fit", "-m", "m.safetensors"]],
    ids=["table", "images"],
)
def test_records_are_written_for_tensorboard(run, small_csv, tmp_path, command):
    (tmp_path / "small.csv").write_bytes(small_csv.read_bytes())
    assert run(*command, "--steps", "3", "--log-to", "runs/one").exit_code == 0
    assert list((tmp_path / "runs" / "one").glob("events.out.tfevents.*"))


def test_tensorboard_that_is_not_installed_is_named(run, small_csv, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    result = run("fit", small_csv, "-m", "m.safetensors", "--log-to", "runs")
    assert result.exit_code == 2
    assert "install it with: pip install '.[tensorboard]'" in result.stderr
