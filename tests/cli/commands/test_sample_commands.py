import json
from pathlib import Path

from tabgan.files.read_write import read_table

STEPS = ("--steps", "20", "--hidden-dim", "16")


class TestSample:
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
