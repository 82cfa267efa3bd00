"""Columns of numbers and dates that are kept as texts, or as whole numbers."""

import datetime
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import TabGAN, TabTrees
from tabgan.base.errors import SchemaError
from tabgan.encoding.table_encoder import fit_column
from tabgan.inference.infer_schema import infer_schema, match_schema
from tabgan.table.columns import TypedSeries, numbers_of
from tabgan.table.date_forms import DateForm
from tabgan.table.number_forms import NumberForm
from tabgan.table.schema import Column, Schema

RNG = np.random.default_rng(0)
ROWS = 300


def column_of(values, kind=None, name="x"):
    frame = pd.DataFrame({name: values})
    return infer_schema(frame, {name: kind} if kind else None)[name]


def moments(unit="s", start="2019-01-01", days=1500):
    seconds = RNG.integers(0, days * 86_400, ROWS)
    return (np.datetime64(start, "s") + seconds).astype(f"M8[{unit}]")


def test_whole_numbers_may_be_times():
    at = moments()
    unix = (at.astype("M8[s]")).astype(np.int64)
    minutes = at.astype("M8[m]").astype(np.int64)
    clock = minutes // 60 % 24 * 100 + minutes % 60
    compact = pd.Series(at).dt.strftime("%Y%m%d").astype(int)
    table = pd.DataFrame({"created_at": unix, "dep_time": clock, "day": compact, "n": unix % 977})
    schema = infer_schema(table)
    assert [(column.kind, column.format) for column in schema] == [
        ("datetime", "%s"),
        ("datetime", "%[HM]"),
        ("datetime", "%Y%m%d"),
        ("integer", None),
    ]


def test_times_as_floats_with_holes_are_written_as_such():
    clock = pd.Series(RNG.integers(0, 24, ROWS) * 100 + RNG.integers(0, 60, ROWS), dtype=float)
    clock[::7] = np.nan
    column = column_of(clock, name="dep_time")
    assert (column.kind, column.format) == ("datetime", "%[HM]")
    cells = TypedSeries(column, clock.rename("dep_time"))
    encoder = fit_column(cells)
    codes = np.zeros((500, 1), np.int64)
    codes[::5] = 1
    written = encoder.decode(RNG.random((500, 1)), codes, 0, RNG)
    assert written.dtype == float
    assert written.isna().sum() == 100
    assert (written.dropna() % 100 <= 59).all()


@pytest.mark.parametrize(
    "values",
    [RNG.integers(1900, 1960, ROWS), RNG.integers(17, 90, ROWS), RNG.integers(0, 3000, ROWS)],
    ids=["years", "ages", "counts"],
)
def test_other_whole_numbers_are_no_times(values):
    assert column_of(values).kind == "integer"


@pytest.mark.parametrize(
    ("texts", "form", "others"),
    [
        (["1.50", "2.25", "7.10", "3"], "0.00", ("0",)),
        (["$1.50", "$2.25", "$7.10", "3.00"], "$0.00", ("0.00",)),
    ],
)
def test_few_cells_of_another_form_keep_it(texts, form, others):
    cells = [*(texts[:3] * 60), *([texts[3]] * 4)]
    cells = [f"{text[:-1]}{i % 10}" if i < 180 else text for i, text in enumerate(cells)]
    column = column_of(cells)
    assert (column.kind, column.format) == ("numeric", form)
    written = fit_and_decode(column, pd.Series(cells, name="x", dtype=object))
    assert sum(NumberForm.from_spec(others[0]).parse(written.tolist())[1][180:]) == 4


def fit_and_decode(column, values):
    cells = TypedSeries(column, values)
    encoder = fit_column(cells)
    encoded = encoder.encode(cells)
    places = (encoded.low + 0.5 * encoded.width).astype(float)
    return encoder.decode(places, encoded.codes.astype(np.int64), 0, np.random.default_rng(0))


