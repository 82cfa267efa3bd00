import json

from tabgan.estimator import TabGAN
from tabgan.fitting.checkpoint import saved_seed

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
        assert "--training-rows 9 does not go with epsilon: all rows are" in private.stderr

    def test_fit_refuses_an_existing_model_and_stdout(self, run, small_csv, model):
        result = run("fit", small_csv, "-m", model)
        assert result.exit_code == 5
        assert "already exists" in result.stderr
        result = run("fit", small_csv, "-m", "-")
        assert result.exit_code == 2
        assert "a model can't go to standard output; give --model a file name" in result.stderr


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
            "Error: --checkpoint state has the checkpoint of a fit; give --resume to go on with "
            "it, or name another folder",
        )
        result = run("fit", small_csv, *self.TINY, *state, "--resume", "--json")
        assert json.loads(result.stdout)["seed"] == seed
        assert not (tmp_path / "state").exists()

    def test_resume_needs_a_folder(self, run, small_csv):
        result = run("fit", small_csv, *self.TINY, "--resume")
        assert result.exit_code == 2
        assert (
            "--resume goes on from a checkpoint; name its folder by --checkpoint" in result.stderr
        )
