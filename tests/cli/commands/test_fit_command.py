import json

from tabgan.estimator import TabGAN

STEPS = ("--steps", "20")


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

    def test_fit_refuses_an_existing_model_and_stdout(self, run, small_csv, model):
        result = run("fit", small_csv, "-m", model)
        assert result.exit_code == 5
        assert "already exists" in result.stderr
        result = run("fit", small_csv, "-m", "-")
        assert result.exit_code == 2
        assert "a model can't go to standard output; give --model a file name" in result.stderr