def test_the_tables_decimal_mark_decides():
    open_ = [f"{n},{RNG.integers(100, 999)}" for n in RNG.integers(1, 900, ROWS)]
    table = pd.DataFrame({"x": open_, "y": [f"{n / 100:.2f}" for n in range(ROWS)]})
    assert infer_schema(table)["x"].kind == "integer"
    commas = table.assign(y=table["y"].str.replace(".", ","))
    column = infer_schema(commas)["x"]
    assert (column.kind, column.format) == ("numeric", "0,000")


def test_texts_beside_the_numbers_do_not_stand_in_the_reason():
    cells = [f"${n}.00" for n in range(ROWS)] + ["see note of Jane Roe"]
    column = column_of(cells)
    assert column.why == "numbers written $0.00, from $0.00 to $299.00; 1 other texts"


def test_declared_kinds():
    spans = [f"{n}:{n % 60:02}:00" for n in range(30, 200)]
    assert column_of(spans, "timedelta").maximum == datetime.timedelta(hours=199, minutes=19)
    dates = ["3/25/2020", "12/1/2020", "7/9/2021"] * 5
    column = column_of(dates, "datetime")
    assert (column.format, column.maximum) == ("%-m/%-d/%Y", datetime.date(2021, 7, 9))
    with pytest.raises(SchemaError, match="kind='datetime' does not fit the value 'noon'"):
        column_of(["noon", "dusk"] * 5, "datetime")


def test_a_schema_of_forms_goes_to_json_and_back():
    column = Column("x", "numeric", "object", format="0.00 €", other_formats=("€0.00",))
    state = json.loads(json.dumps(Schema((column,)).to_json()))
    assert Schema.from_json(state)["x"] == column
    assert column.formats == ("0.00 €", "€0.00")
    with pytest.raises(SchemaError, match=r"other_formats=\['0'\] must be a tuple of texts"):
        Column("x", "numeric", "object", other_formats=["0"])


def test_formats_of_another_kind_are_refused():
    values = pd.Series(["1:00:00", "2:00:00"], name="x", dtype=object)
    column = Column("x", "datetime", "object", format="%[h]:%M:%S")
    with pytest.raises(SchemaError, match="'x': format='%\\[h\\]:%M:%S' does not go with kind"):
        numbers_of(values, column)
    column = Column("x", "numeric", "object", format="none")
    with pytest.raises(SchemaError, match="Column 'x': format='none' is not a form of numbers"):
        numbers_of(values, column)


def test_a_declared_schema_reads_the_other_table():
    one = pd.DataFrame({"x": [f"{n},50" for n in range(100)], "d": ["1.2.2020"] * 100})
    schema = infer_schema(one)
    other = pd.DataFrame({"x": ["7,50"] * 9, "d": ["3.12.2021"] * 9})
    kinds = [column.kind for column in match_schema(other, Schema(
        tuple(Column(c.name, c.kind, c.dtype) for c in schema)
    ))]  # fmt: skip
    assert kinds == ["numeric", "datetime"]


def test_a_fit_writes_the_forms_back():
    rng = np.random.default_rng(1)
    price = rng.lognormal(5, 1, ROWS).round(2)
    start = moments()
    table = pd.DataFrame(
        {
            "price": [f"${value:,.2f}" for value in price],
            "half": [f"{value / 2:.1f}".replace(".", ",") for value in price],
            "day": [f"{at.day}.{at.month}.{at.year}" for at in pd.Series(start)],
            "held": [f"{int(value)}:{int(value) % 60:02}" for value in price],
        }
    )
    gan = TabGAN(steps=2, hidden_dim=8, verbose=False, random_state=0).fit(table)
    rows = gan.sample(100)
    for name, spec in {"price": "$#,##0.00", "half": "0,0"}.items():
        assert NumberForm.from_spec(spec).parse(rows[name].tolist())[1].all(), name
    for name, spec in {"day": "%-d.%-m.%Y", "held": gan.schema_["held"].format}.items():
        assert DateForm(spec).parse(rows[name].tolist())[1].all(), name


