"""Columns of lists are told from prose, names, addresses, numbers and codes with separators."""

import json

import numpy as np
import pandas as pd
import pytest

from tabgan import infer_schema
from tabgan.base.errors import SchemaError

RNG = np.random.default_rng(0)
ITEMS = ["Python", "SQL", "Java", "C++", "Go", "R", "HTML", "Bash (all shells)"]
FIRST = ["Ann", "Bob", "Cy", "Dee", "Eve", "Flo", "Gus", "Hal", "Ivy", "Jon"]
LAST = ["Smith", "Jones", "Brown", "Lee", "Khan", "Diaz", "Wong", "Roy"]
ROWS = 300


def lists(items=ITEMS, low=1, high=5, ordered=False):
    """Lists of items, the first ones more often."""
    share = 1 / np.arange(1, len(items) + 1)
    found = []
    for _ in range(ROWS):
        size = min(int(RNG.integers(low, high + 1)), len(items))
        chosen = RNG.choice(len(items), size, replace=False, p=share / share.sum())
        found.append([items[i] for i in (np.sort(chosen) if ordered else chosen)])
    return found


def kind_of(values):
    return infer_schema(pd.DataFrame({"v": pd.Series(values, dtype=object)}))["v"]


def pick(*values):
    return values[int(RNG.integers(len(values)))]


WRITTEN = {
    "x;y": [";".join(own) for own in lists()],
    "x; y": ["; ".join(own) for own in lists(ordered=True)],
    "x|y": ["|".join(own) for own in lists()],
    "x, y": [", ".join(own) for own in lists()],
    "x,y": [",".join(own) or None for own in lists(low=0)],
    "x/y": ["/".join(own) for own in lists()],
    "x\ny": ["\n".join(own) for own in lists()],
    "x;y;": ["".join(f"{item};" for item in own) for own in lists()],
    "<x><y>": ["".join(f"<{item}>" for item in own) for own in lists()],
    "[x, y]": [json.dumps(own) for own in lists(low=0)],
    "{x,y}": ["{" + ",".join(own).replace("Bash (all", '"Bash (all') + "}" for own in lists()],
}
OTHERS = {
    "Python's lists": ("[x, y]", [repr(own) for own in lists(low=0)]),
    "numbers in brackets": ("[x, y]", [json.dumps(own) for own in lists([1, 2, 3, 5, 8, 13])]),
    "numbers": ("x;y", [";".join(map(str, own)) for own in lists(range(1, 10))]),
    "numbers by commas": ("x,y", [",".join(map(str, own)) for own in lists(range(1, 10))]),
    "two items": ("x;y", [";".join(own) for own in lists(["black", "white", "asian"], high=2)]),
    "few lists": ("x;y", [";".join(own[: 1 + (i % 9 == 0)]) for i, own in enumerate(lists(low=2))]),
    "commas within": ("x;y", [";".join(own) for own in lists(["Job, full", "Job, half", "No"])]),
    "a long tail": (
        "x|y",
        ["|".join(own) for own in lists([f"tag{i}" for i in range(900)], low=3, high=12)],
    ),
    "a few notes": ("x;y", ["see note" if i % 99 == 9 else ";".join(own) for i, own in
                            enumerate(lists(low=2))]),
}  # fmt: skip
NO_LISTS = {
    "names": lambda: f"{pick(*LAST)}, {pick(*FIRST)}",
    "names with suffix": lambda: f"{pick(*LAST)}, {pick(*FIRST)}{pick('', '', '', ', Jr.')}",
    "addresses": lambda: f"{RNG.integers(99)} {pick(*LAST)} St, {pick(*FIRST)}, {pick('C', 'N')}",
    "prose": lambda: " ".join(pick(*FIRST, "is", "was", "good,", "bad,", "and") for _ in range(12)),
    "diagnoses": lambda: pick("Diabetes, type 2", "Diabetes, type 1", "Fall; open", "Flu", "Gout"),
    "answers": lambda: pick("Yes, definitely", "No", "Maybe, not sure", "Yes", "No, never"),
    "decimal commas": lambda: f"{RNG.integers(90)},{RNG.integers(100):02d}",
    "few decimal commas": lambda: pick("1,5", "2,5", "3,5", "1,25", "5", "2"),
    "thousands": lambda: f"{RNG.integers(1, 9)},{RNG.integers(3) * 100 + 100}",
    "pressures": lambda: f"{RNG.integers(100, 180)}/{RNG.integers(60, 110)}",
    "fractions": lambda: pick("1/2", "3/4", "1/4", "2/3", "1/3"),
    "ranges": lambda: pick("[0, 10]", "[10, 20]", "[20, 30]", "[30, 40]"),
    "half-open ranges": lambda: pick("(0, 10]", "(10, 20]", "(20, 30]"),
    "scores": lambda: f"{RNG.integers(4)};{RNG.integers(4)}",
    "colors": lambda: f"({pick(0, 128, 255)}, {pick(0, 128, 255)}, {pick(0, 128, 255)})",
    "coordinates": lambda: f"[{RNG.random():.3f}, {RNG.random():.3f}]",
    "objects": lambda: json.dumps({"a": int(RNG.integers(5)), "b": pick("x", "y")}),
    "objects of one key": lambda: json.dumps({"a": int(RNG.integers(5))}),
    "dates": lambda: f"{RNG.integers(1, 13)}/{RNG.integers(1, 29)}/{RNG.integers(2000, 2024)}",
    "paths": lambda: "/".join(["home", pick(*FIRST), pick(*LAST)]),
    "levels of a tree": lambda: pick("A|a1|x", "A|a1|y", "A|a2|z", "B|b1|q", "C"),
    "a category with a separator": lambda: pick("M", "F", "M/F"),
    "in parentheses": lambda: f"({pick(*FIRST)})",
    "pairs of codes": lambda: f"A{RNG.integers(1000)};B{RNG.integers(1000)}",
}  # fmt: skip


@pytest.mark.parametrize("form", WRITTEN, ids=repr)
def test_lists_are_found_with_the_form_in_which_they_are_written(form):
    column = kind_of(WRITTEN[form])
    assert (column.kind, column.format) == ("multiselect", form)


@pytest.mark.parametrize(("form", "values"), OTHERS.values(), ids=OTHERS)
def test_lists_of_other_items_are_found(form, values):
    column = kind_of(values)
    assert (column.kind, column.format) == ("multiselect", form)


@pytest.mark.parametrize("make", NO_LISTS.values(), ids=NO_LISTS)
def test_other_texts_with_separators_are_no_lists(make):
    assert kind_of([make() for _ in range(ROWS)]).kind != "multiselect"


def test_the_reason_tells_items_length_and_form():
    column = kind_of(["a;b", "b;c", "c", "a;b;c", "c;a"] * 8)
    assert column.why == "lists of up to 3 items out of 3, written 'x;y'"


def test_a_column_that_is_declared_is_read_as_lists():
    table = pd.DataFrame({"v": ["M", "F", "M/F", "F/M"] * 2})
    column = infer_schema(table, {"v": "multiselect"})["v"]
    assert (column.kind, column.format) == ("multiselect", "x/y")
    assert column.why == "as asked; lists of up to 2 items out of 2, written 'x/y'"


def test_numbers_are_no_lists():
    with pytest.raises(SchemaError, match=r"kind='multiselect' does not fit the value 1; a column "
                       r"of this kind holds texts that are lists"):  # fmt: skip
        infer_schema(pd.DataFrame({"v": [1, 2, 3]}), {"v": "multiselect"})
