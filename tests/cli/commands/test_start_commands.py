from pathlib import Path

from tabgan.files.read_write import read_table

STEPS = ("--steps", "20", "--hidden-dim", "16")


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