NUMBER_SPECS = [
    "#,##0.00",
    "#.##0,00 €",
    "0.0%",
    "$#,##0.00;($#,##0.00)",
    "0 kg",
    "0.##",
    "+0.0;-0.0",
]
DATE_SPECS = [
    "%-m/%-d/%Y",
    "%d.%m.%y",
    "%d-%b-%Y",
    "%Y-%m-%dT%H:%M:%S.%3fZ",
    "%B %-d, %Y",
    "%-I:%M %p",
]


@given(
    numbers=st.lists(
        st.floats(-(10**6), 10**6).map(lambda v: round(v, 2)), min_size=25, max_size=60, unique=True
    ),
    spec=st.sampled_from(NUMBER_SPECS),
    holes=st.integers(2, 9),
    note=st.sampled_from([None, "N/A", "see note", "-"]),
)
@settings(max_examples=60)
def test_numbers_in_any_form_come_back_in_it(numbers, spec, holes, note):
    form = NumberForm.from_spec(spec)
    cells = form.write(np.array(numbers))
    cells[::holes] = [note] * len(cells[::holes])
    values = pd.Series(cells, name="x", dtype=object)
    column = Column("x", "numeric", "object", decimals=form.decimals, format=spec)
    written = fit_and_decode(column, values)
    expected = form.parse([text or "" for text in cells])[1]
    assert (form.parse([text or "" for text in written])[1] == expected).all()
    assert (written[~expected].isna() if note is None else written[~expected] == note).all()


@given(
    dates=st.lists(
        st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2030, 1, 1)),
        min_size=25,
        max_size=60,
        unique=True,
    ),
    specs=st.lists(st.sampled_from(DATE_SPECS), min_size=1, max_size=3, unique=True),
    holes=st.integers(2, 9),
)
@settings(max_examples=60)
def test_dates_in_several_forms_come_back_each_in_its_own(dates, specs, holes):
    forms = [DateForm(spec) for spec in specs]
    at = np.array(dates, "M8[us]")
    cells = [forms[i % len(forms)].write(at[i : i + 1])[0] for i in range(len(at))]
    cells[::holes] = [None] * len(cells[::holes])
    values = pd.Series(cells, name="x", dtype=object)
    column = Column("x", "datetime", "object", format=specs[0], other_formats=tuple(specs[1:]))
    written = fit_and_decode(column, values)
    for i, (text, cell) in enumerate(zip(written, cells, strict=True)):
        assert (text is None) == (cell is None)
        assert text is None or forms[i % len(forms)].parse([text])[1].all()


def test_times_of_day_kept_as_objects_are_learned_as_times():
    """As a workbook has them: few rows share a minute."""
    rng = np.random.default_rng(0)
    minutes = rng.normal(13 * 60, 150, 400).clip(0, 1439).astype(int)
    times = [datetime.time(*divmod(minute, 60)) for minute in minutes.tolist()]
    frame = pd.DataFrame({"opened": times, "load": minutes + rng.normal(0, 9, 400).round(1)})
    frame.loc[:39, "opened"] = None
    (column, _) = infer_schema(frame)
    assert (column.kind, column.format) == ("datetime", "%[time]")
    assert column.why == f"times of day from {min(times[40:])} to {max(times[40:])}"
    trees = TabTrees(random_state=0, verbose=False, refine=False).fit(frame)
    drawn = trees.sample(400)
    there = drawn["opened"].dropna()
    assert set(map(type, there)) == {datetime.time}
    assert len(set(there)) > 150
    assert abs(len(there) - 360) < 30
    own = there.map(lambda time: time.hour * 60 + time.minute)
    assert np.corrcoef(own, drawn.loc[there.index, "load"])[0, 1] > 0.9
    named = trees.sample(5, where={"opened": ("12:00:00", "13:00:00")})["opened"]
    assert named.between(datetime.time(12), datetime.time(13)).all()
    named = trees.sample(5, where={"opened": times[50]})["opened"]
    assert set(named) == {times[50]}


def test_times_of_day_with_a_zone_are_levels():
    time = datetime.time(9, 30, tzinfo=datetime.UTC)
    (column,) = infer_schema(pd.DataFrame({"opened": [time, time.replace(hour=8)] * 20}))
    assert column.kind == "categorical"
