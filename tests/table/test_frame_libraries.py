"""Tables of Polars and Arrow: learned as they are, and given back as the same kind."""

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from tabgan import DataError, TabGAN
from tabgan.base.errors import SchemaError
from tabgan.estimator.oversampler import SyntheticOverSampler
from tabgan.table.frame_libraries import FrameForm, form_of, pandas_of, table_of_series

EPOCH = datetime.datetime(1850, 1, 1, 1, 2, 3)
LATE = datetime.datetime(2300, 2, 2)
CELLS: dict[str, tuple[list[Any], Any]] = {
    "categorical": (["a", "b", None, "c"], pl.Categorical),
    "enum": (["lo", "hi", None, "lo"], pl.Enum(["lo", "mid", "hi"])),
    "date": ([EPOCH.date(), LATE.date(), None, datetime.date(2020, 3, 3)], pl.Date),
    "zoned": ([EPOCH, LATE, None, LATE], pl.Datetime("ms", "Europe/Paris")),
    "micro": ([EPOCH, LATE, None, LATE], pl.Datetime("us")),
    "nano": ([datetime.datetime(2020, 1, 1, 7), None, None, None], pl.Datetime("ns")),
    "duration": ([datetime.timedelta(1), None, datetime.timedelta(seconds=5), None], None),
    "time": ([datetime.time(1, 2, 3), None, datetime.time(4), datetime.time(5)], pl.Time),
    "boolean": ([True, None, False, True], pl.Boolean),
    "byte": ([1, None, 3, -128], pl.Int8),
    "huge": ([2**64 - 1, None, 3, 4], pl.UInt64),
    "half": ([1.5, None, 3, 4], pl.Float32),
    "nan": ([1.5, float("nan"), None, 4], pl.Float64),
    "price": ([Decimal("1.50"), None, Decimal("2.25"), Decimal("3.00")], pl.Decimal(10, 2)),
    "text": (["007", "x\ny", None, "é😀"], pl.String),
    "nothing": ([None] * 4, pl.Null),
}
RNG = np.random.default_rng(0)
TABLE = pl.DataFrame(
    [
        pl.Series(name, [cells[i % 4] for i in RNG.permutation(40)], dtype=dtype)
        for name, (cells, dtype) in CELLS.items()
    ]
).with_columns(n=pl.Series(range(0, 120, 3), dtype=pl.UInt16), x=np.linspace(0, 1, 40))


def fit(table: Any, **options: Any) -> TabGAN:
    return TabGAN(steps=3, hidden_dim=16, verbose=False, random_state=0, **options).fit(table)


@pytest.fixture(scope="module")
def gan() -> TabGAN:
    return fit(TABLE)


def test_the_kind_may_be_told_to_type_checkers():
    told = TabGAN[pl.DataFrame](steps=2, min_group=7)
    assert type(told) is TabGAN
    assert (
        clone(told).get_params() == told.get_params() == TabGAN(steps=2, min_group=7).get_params()
    )


def test_polars_gives_polars(gan):
    sample = gan.sample(50)
    assert isinstance(sample, pl.DataFrame)
    assert (sample.shape, sample.schema) == ((50, TABLE.width), TABLE.schema)
    for name in ("categorical", "enum", "text", "time", "zoned", "price"):
        assert set(sample[name]) <= set(TABLE[name])
    assert sample["nothing"].null_count() == 50


def test_a_file_keeps_the_kind(gan, tmp_path):
    gan.save(tmp_path / "m.safetensors")
    loaded = TabGAN.load(tmp_path / "m.safetensors")
    assert loaded.sample(20).equals(gan.sample(20))
    assert loaded.sample(20).schema == TABLE.schema


def test_blocks_are_of_the_kind_and_make_up_the_sample(gan):
    blocks = list(gan.sample_blocks(9000))
    assert [len(block) for block in blocks] == [8192, 808]
    assert pl.concat(blocks).equals(gan.sample(9000))


def test_a_condition_and_partial_rows(gan):
    assert set(gan.sample(5, where={"boolean": True})["boolean"]) == {True}
    rows = pl.DataFrame({"categorical": ["a", "c", None], "byte": [None, 3, 1]})
    for where in (rows, rows.to_arrow(), rows.to_pandas()):
        made = gan.sample(where=where)
        assert made.schema == TABLE.schema
        assert made["categorical"][:2].to_list() == ["a", "c"]
        assert made["byte"][1:].to_list() == [3, 1]


