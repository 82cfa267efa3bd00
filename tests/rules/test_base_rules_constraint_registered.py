"""Constraints of a user's own class: registered, in model files and in lists of rules."""

import subprocess
import sys
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from tabgan import ModelFileError, OptionError, TabGAN
from tabgan.constraints import Constraint, Positive, Range
from tabgan.rules.base_rules import CONSTRAINTS, ColumnConstraint, register_constraint
from tabgan.rules.constraint_plan import constraints_from_json
from tests.forked import run_code

from .conftest import fit

TABLE = pd.DataFrame({"n": [2, 4, 6, 8, 14, 20] * 30, "x": np.linspace(0, 1, 180)})

OWN = """
from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

from tabgan.constraints import Constraint
from tabgan.rules.base_rules import register_constraint

@dataclass(frozen=True)
class Even(Constraint):
    kind: ClassVar[str] = "even"
    column: Hashable

    def describe(self):
        return f"{self.column!r} is even"

    def check(self, frame, schema=None):
        return (frame[self.column] % 2 == 0).to_numpy(bool)
"""


@pytest.fixture
def own(monkeypatch):
    """Define the class, and forget its registration afterwards."""
    for kind in ("even", "short", "frozen"):
        monkeypatch.delitem(CONSTRAINTS, kind, raising=False)
    namespace = {"__name__": "own_rules"}
    monkeypatch.setitem(sys.modules, "own_rules", type(sys)("own_rules"))
    exec(OWN, namespace)  # as a user's module would
    yield namespace["Even"]
    for kind in ("even", "short", "frozen"):
        CONSTRAINTS.pop(kind, None)


def test_a_class_that_is_not_registered_is_refused_at_fit(own):
    with pytest.raises(OptionError) as caught:
        fit(TABLE, own("n"))
    assert str(caught.value) == (
        "constraints: Even ('n' is even) is of a class that is not registered, so that a model "
        "saved with it could not be loaded; call tabgan.extend.register_constraint(Even) before "
        "the fit"
    )


def in_new_process(path, registers: str) -> subprocess.CompletedProcess[str]:
    code = f"from tabgan import TabGAN\n{registers}\ngan = TabGAN.load({str(path)!r})\n"
    code += "print((gan.sample(40)['n'] % 2).sum(), gan.constraints_)"
    return run_code(code)


def test_fit_sample_save_and_load_in_another_process(own, tmp_path):
    register_constraint(own)
    gan = fit(TABLE, own("n"))
    assert (gan.sample(100)["n"] % 2 == 0).all()
    path = tmp_path / "model.safetensors"
    gan.save(path)
    without = in_new_process(path, "")
    assert without.returncode != 0
    assert "ModelFileError" in without.stderr
    assert "kind='even' is not a kind of constraint" in without.stderr
    assert "registered before load, by tabgan.extend.register_constraint" in without.stderr
    registered = in_new_process(path, OWN + "register_constraint(Even)")
    assert registered.stdout.strip() == "0 [Even(column='n')]", registered.stderr


def test_load_here_with_and_without_registration(own, tmp_path):
    register_constraint(own)
    path = tmp_path / "model.safetensors"
    fit(TABLE, own("n"), Positive("n")).save(path)
    assert TabGAN.load(path).constraints_ == [own("n"), Positive("n")]
    assert constraints_from_json([{"kind": "even", "column": "n"}]) == [own("n")]
    del CONSTRAINTS["even"]
    with pytest.raises(ModelFileError, match="registered before load"):
        TabGAN.load(path)
    with pytest.raises(OptionError, match="kind='even' is not a kind of constraint"):
        constraints_from_json([{"kind": "even", "column": "n"}])


def test_a_constraint_of_columns_can_be_registered(own, drawn):
    @register_constraint
    @dataclass(frozen=True)
    class Short(ColumnConstraint):
        kind: ClassVar[str] = "short"
        column: Hashable

        @property
        def names(self):
            return (self.column,)

        def describe(self):
            return f"{self.column!r} is below 15"

        def fits(self, columns: Sequence) -> None:
            return None

        def holds(self, cells):
            ((_, values),) = cells
            return (values < 15).to_numpy(bool)

    table = TABLE[TABLE["n"] < 15].reset_index(drop=True)
    assert (drawn(table, Short("n"))["n"] < 15).all()


def test_a_class_may_be_defined_again_as_in_a_notebook(own):
    assert register_constraint(own) is own
    assert register_constraint(own) is own
    again = {"__name__": "own_rules"}
    exec(OWN, again)
    assert register_constraint(again["Even"]) is CONSTRAINTS["even"] is again["Even"]


@dataclass(frozen=True)
class Taken(Constraint):
    kind: ClassVar[str] = "range"

    def describe(self):
        return "nothing"

    def check(self, frame, schema=None):
        return np.ones(len(frame), bool)


class Plain(Taken):
    kind: ClassVar[str] = "plain"


@dataclass(frozen=True)
class Heir(Range):
    pass


@dataclass(frozen=True)
class Abstract(Constraint):
    kind: ClassVar[str] = "abstract"


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (Taken, "Taken.kind='range' is the kind of tabgan.rules.number_constraints.Range; choose"),
        (Plain, "Plain must be a frozen dataclass; put @dataclass(frozen=True) before it"),
        (Heir, "Heir.kind=None must be text that names the class in JSON"),
        (Abstract, "must be a subclass of Constraint that defines all its abstract methods"),
        (3, "3 must be a subclass of Constraint that defines all its abstract methods"),
        (int, "<class 'int'> must be a subclass of Constraint"),
    ],
)
def test_what_can_not_be_registered(cls, message):
    with pytest.raises(OptionError) as caught:
        register_constraint(cls)
    assert str(caught.value).startswith("register_constraint: ")
    assert message in str(caught.value)


def test_a_subclass_of_one_of_ours_is_refused_too():
    with pytest.raises(OptionError, match=r"Heir .* is of a class that is not registered"):
        fit(TABLE, Heir("n", 0))


def test_values_that_no_file_can_hold_are_refused_at_fit(own):
    @register_constraint
    @dataclass(frozen=True)
    class Frozen(own):
        kind: ClassVar[str] = "frozen"
        column: object = None

    with pytest.raises(OptionError, match="can't be written to JSON and read again"):
        fit(TABLE, Frozen(frozenset({"n"})))
