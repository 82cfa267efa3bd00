"""Constraints as values: in JSON, in model files, as a parameter of the estimator."""

import datetime
import json

import pandas as pd
import pytest
from sklearn.base import clone

from tabgan import ModelFileError, OptionError, TabGAN
from tabgan.base.model_file import read_model, write_model
from tabgan.constraints import (
    Custom,
    FixedCombinations,
    Formula,
    Increments,
    Inequality,
    OneHot,
    Positive,
    Range,
    Sum,
    Unique,
)
from tabgan.rules.constraint_plan import constraints_from_json

from .conftest import fit

EVERY = [
    Range("age", 0, 120.5),
    Range("day", maximum=pd.Timestamp("2024-01-31", tz="Europe/Rome")),
    Range("day", datetime.date(2024, 1, 31)),
    Positive("n", strict=False),
    Increments(7, 0.25, -1),
    Inequality(("a", "x"), ("a", "y"), strict=True),
    Sum(["a", "b", "c"], "total"),
    Formula("gross", "net + `sales tax`"),
    FixedCombinations(["city", "land"]),
    FixedCombinations(["city", "day"], [("Bern", pd.Timestamp("2024-01-31")), (None, None)]),
    OneHot(["a", "b"]),
    Unique("key"),
    Unique(["a", ("b", 1)]),
]


UNREGISTERED = (
    " (one of your own has to be registered before load, by tabgan.extend.register_constraint)"
)


@pytest.mark.parametrize("constraint", EVERY, ids=lambda rule: f"{rule.kind}-{rule.names[0]}")
def test_json_and_back(constraint):
    state = json.loads(json.dumps(constraint.to_json()))
    assert state["kind"] == constraint.kind
    assert constraints_from_json([state]) == [constraint]
    assert hash(constraint) == hash(constraints_from_json([state])[0])


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"kind": "sum"}, "constraints are a JSON list of objects, each with a 'kind'"),
        ([3], "constraints are a JSON list of objects, each with a 'kind'"),
        (
            [{"kind": "summ"}],
            f"constraints: kind='summ' is not a kind of constraint{UNREGISTERED}; "
            "did you mean 'sum'?",
        ),
        (
            [{"kind": ["sum"]}],
            f"constraints: kind=['sum'] is not a kind of constraint{UNREGISTERED}; "
            "did you mean 'sum'?",
        ),
        (
            [{"kind": "sum", "parts": ["a", "b"], "totl": "c"}],
            "constraints: 'totl' is not a property of kind 'sum'; did you mean 'total'?",
        ),
        (
            [{"kind": "sum", "parts": ["a", "b"]}],
            "constraints: {'kind': 'sum', 'parts': ['a', 'b']} is not of kind 'sum', which has the "
            "properties parts, total (",
        ),
        (
            [{"kind": "range", "column": {"type": "junk", "value": 3}}],
            "constraints: {'kind': 'range', 'column': {'type': 'junk', 'value': 3}} is not of kind "
            "'range', which has the properties column, minimum, maximum (",
        ),
        ([{"kind": "range", "column": "a"}], "Range: column 'a' has neither minimum nor maximum"),
        (
            [{"kind": "custom", "name": "odd"}],
            "constraints: 'odd' is a custom constraint, whose functions a file can't hold",
        ),
    ],
)
def test_malformed_json(state, message):
    with pytest.raises(OptionError) as caught:
        constraints_from_json(state)
    assert str(caught.value).startswith(message)


TABLE = pd.DataFrame(
    {
        "key": [f"K-{i:05d}" for i in range(7, 127)],
        "net": [*range(1, 121)],
        "tax": [i % 7 for i in range(120)],
        "city": ["Bern", "Wien", "Genf"] * 40,
        "land": ["CH", "AT", "CH"] * 40,
    }
).assign(gross=lambda table: table["net"] + table["tax"])
DECLARED = [
    Unique("key"),
    Sum(["net", "tax"], "gross"),
    FixedCombinations(["city", "land"]),
    Inequality("tax", "gross", strict=True),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    fit(TABLE, *DECLARED).save(path)
    return path


def test_a_model_file_and_back(path):
    loaded, fitted = TabGAN.load(path), fit(TABLE, *DECLARED)
    assert loaded.constraints_ == fitted.constraints_ == loaded.constraints
    known = (("Bern", "CH"), ("Genf", "CH"), ("Wien", "AT"))
    assert loaded.constraints_[2].combinations == known
    pd.testing.assert_frame_equal(loaded.sample(300), fitted.sample(300))


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d.pop("constraints"),
        lambda d: d.update(constraints=3),
        lambda d: d.update(constraints=["sum"]),
        lambda d: d["constraints"][1].update(kind="pickle"),
        lambda d: d["constraints"][1].update(kind=None),
        lambda d: d["constraints"][1].update(total="nowhere"),
        lambda d: d["constraints"][1].update(total="city"),
        lambda d: d["constraints"][1].update(parts="ab"),
        lambda d: d["constraints"][2].update(combinations=[["Bern"]]),
        lambda d: d["constraints"][2].update(combinations=[[["x"], {}]]),
        lambda d: d["constraints"][3].update(strict="yes"),
        lambda d: d["encoder"]["dependencies"][-1].update(rule="eval"),
        lambda d: d["encoder"]["dependencies"][-1].pop("combinations"),
        lambda d: d["encoder"]["dependencies"][-1].update(combinations=[["Bern"]]),
        lambda d: d["encoder"]["dependencies"][-2].update(parts=[]),
        lambda d: d["encoder"]["dependencies"][-2].update(grids=[]),
    ],
)
def test_a_damaged_model_file(path, tmp_path, damage):
    description, tensors = read_model(path)
    damage(description)
    damaged = tmp_path / "damaged.safetensors"
    write_model(damaged, json.loads(json.dumps(description)), tensors)
    with pytest.raises(ModelFileError):
        TabGAN.load(damaged)


@pytest.mark.parametrize("damage", [{"expression": "a +"}, {"sources": []}, {"target": 3}])
def test_a_damaged_formula(tmp_path, damage):
    path = tmp_path / "model.safetensors"
    fit(TABLE, Formula("gross", "net + tax")).save(path)
    description, tensors = read_model(path)
    description["encoder"]["dependencies"][-1].update(damage)
    write_model(path, description, tensors)
    with pytest.raises(ModelFileError):
        TabGAN.load(path)


def test_a_parameter_like_any_other():
    gan = TabGAN(constraints=[*DECLARED, Custom("all", lambda frame: frame["net"] > 0)])
    assert clone(gan).get_params()["constraints"] == gan.constraints
    assert gan.set_params(constraints=None).constraints is None


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        (
            Range("net", 0),
            "constraints=Range(column='net', minimum=0, maximum=None) must be a list of "
            "constraints, or None",
        ),
        (
            ["net > 0"],
            "constraints: 'net > 0' is no constraint; make one with a class of tabgan.constraints, "
            "such as Range('age', 18, 65)",
        ),
        (
            [Custom("x", len), Custom("x", len)],
            "constraints: two custom constraints are called 'x'; rename one",
        ),
    ],
)
def test_what_is_no_list_of_constraints(constraints, message):
    with pytest.raises(OptionError) as caught:
        TabGAN(constraints=constraints, steps=2, verbose=False).fit(TABLE)
    assert str(caught.value) == message