def test_impute_gives_the_kind_that_it_is_given(gan):
    holes = TABLE.drop("nothing").head(12)
    filled = gan.impute(holes)
    assert filled.schema == holes.schema
    assert filled.null_count().sum_horizontal().item() < holes.null_count().sum_horizontal().item()
    kept = holes["text"].is_not_null()
    assert filled["text"].filter(kept).equals(holes["text"].filter(kept))
    assert isinstance(gan.impute(holes.to_arrow()), pa.Table)
    assert isinstance(gan.impute(pandas_of(holes)), pd.DataFrame)


@pytest.mark.parametrize("kind", ["string_view", "dictionary", "decimal128", "timestamp"])
def test_arrow_gives_arrow(kind):
    columns = {
        "string_view": pa.array(["a", None, "b", "c"] * 10, pa.string_view()),
        "dictionary": pa.array(["a", None, "b", "c"] * 10, pa.dictionary(pa.int8(), pa.string())),
        "decimal128": pa.array([Decimal("0.10"), Decimal("7.25")] * 20, pa.decimal128(9, 2)),
        "timestamp": pa.array([EPOCH, LATE] * 20, pa.timestamp("s", "America/New_York")),
    }
    schema = pa.schema(
        [
            pa.field("key", pa.int32(), nullable=False),
            pa.field("value", columns[kind].type, metadata={"unit": "none"}),
        ]
    )
    table = pa.table([pa.array(range(40), pa.int32()), columns[kind]], schema=schema)
    sample = fit(table).sample(30)
    assert isinstance(sample, pa.Table)
    assert sample.schema.equals(schema, check_metadata=True)
    assert set(sample["value"].to_pylist()) <= set(table["value"].to_pylist())


INTEGERS = [pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64]
SERIES = st.one_of(
    *(
        st.tuples(st.just(dtype), st.lists(st.none() | st.integers(0, 127), min_size=2, max_size=9))
        for dtype in INTEGERS
    ),
    st.tuples(st.just(pl.String), st.lists(st.none() | st.text(max_size=4), min_size=2)),
    st.tuples(st.just(pl.Categorical), st.lists(st.none() | st.text(max_size=4), min_size=2)),
    st.tuples(st.just(pl.Float64), st.lists(st.none() | st.floats(), min_size=2)),
    st.tuples(st.just(pl.Date), st.lists(st.none() | st.dates(), min_size=2)),
    st.tuples(
        st.sampled_from([pl.Datetime("us", "UTC"), pl.Datetime("ms"), pl.Datetime("us")]),
        st.lists(st.none() | st.datetimes(), min_size=2),
    ),
)


@given(SERIES)
def test_to_pandas_and_back_is_without_loss(drawn):
    dtype, cells = drawn
    table = pl.DataFrame({"n": range(len(cells)), "cell": pl.Series(cells, dtype=dtype)})
    form = form_of(table)
    again = FrameForm.from_json(form.to_json())
    assert again == form
    back = again.restore(pandas_of(table))
    assert back.schema == table.schema
    assert back.equals(table, null_equal=True)


@settings(max_examples=12)
@given(SERIES)
def test_any_column_is_drawn_as_its_type(drawn):
    dtype, cells = drawn
    cells = (cells * 20)[:40]
    table = pl.DataFrame({"n": range(len(cells)), "cell": pl.Series(cells, dtype=dtype)})
    assert fit(table, refine=False, polish=False).sample(5).schema == table.schema


def test_oversampling_gives_the_kinds_that_it_is_given():
    features = pl.DataFrame({"a": np.arange(40.0), "b": ["x", "y"] * 20})
    labels = pl.Series("rare", [0] * 30 + [1] * 10, dtype=pl.Int8)
    sampler = SyntheticOverSampler(TabGAN(steps=3, hidden_dim=16, verbose=False), random_state=0)
    rows, classes = sampler.fit_resample(features, labels)
    assert (rows.schema, classes.dtype, classes.name) == (features.schema, pl.Int8, "rare")
    assert rows.head(40).equals(features)
    assert classes.value_counts()["count"].to_list() == [30, 30]
    rows, classes = sampler.fit_resample(features.to_arrow(), pa.chunked_array([labels.to_arrow()]))
    assert isinstance(rows, pa.Table)
    assert isinstance(classes, pa.ChunkedArray)
    rows, classes = sampler.fit_resample(features.head(30), np.arange(30) % 2)
    assert isinstance(rows, pl.DataFrame)
    assert isinstance(classes, pd.Series)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            TABLE.lazy(),
            "The table is a lazy LazyFrame, whose rows are not computed yet; give X.collect(), or "
            "what its library has for that",
        ),
        (
            TABLE["n"],
            "The table is a Series, a single column; give a table of it, for example to_frame()",
        ),
    ],
)
def test_refused(table, message):
    with pytest.raises(DataError) as caught:
        fit(table)
    assert str(caught.value) == message


