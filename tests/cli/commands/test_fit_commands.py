import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from tabgan.estimator import TabGAN
from tabgan.files.read_write import read_table
from tabgan.fitting.fit_session import saved_seed

STEPS = ("--steps", "20", "--hidden-dim", "16")


class TestFit:
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

    def test_fit_of_a_sample(self, run, small_csv):
        args = ("-m", "m.safetensors", *STEPS, "--json", "--training-rows", "1e2")
        result = run("fit", small_csv, *args)
        note = "a uniform sample of 100 of 120 rows is learned; --training-rows sets how many"
        assert f"Note: {note}\n" in result.stderr
        facts = json.loads(result.stdout)
        assert (facts["training_rows"], facts["notes"]) == (100, [note])
        private = run("fit", small_csv, "-m", "p.safetensors", "--training-rows", 9, "--epsilon", 1)
        assert "--training-rows 9 can't be combined with epsilon: all rows are" in private.stderr

    def test_fit_refuses_an_existing_model_and_stdout(self, run, small_csv, model):
        result = run("fit", small_csv, "-m", model)
        assert result.exit_code == 5
        assert "already exists" in result.stderr
        result = run("fit", small_csv, "-m", "-")
        assert result.exit_code == 2
        assert (
            "a model can't be written to standard output; set --model to a file name"
            in result.stderr
        )


class TestCheckpoint:
    TINY = ("--steps", "20", "--hidden-dim", "16", "-m", "m.safetensors")

    def test_a_fit_that_has_ended_leaves_none(self, run, small_csv, tmp_path):
        result = run("fit", small_csv, *self.TINY, "--checkpoint", "state", "--checkpoint-every", 5)
        assert result.exit_code == 0
        assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]

    def test_one_that_has_failed_goes_on_with_its_seed(self, run, small_csv, tmp_path, monkeypatch):
        state = ("--checkpoint", "state", "--checkpoint-every", 5)
        with monkeypatch.context() as patch:
            patch.setattr(TabGAN, "save", lambda *_: 1 / 0)
            assert run("fit", small_csv, *self.TINY, *state).exit_code == 1
        seed = saved_seed(tmp_path / "state")
        refused = run("fit", small_csv, *self.TINY, *state)
        assert (refused.exit_code, refused.stderr.splitlines()[-1]) == (
            2,
            "Error: --checkpoint state has the checkpoint of a fit; use --resume to continue "
            "it, or choose another folder",
        )
        result = run("fit", small_csv, *self.TINY, *state, "--resume", "--json")
        assert json.loads(result.stdout)["seed"] == seed
        assert not (tmp_path / "state").exists()

    def test_resume_needs_a_folder(self, run, small_csv):
        result = run("fit", small_csv, *self.TINY, "--resume")
        assert result.exit_code == 2
        assert "--resume needs the folder of a checkpoint; set --checkpoint" in result.stderr


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

    def test_a_sample_is_learned_and_all_rows_are_drawn(self, run, small_csv):
        args = ("synth", small_csv, *STEPS, "--training-rows", 80)
        assert run(*args).exit_code == 0
        assert len(read_table("small_synthetic.csv")[0]) == 120
        assert run(*args, "-n", 0, "--force").exit_code == 0
        assert Path("small_synthetic.csv").read_text("utf-8-sig").count("\n") == 1

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

    @pytest.mark.parametrize("style", ["keep-shape", "lorem", "drop"])
    def test_free_text_is_told_and_written_as_asked(self, run, notes, style):
        result = run("synth", notes, *STEPS, "--text", style, "-o", "out.csv", "--report", "r.html")
        assert result.exit_code == 0, result.output
        drawn = pd.read_csv("out.csv")
        assert ("Free text, replaced by placeholders: note" in result.stderr) == (style != "drop")
        if style == "drop":
            assert [*drawn.columns] == ["size"]
            assert "Free text, left out: note" in result.stderr
        else:
            ends = drawn["note"].str.endswith("was what he said")
            lengths = drawn["note"].str.split().str.len()
            assert lengths.ge(5).all()  # longer where another would be a text of the table
            assert lengths.eq(5).mean() > 0.5
            assert not ends.all()
            assert drawn["note"].str.contains("said").any() == (style == "keep-shape")

    def test_formulas_are_warned_of(self, run):
        rows = "".join(
            f"{i % 3},{'-' * (i % 2)}{i},{'=a+1' if i % 2 else '+b'}\n" for i in range(60)
        )
        Path("t.csv").write_text("kind,share,note\n" + rows)
        warning = (
            "Warning: t_synthetic.csv has texts that a spreadsheet evaluates as formulas: 'note' "
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
        assert "--json and -o - both write to standard output; use only one" in result.stderr
        result = run("synth", small_csv, "-o", "x.csv", "--model", "./x.csv")
        assert result.exit_code == 2
        assert "--model and --out both name x.csv; choose two names" in result.stderr
        result = run("synth", small_csv, *STEPS, "--epochs", "2")
        assert result.exit_code == 2
        assert "--steps 20 and --epochs 2.0 are both given; give one" in result.stderr

    def test_a_model_does_not_go_to_stdout(self, run, small_csv):
        result = run("synth", small_csv, "--model", "-")
        assert result.exit_code == 2
        assert (
            "a model can't be written to standard output; set --model to a file name"
            in result.stderr
        )

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
        assert f"{option} is an input file; choose another name" in result.stderr
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
