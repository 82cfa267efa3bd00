"""What a table encoder knows of the values of columns, also of those that rules derive."""

import numpy as np
import pandas as pd
import pytest

from tabgan.conditions.domains import column_categories, column_sentinels
from tabgan.conditions.parse_request import parse_condition
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.inference.infer_schema import resolve_schema
from tabgan.rules.order_dependency import DifferenceDependency

N = 600


def test_levels_and_specials(table):
    names = table.schema.names
    columns = [names[at] for at in table.levels if at < len(names)]  # beyond is presence
    assert {*columns} == {"plan", "town", "flag", "yes", "rank", "few"}
    assert table.levels[names.index("town")] == ("Bonn", "Ulm", None)
    assert table.specials[names.index("size")] == (np.inf, None)
    assert table.specials[names.index("text")] == ("", "?")
    assert table.specials[names.index("mail")] == (None,)
    assert table.specials[names.index("age")] == ()


def test_derived_columns(learn):
    rng = np.random.default_rng(0)
    grade = rng.integers(0, 4, N)
    kind = rng.integers(0, 3, N)
    frame = pd.DataFrame(
        {
            "grade": np.array(["low", "mid", "high", "top"])[grade],
            "rank": grade,
            "ranks": [f"{g}.0" for g in grade],
            "points": grade * 1.5,
            **{f"is_{k}": (kind == k).astype(int) for k in range(3)},
            "x": rng.normal(size=N),
        }
    )
    frame["again"] = frame["x"]
    frame.loc[::5, ["x", "again"]] = np.nan
    known = learn(frame)
    rules = TableEncoder.fit(frame, known.schema, np.random.default_rng(0)).dependencies
    assert {rule.name for rule in rules} >= {"copy", "onehot", "determines"}
    assert {known.schema.names[at] for at in known.levels} == {*frame} - {"x", "again"}
    assert set(known.levels[1]) == {0, 1, 2, 3}
    assert set(known.levels[2]) == {"0.0", "1.0", "2.0", "3.0"}
    for where in ("rank >= 2", "ranks >= 2", "points >= 3", "grade in (high, top)"):
        assert (known.mask(where) == (grade >= 2)).all()
    assert (known.mask({"is_1": 1}) == (kind == 1)).all()
    assert (known.mask("again is missing") == frame["x"].isna()).all()


def test_a_date_that_is_learned_as_a_distance_has_no_levels():
    rng = np.random.default_rng(0)
    begins = pd.to_datetime("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, N), "D")
    ends = begins + pd.to_timedelta(rng.integers(1, 8, N), "D")
    frame = pd.DataFrame({"begins": begins, "ends": ends})
    frame.loc[::4, "ends"] = pd.NaT
    schema = resolve_schema(frame, None)
    encoder = TableEncoder.fit(frame, schema, np.random.default_rng(0))
    assert any(isinstance(rule, DifferenceDependency) for rule in encoder.dependencies)
    levels, specials = column_categories(encoder), column_sentinels(encoder)
    assert levels == {}
    assert specials == {0: (), 1: (None,)}
    mask = parse_condition("ends is missing", schema, levels, specials).mask(frame)
    assert (mask == frame["ends"].isna()).all()


@pytest.mark.parametrize("kind", ["categorical", "identifier", "text"])
def test_columns_of_very_many_texts(learn, kind):
    frame = pd.DataFrame({"code": [f"c{i % 500}" for i in range(1000)], "x": range(1000)})
    frame.loc[::10, "code"] = "NA"
    known = learn(frame, code=kind)
    assert (0 in known.levels) == (kind == "categorical")
    if kind == "categorical":
        assert (known.mask({"code": ["c1", "NA"]}) == frame["code"].isin(["c1", "NA"])).all()
    else:
        assert (known.mask("code is not missing") == (frame["code"] != "NA")).all()
