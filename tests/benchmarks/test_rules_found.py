"""The benchmark of rules that are found, on a few tables."""

import json

import numpy as np
import pandas as pd
import pytest
import rules_found


def test_planted_rules_are_found_and_others_are_not(tmp_path, capsys):
    output = tmp_path / "found.json"
    arguments = ["--tables", "4", "--fitted", "1", "--seed", "3", "--output", str(output)]
    assert rules_found.main(arguments) == 0
    assert "tables without rules" in capsys.readouterr().out
    *_, total, without = json.loads(output.read_text())["results"]
    assert total == {"kind": "all", "planted": 20, "found": 20, "fitted": 5, "kept": 5}
    assert without["found"] == 0


@pytest.mark.parametrize("kind", rules_found.PLANTS)
def test_a_plant_keeps_its_own_rule_until_its_columns_are_shuffled(kind):
    rng = np.random.default_rng(0)
    plant = rules_found.PLANTS[kind]
    frame = pd.DataFrame(plant.make(rng, 300))
    assert np.asarray(plant.kept(frame)).all()
    frame["t"] = rng.permutation(frame["t"])
    assert not np.asarray(plant.kept(frame)).all()
