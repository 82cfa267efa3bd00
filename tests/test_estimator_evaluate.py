import pandas as pd
import pytest

from tabgan import DataError, NotFittedError, TabGAN


@pytest.fixture(scope="module")
def table():
    return pd.DataFrame({"size": [1.5, 2.5, 3.5, 4.5] * 25, "kind": ["a", "b", "c", "a"] * 25})


@pytest.fixture(scope="module")
def gan(table):
    return TabGAN(steps=60, hidden_dim=16, verbose=False, random_state=5).fit(table)


def test_rows_are_drawn_and_how_they_came_about_is_told(gan, table):
    found = gan.evaluate(table, target="kind")
    assert found.tables.synthetic_rows == 100
    assert found.utility is not None
    assert found.utility.target == "kind"
    run = found.run
    assert run is not None
    assert list(run.facts)[:4] == ["seed", "seconds", "training rows", "steps"]
    assert (run.facts["seed"], run.facts["steps"], run.facts["device"]) == ("5", "60", "cpu")
    assert run.facts["latent size"].endswith(f"({gan.latent_reason_})")
    assert "torch" in run.facts["versions"]
    assert "Python" in run.facts["versions"]
    assert list(run.history) == gan.history_
    assert list(run.notes) == [str(finding) for finding in gan.diagnosis_]
    assert found.to_json()["run"]["facts"] == dict(run.facts)


def test_rows_can_be_given(gan, table):
    found = gan.evaluate(table, table[:20], holdout=table[:30])
    assert (found.tables.synthetic_rows, found.tables.holdout_rows) == (20, 30)


def test_a_model_from_a_file_knows_no_seed(gan, table, tmp_path):
    gan.save(tmp_path / "m.safetensors")
    run = TabGAN.load(tmp_path / "m.safetensors").evaluate(table).run
    assert run is not None
    assert "seed" not in run.facts
    assert run.facts["steps"] == "60"


def test_kinds_are_those_of_the_model(table):
    gan = TabGAN(steps=2, verbose=False, schema={"size": "categorical"}).fit(table)
    kinds = {column.name: column.kind for column in gan.evaluate(table).fidelity.columns}
    assert kinds == {"size": "categorical", "kind": "categorical"}


def test_an_estimator_without_a_model(table):
    with pytest.raises(NotFittedError, match="This TabGAN has not been fitted"):
        TabGAN().evaluate(table)


def test_another_table(gan, table):
    with pytest.raises(DataError, match="Column 'size' is not in the table"):
        gan.evaluate(table.rename(columns={"size": "sizes"}))


def test_remedies_name_what_the_fit_has_not_tried(gan, table):
    run = gan.evaluate(table).run
    assert run is not None
    assert run.untried == (
        "train for more steps than 60 (--steps, or a longer --max-time)",
        "try --method trees",
    )
    plain = TabGAN(
        steps=5, hidden_dim=16, refine=False, polish=False, verbose=False, random_state=5
    ).fit(table)
    assert plain._run().untried[-2:] == ("keep polish on (--polish)", "keep refine on (--refine)")