def test_nested_columns_are_refused():
    with pytest.raises(DataError, match=r"not supported"):
        fit(pl.DataFrame({"a": [{"b": 1}] * 20, "n": range(20)}))


def test_without_the_library(gan, tmp_path, monkeypatch):
    gan.save(tmp_path / "m.safetensors")
    monkeypatch.setattr(FrameForm, "is_installed", False)
    with pytest.warns(UserWarning, match="learned a table of polars, which is not installed here"):
        loaded = TabGAN.load(tmp_path / "m.safetensors")
    assert isinstance(loaded.sample(3), pd.DataFrame)


def test_an_unknown_library_is_refused():
    with pytest.raises(SchemaError) as caught:
        FrameForm.from_json({"library": "polar"})
    assert str(caught.value) == "'polar' is not a library of tables; did you mean 'polars'?"


def test_series_that_are_none_of_another_library_stay():
    for values in ([1, 2], np.arange(3), pd.Series([1])):
        assert table_of_series(values) is values


def lists_of_words(n=80):
    return [[["a b", "c", "d"][j] for j in RNG.permutation(3)[: i % 4]] for i in range(n)]


LISTS: dict[str, Any] = {
    "lists": lambda own: pd.DataFrame({"x": range(len(own)), "t": own}),
    "sets": lambda own: pd.DataFrame({"x": range(len(own)), "t": list(map(set, own))}),
    "arrays": lambda own: pd.DataFrame({"x": range(len(own)), "t": list(map(np.array, own))}),
    "Polars": lambda own: pl.DataFrame({"x": range(len(own)), "t": own}),
    "Arrow": lambda own: pa.table({"x": range(len(own)), "t": own}),
}


@pytest.mark.parametrize("make", LISTS.values(), ids=LISTS)
def test_cells_that_are_lists_are_learned_and_come_back_as_lists(make, tmp_path):
    own = lists_of_words()
    own[5] = None if make in (LISTS["lists"], LISTS["Polars"], LISTS["Arrow"]) else own[5]
    table = make(own)
    options = {"hidden_dim": 8, "refine": False, "polish": False, "verbose": False}
    gan = TabGAN(steps=2, random_state=0, **options).fit(table)
    assert gan.schema_["t"].kind == "multiselect"
    gan.save(tmp_path / "model")
    drawn = TabGAN.load(tmp_path / "model").sample(40)
    assert type(drawn) is type(table)
    if isinstance(table, pd.DataFrame):
        cells = drawn["t"].dropna().tolist()
        assert {type(cell) for cell in cells} == {type(table["t"][0])}
    else:
        assert drawn.schema == table.schema
        cells = (
            [cell for cell in drawn["t"].to_pylist() if cell is not None]
            if make is LISTS["Arrow"]
            else drawn["t"].drop_nulls().to_list()
        )
    assert {item for cell in cells for item in cell} == {"a b", "c", "d"}


def test_lists_whose_items_hardly_repeat_are_refused():
    table = pd.DataFrame({"x": range(60), "vector": [list(RNG.random(4)) for _ in range(60)]})
    with pytest.raises(DataError, match="'vector': its cells are lists whose items hardly repeat"):
        TabGAN(steps=2, verbose=False).fit(table)


def test_partial_rows_and_holes_of_lists():
    table = pd.DataFrame({"x": range(80), "t": lists_of_words()})
    options = {"hidden_dim": 8, "refine": False, "polish": False, "verbose": False}
    gan = TabGAN(steps=2, random_state=0, **options).fit(table)
    rows = gan.sample(where=pd.DataFrame({"t": [["c"], [], ["d", "a b"]]}))
    assert rows["t"].tolist() == [["c"], [], ["d", "a b"]]


def test_types_of_lists_that_are_not_known_are_refused():
    with pytest.raises(SchemaError, match="are not types of lists"):
        FrameForm.from_json({"library": "pandas", "lists": [[0, "deque"]]})
