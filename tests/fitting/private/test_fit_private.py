"""`TabGAN(epsilon=…)` from end to end."""

import datetime
import json
import math
import warnings
from dataclasses import replace
from decimal import Decimal
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from tabgan import (
    Column,
    DataError,
    OptionError,
    Schema,
    SchemaError,
    TabGAN,
    infer_schema,
    tune,
)
from tabgan.base.errors import ModelFileError, PrivacyWarning
from tabgan.base.model_file import read_model
from tabgan.callbacks import Callback
from tabgan.cli.main import main
from tabgan.constraints import Positive, Range
from tabgan.estimator.table_estimator import NOT_COVERED
from tabgan.fitting.fit_session import CHECKPOINT_FILE
from tabgan.fitting.private import fit_private
from tabgan.fitting.private import marginal_matching as matching
from tabgan.fitting.private.privacy_accounting import DEBUG_SEED
from tabgan.fitting.private.public_schema import declared_schema

ROWS = 4_000


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    kind = rng.choice(["red", "green", "blue"], ROWS, p=[0.5, 0.3, 0.2])
    size = np.where(kind == "red", 3.0, 1.0) * rng.gamma(2.0, 1.0, ROWS)
    frame = pd.DataFrame(
        {
            "size": size.round(2),
            "visits": rng.poisson(4, ROWS),
            "kind": kind,
            "code": pd.Series(kind).map({"red": 1, "green": 2, "blue": 3}),
            "seen": pd.Timestamp("2021-05-01") + pd.to_timedelta(rng.integers(0, 700, ROWS), "D"),
            "member": rng.random(ROWS) < 0.3,
            "grade": pd.Categorical(rng.choice(["low", "high"], ROWS), ["low", "mid", "high"]),
            "email": [f"person{i}@example.org" for i in range(ROWS)],
        }
    )
    frame.loc[rng.random(ROWS) < 0.2, "size"] = math.nan
    return frame


KINDS = {"email": "email", "grade": "categorical"}
QUICK = {"steps": 20, "hidden_dim": 32, "batch_size": 128, "verbose": False, "random_state": 0}


@pytest.fixture(scope="module")
def gan(table: pd.DataFrame) -> TabGAN:
    return TabGAN(epsilon=20.0, schema=KINDS, **QUICK | {"steps": 60}).fit(table)


def test_rows_come_back_in_the_form_of_the_table(gan, table):
    sample = gan.sample(500)
    nullable = {"int64": "Int64", "float64": "Float64"}
    assert list(sample.dtypes) == [nullable.get(str(dtype), dtype) for dtype in table.dtypes]
    assert set(sample["kind"]) <= {"red", "green", "blue", "other"}
    assert 0.1 < sample["size"].isna().mean() < 0.3
    assert (sample["size"].dropna().round(2) == sample["size"].dropna()).all()
    assert (sample["seen"].dt.normalize() == sample["seen"]).all()
    assert sample["email"].is_unique
    assert not set(sample["email"]) & set(table["email"])


def test_a_rule_is_read_off_the_noisy_tables(gan):
    (rule,) = gan.dependencies_  # each of the two determines the other one
    assert rule.describe() in ("'kind' determines 'code'", "'code' determines 'kind'")
    sample = gan.sample(300)
    assert len(sample[["kind", "code"]].drop_duplicates()) == sample["kind"].nunique()


def test_margins_are_near_those_of_the_table(gan, table):
    sample = gan.sample(ROWS)
    assert abs(sample["member"].mean() - table["member"].mean()) < 0.03
    assert abs(sample["visits"].mean() - table["visits"].mean()) < 0.3
    assert abs((sample["kind"] == "red").mean() - 0.5) < 0.03


def test_the_ledger_is_kept_with_the_model(gan, tmp_path):
    gan.save(tmp_path / "model.safetensors")
    again = TabGAN.load(tmp_path / "model.safetensors")
    assert again.privacy_ == gan.privacy_
    assert (again.epsilon, again.delta) == (20.0, 1e-6)
    assert 19.5 < again.privacy_.spent() <= 20.0
    assert [part.name for part in gan.privacy_.mechanisms] == [
        "rows", "forms", "values", "margins", "pairs", "triples",
    ]  # fmt: skip
    pd.testing.assert_frame_equal(again.sample(20, random_state=1), gan.sample(20, random_state=1))


def test_a_model_without_epsilon_claims_nothing(table):
    assert (
        TabGAN(steps=2, hidden_dim=8, verbose=False).fit(table[["kind", "visits"]]).privacy_ is None
    )


def test_the_number_of_rows_is_noisy(table):
    fits = [TabGAN(epsilon=0.1, **QUICK).fit(table[["member"]]) for _ in range(3)]
    sigma = fits[0].privacy_["rows"].sigma
    assert sigma > 100  # so that all three hit the number about once in a million
    assert {gan.n_rows_ for gan in fits} != {ROWS}
    assert all(abs(gan.n_rows_ - ROWS) < 6 * sigma for gan in fits)


def test_seeds_repeat_the_networks_but_not_the_noise(table):
    few = table[["kind", "member"]]
    one, two = (TabGAN(epsilon=1.0, **QUICK).fit(few) for _ in range(2))
    assert one.history_[0]["moment_loss"] != two.history_[0]["moment_loss"]


def test_seeded_noise_is_stamped_on_the_model(table, tmp_path, monkeypatch):
    monkeypatch.setenv(DEBUG_SEED, "7")
    few = table[["kind", "member"]]
    one, two = (TabGAN(epsilon=1.0, **QUICK).fit(few) for _ in range(2))
    pd.testing.assert_frame_equal(one.sample(50), two.sample(50))
    assert not one.privacy_.private
    assert one.privacy_.describe()[0].startswith("NOT PRIVATE: the noise was seeded")
    one.save(tmp_path / "model.safetensors")
    monkeypatch.delenv(DEBUG_SEED)
    shown = CliRunner().invoke(main, ["inspect", str(tmp_path / "model.safetensors")]).output
    assert "NOT PRIVATE" in shown


def test_the_seed_of_noise_must_be_a_number(table, monkeypatch):
    monkeypatch.setenv(DEBUG_SEED, "x")
    with pytest.raises(
        OptionError, match="TABGAN_NOT_PRIVATE_NOISE_SEED='x' must be a whole number"
    ):
        TabGAN(epsilon=1.0, schema=KINDS, **QUICK).fit(table)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"condition_on": "kind"},
            "condition_on='kind' can't be combined with epsilon",
        ),
        ({"snapshots": 3}, "snapshots=3 can't be combined with epsilon"),
        (
            {"loss": "wasserstein"},
            "loss='wasserstein' can't be combined with epsilon: there",
        ),
        ({"discriminator_steps": 2}, "discriminator_steps=2 can't be combined with epsilon"),
        (
            {"steps": "auto", "epochs": 3},
            "epochs=3 can't be combined with epsilon: the training makes no",
        ),
        ({"epsilon": 0}, "epsilon=0 must be a number above 0 or None"),
        ({"epsilon": "1"}, "epsilon='1' must be a number above 0 or None"),
        (
            {"epsilon": 0.001},
            "epsilon=0.001 must be at least 0.01: below, the noise hides all",
        ),
        ({"delta": 1e-15}, "delta=1e-15 must be from 1e-14 to 0.5, and should be far below one"),
        ({"delta": 0.9}, "delta=0.9 must be from 1e-14 to 0.5"),
        ({"delta": 1.5}, "delta=1.5 must be below 1: it is a probability"),
    ],
)
def test_what_does_not_go_with_privacy_is_refused(table, options, message):
    with pytest.raises(OptionError) as caught:
        TabGAN(**({"epsilon": 1.0, **QUICK} | options)).fit(table)
    assert message in str(caught.value)


def test_constraints_are_refused(table):
    with pytest.raises(OptionError, match=r"Positive .* can't be combined with epsilon"):
        TabGAN(epsilon=1.0, constraints=[Positive("visits")], **QUICK).fit(table)


@pytest.mark.parametrize("as_text", [False, True])
def test_ranges_declare_bounds(table, as_text, tmp_path):
    ranges = [Range("visits", 0, 50), Range("seen", "2021-01-01", "2024-12-31")]
    few = table[["visits", "seen", "size"]][:1500]
    few = few.astype(str) if as_text else few
    gan = TabGAN(epsilon=3.0, constraints=ranges, **QUICK).fit(few)
    assert (gan.schema_["visits"].minimum, gan.schema_["visits"].maximum) == (0, 50)
    sample = gan.sample(2000)
    assert pd.to_numeric(sample["visits"]).between(0, 50).all()
    assert pd.to_datetime(sample["seen"]).between("2021-01-01", "2024-12-31").all()
    gan.save(tmp_path / "model.safetensors")
    assert TabGAN.load(tmp_path / "model.safetensors").constraints_ == ranges


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("visit", r"constraints: Range .*'visit'.* did you mean 'visits'"),
        ("kind", r"constraints: Range .*'kind'.* numbers, dates or durations"),
        ("email", r"constraints: Range .*'email'.* numbers, dates or durations"),
    ],
)
def test_ranges_of_what_has_none_are_refused(table, column, message):
    with pytest.raises(OptionError, match=message):
        TabGAN(epsilon=9.0, constraints=[Range(column, 0, 9)], schema=KINDS, **QUICK).fit(table)


def test_tuning_is_refused(table):
    with pytest.raises(OptionError, match="tuning compares every candidate with real rows"):
        tune(table, latent_dims=[8], steps=2, epsilon=1.0)


def test_a_great_delta_is_warned_of(table):
    with pytest.warns(PrivacyWarning, match="delta=0.01 is above 1 / ") as caught:
        TabGAN(epsilon=1.0, delta=0.01, **QUICK).fit(table[["kind"]])
    assert {warning.filename for warning in caught} == {__file__}


def test_texts_of_single_rows_are_not_given_away(table):
    words = table["email"].str.replace("@example.org", "", regex=False)
    with pytest.warns(PrivacyWarning, match="Column 'who': no value has enough rows"):
        gan = TabGAN(epsilon=1.0, delta=1e-12, **QUICK).fit(
            pd.DataFrame({"who": words, "kind": table["kind"]})
        )
    assert gan.schema_["who"].kind == "identifier"
    sample = gan.sample(50)
    assert sample["who"].is_unique
    assert not sample["who"].isin(words).any()


@pytest.mark.parametrize(
    ("kind", "write"),
    [
        ("email", "person{}@example.org"),
        ("uuid", "0f8fad5b-d9cb-469f-a165-7086{:08x}"),
        ("phone", "+49 89 {:07d}"),
    ],
)
def test_rows_vote_on_what_is_made_anew(table, kind, write):
    frame = pd.DataFrame({"x": [write.format(i) for i in range(ROWS)], "kind": table["kind"]})
    gan = TabGAN(epsilon=5.0, locale="de_DE", **QUICK).fit(frame)
    assert (gan.schema_["x"].kind, gan.schema_["x"].why) == (
        kind,
        f"text; most rows are {kind}",
    )
    assert not set(gan.sample(50)["x"]) & set(frame["x"])


def test_too_few_rows_for_a_range_are_said_to_be(table):
    with pytest.raises(OptionError, match="'visits' has too few numbers to find their range"):
        TabGAN(epsilon=0.1, **QUICK).fit(table[["visits", "kind"]][:200])


def test_too_few_rows_for_levels_are_said_to_be():
    frame = pd.DataFrame({"span": pd.interval_range(0, 500)})
    with pytest.raises(OptionError, match=r"'span' has no value .* \(at least \d+ are needed"):
        TabGAN(epsilon=1.0, delta=1e-12, **QUICK).fit(frame)


def test_declared_ranges_need_no_rows(table):
    column = Column("visits", "integer", "int64", minimum=0, maximum=100, decimals=0)
    few = table[["visits"]][:200]
    gan = TabGAN(epsilon=0.1, schema=Schema((column,)), **QUICK).fit(few)
    assert gan.sample(100)["visits"].between(0, 100).all()


def test_a_schema_has_to_name_columns_that_are_there(table):
    with pytest.raises(SchemaError, match="Column 'kid' is not in the table; did you mean 'kind'"):
        TabGAN(epsilon=1.0, schema={"kid": "categorical"}, **QUICK).fit(table)


def test_texts_of_a_csv_file_are_read_as_what_they_are(table):
    days = table["seen"].dt.strftime("%Y-%m-%d")
    texts = table[["size", "visits", "seen", "kind"]].assign(seen=days).astype(object).map(str)
    gan = TabGAN(epsilon=20.0, **QUICK).fit(texts)
    kinds = {column.name: (column.kind, column.format) for column in gan.schema_}
    assert kinds["visits"] == ("integer", "shortest")
    assert kinds["seen"] == ("datetime", "%Y-%m-%d")
    assert kinds["size"][0] == "numeric"
    assert kinds["kind"][0] == "categorical"
    sample = gan.sample(200)
    assert list(sample.dtypes) == list(texts.dtypes)
    assert "nan" in set(sample["size"])


def test_dtypes_come_back():
    numbers = pd.Series(np.arange(ROWS) % 2)
    words = numbers.map({0: "a", 1: "b"})
    undeclared = dict.fromkeys(("Int64", "float32", "int8", "boolean"), numbers)
    declared = dict.fromkeys(("int64", "float64", "Float64"), numbers)
    frame = pd.DataFrame(undeclared | declared | {"string": words, "object": words})
    frame = frame.astype({dtype: dtype for dtype in frame})
    kinds = {"int64": "integer", "float64": "numeric", "Float64": "numeric"}
    sample = TabGAN(epsilon=20.0, schema=kinds, **QUICK).fit(frame).sample(20)
    pd.testing.assert_series_equal(sample.dtypes, frame.dtypes)


def test_no_cell_decides_the_dtype_of_numbers_that_nobody_has_declared():
    """A hole makes floats of a column of whole numbers, and a large one unsigned ones."""
    whole = np.arange(ROWS) % 9
    frame = pd.DataFrame({"plain": whole, "hole": whole, "large": whole, "half": whole + 0.5})
    frame["hole"] = frame["hole"].astype(float).where(frame.index != 7)
    frame["large"] = frame["large"].astype("uint64")
    frame.loc[7, "large"] = 2**63
    with pytest.warns(PrivacyWarning, match="'plain', 'hole', 'large', 'half'"):
        sample = TabGAN(epsilon=20.0, **QUICK).fit(frame).sample(20)
    assert list(sample.dtypes) == ["Int64", "Int64", "Int64", "Float64"]


def test_what_is_made_anew_is_made_without_a_look(table):
    kinds = [
        "identifier", "sequential", "uuid", "iban", "name", "phone", "address", "city", "company",
        "text", "regex:[A-Z]{2}-[0-9]{6}",
    ]  # fmt: skip
    secrets = pd.DataFrame({kind: [f"secret{i}" for i in range(ROWS)] for kind in kinds})
    gan = TabGAN(epsilon=5.0, schema={kind: kind for kind in kinds}, **QUICK)
    sample = gan.fit(secrets.assign(kind=table["kind"])).sample(50)
    assert not sample.astype(str).stack().str.contains("secret").any()


def test_conditions_filter_what_is_drawn(gan):
    assert set(gan.sample(30, where={"kind": "blue"})["kind"]) == {"blue"}


def test_categories_of_a_dtype_have_to_be_said_to_be_public(table):
    with pytest.raises(SchemaError, match="Column 'grade': the categories of its dtype may have"):
        TabGAN(epsilon=1.0, **QUICK).fit(table[["grade", "visits"]])
    words = table["grade"].astype(object).to_frame()
    gan = TabGAN(epsilon=5.0, **QUICK).fit(words)
    assert set(gan.sample(50)["grade"]) == {"low", "high"}  # nobody has "mid"


@pytest.mark.parametrize(
    "declared",
    [
        {"grade": "boolean"},
        {"grade": "email"},
        {"grade": "numeric"},
        Schema((Column("grade", "text", "object"),)),
    ],
)
def test_categories_are_public_only_of_what_is_categorical(table, declared):
    with pytest.raises(SchemaError, match="Column 'grade': the categories of its dtype may have"):
        TabGAN(epsilon=1.0, schema=declared, **QUICK).fit(table[["grade", "visits"]])


def test_categories_that_a_library_has_read_off_the_rows_are_texts(table):
    polars = pytest.importorskip("polars")
    types = {"found": polars.Categorical, "named": polars.Enum(["low", "mid", "high"])}
    words = table["grade"].astype(str).tolist()
    frame = polars.DataFrame({"found": words, "named": words}, schema=types)
    frame[0, "found"] = "secret"
    gan = TabGAN(epsilon=20.0, schema={"named": "categorical"}, **QUICK).fit(frame)
    kept = json.dumps([gan._model.encoder.to_json(), gan._model.facts.form.to_json()])
    assert "secret" not in kept
    assert "mid" in kept  # nobody has it
    assert gan.sample(50).schema == frame.schema


def test_notes_in_the_metadata_of_fields_are_not_kept(table):
    arrow = pytest.importorskip("pyarrow")
    field = arrow.field("visits", arrow.int64(), metadata={"greatest": "secret"})
    frame = arrow.table([table["visits"].to_numpy()], schema=arrow.schema([field]))
    gan = TabGAN(epsilon=20.0, **QUICK).fit(frame)
    assert "secret" not in json.dumps(gan._model.facts.form.to_json())
    assert gan.sample(5).schema == frame.schema
    assert b"secret" in TabGAN(**QUICK).fit(frame).sample(5).schema.field(0).metadata.values()


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([[1, "a"], [2, "b"]], "a list of rows"),
        (({"x": 1}, {"x": 2}), "a list of rows"),
        (np.array([[1, "a"], [2, "b"]], object), "an array of objects"),
    ],
)
def test_tables_without_types_of_their_own_are_refused(rows, what):
    with pytest.raises(DataError, match=f"epsilon treats .* those of {what} depend on its"):
        TabGAN(epsilon=1.0, **QUICK).fit(rows)


@pytest.mark.parametrize("n_rows", [0, 1, 2])
def test_tables_of_few_rows_are_not_refused(n_rows):
    frame = pd.DataFrame({"flag": pd.array([True, False][:n_rows], "boolean")})
    assert TabGAN(epsilon=1.0, **QUICK).fit(frame).sample(5)["flag"].dtype == "boolean"


def test_a_table_without_columns_is_refused():
    with pytest.raises(DataError, match=r"0 feature\(s\) while a minimum of 1 is required\.$"):
        TabGAN(epsilon=1.0, **QUICK).fit(pd.DataFrame(index=range(77)))


def test_a_cell_that_can_not_be_kept_is_missing():
    odd = [{"a": 1}, [1], 1j, Decimal("sNaN")]
    frame = pd.DataFrame({str(i): pd.Series(["a", "b"] * 500, dtype=object) for i in range(4)})
    for place, cell in enumerate(odd):
        frame.iat[7, place] = cell
    sample = TabGAN(epsilon=20.0, **QUICK).fit(frame).sample(50)
    assert set(sample.stack()) <= {"a", "b", "other"}
    assert all(frame.iat[7, place] is cell for place, cell in enumerate(odd))


def test_intervals_are_levels(table):
    spans = pd.arrays.IntervalArray.from_breaks([0.0, 1.0, 2.0])
    frame = pd.DataFrame({"span": spans.take(np.arange(ROWS) % 2)})
    sample = TabGAN(epsilon=5.0, **QUICK).fit(frame).sample(50)
    assert sample["span"].dtype == frame["span"].dtype
    assert set(sample["span"]) == set(spans)


@pytest.fixture
def seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat the noise, by which one vote in some thousand finds what no row holds."""
    monkeypatch.setenv(DEBUG_SEED, "1")


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("make", [float, Decimal, str, lambda text: Decimal(text + "00")])
def test_objects_are_numbers_where_that_is_declared(table, make):
    cells = pd.Series([make(str(x)) for x in table["visits"] + 0.25], dtype=object)
    gan = TabGAN(epsilon=20.0, schema={"x": "numeric"}, **QUICK).fit(pd.DataFrame({"x": cells}))
    column, sample = gan.schema_["x"], gan.sample(500)["x"]
    assert (column.decimals, column.format) == (2, "%.2f" if make is str else None)
    assert set(map(type, sample)) == {str if make is str else float}
    assert abs(sample.astype(float).mean() - 4.25) < 0.5


@pytest.mark.usefixtures("seeded")
def test_objects_are_whole_numbers_where_that_is_declared(table):
    cells = table["visits"].astype(object)
    gan = TabGAN(epsilon=20.0, schema={"x": "integer"}, **QUICK).fit(cells.to_frame("x"))
    assert set(map(type, gan.sample(100)["x"])) == {int}


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("dtype", [object, "string"])
def test_texts_are_dates_where_that_is_declared(table, dtype):
    texts = table["seen"].dt.strftime("%d.%m.%Y").astype(dtype)
    gan = TabGAN(epsilon=20.0, schema={"x": "datetime"}, **QUICK).fit(texts.to_frame("x"))
    assert gan.schema_["x"].format == "%d.%m.%Y"
    sample = pd.to_datetime(gan.sample(200)["x"], format="%d.%m.%Y")
    assert sample.between("2021-01-01", "2023-12-31").mean() > 0.9


@pytest.mark.usefixtures("seeded")
def test_objects_are_dates_where_that_is_declared(table):
    days = pd.Series(list(table["seen"].array.to_pydatetime()), dtype=object)
    gan = TabGAN(epsilon=20.0, schema={"x": "datetime"}, **QUICK).fit(days.to_frame("x"))
    sample = pd.to_datetime(gan.sample(200)["x"])
    assert (sample.dt.normalize() == sample).all()
    assert sample.between("2021-01-01", "2023-12-31").mean() > 0.9


@pytest.mark.usefixtures("seeded")
def test_moments_of_nanoseconds_lie_where_they_do_in_the_table():
    seen = pd.date_range("2020-01-01", periods=ROWS, freq="1234567us")
    sample = TabGAN(epsilon=20.0, **QUICK).fit(pd.DataFrame({"x": seen})).sample(200)["x"]
    assert sample.dtype == seen.dtype
    assert sample.between("2019-12-01", "2020-02-01").mean() > 0.9
    assert (sample.dt.nanosecond == 0).all()


def test_levels_keep_their_types(table):
    days = [datetime.datetime(2020, 1, 1), datetime.datetime(2021, 1, 1)]
    cells = pd.Series([days[i % 2] for i in range(ROWS)], dtype=object)
    sample = TabGAN(epsilon=5.0, **QUICK).fit(cells.to_frame("x")).sample(50)["x"]
    assert set(map(type, sample)) == {datetime.datetime}


def test_sparse_truth_values_are_never_missing(table):
    frame = table[["member"]].astype(pd.SparseDtype(bool))
    sample = TabGAN(epsilon=5.0, **QUICK).fit(frame).sample(50)
    assert sample["member"].dtype == frame["member"].dtype


def test_a_table_with_nothing_to_learn_is_made_all_the_same():
    frame = pd.DataFrame({"one": ["a"] * 1000, "mail": ["b@example.org"] * 1000})
    sample = TabGAN(epsilon=5.0, schema={"mail": "email"}, **QUICK).fit(frame).sample(5)
    assert set(sample["one"]) == {"a"}
    assert not set(sample["mail"]) & set(frame["mail"])


def test_ranges_measured_on_a_table_are_warned_of(table):
    measured = infer_schema(table[["visits", "member"]])
    with pytest.warns(PrivacyWarning, match=r"measured on a table: 'visits' \(\d+ distinct whole"):
        TabGAN(epsilon=5.0, schema=measured, **QUICK).fit(table[["visits", "member"]])


def test_ranges_measured_on_a_table_are_warned_of_whatever_is_said_of_them(table):
    measured = infer_schema(table[["visits", "member"]])
    silent = replace(measured, columns=tuple(replace(column, why="") for column in measured))
    for schema in (silent, Schema.from_json(without_origin(silent.to_json()))):
        with pytest.warns(PrivacyWarning, match="measured on a table: 'visits'"):
            declared_schema(table[["visits", "member"]], schema)


def test_declared_ranges_are_not_warned_of_whatever_is_said_of_them(table):
    column = Column("visits", "integer", "int64", minimum=0, maximum=9, why="at most nine a year")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schema = declared_schema(table[["visits"]], Schema((column,)))
        again = Schema.from_json(schema.to_json())
    assert [c.origin for c in (*schema, *again)] == ["declared"] * 2
    assert [c.origin for c in declared_schema(table[["visits"]], None)] == ["dtype"]


def without_origin(state):
    columns = [{k: v for k, v in column.items() if k != "origin"} for column in state["columns"]]
    return {**state, "columns": columns}


def test_the_clock_starts_when_the_rows_have_been_measured(table, monkeypatch):
    """Else the number of steps would tell how long that took."""
    given: list[float] = []

    def run(self, *arguments, checkpoints=None):
        given.append(arguments[-1])
        return trained(replace(self, n_steps=1), *arguments[:-1], None)

    trained = matching.MarginalMatching.run
    monkeypatch.setattr(matching.MarginalMatching, "run", run)
    TabGAN(epsilon=5.0, max_time=7.5, **QUICK).fit(table[["kind"]])
    assert given == [7.5]


def test_trackers_hear_of_a_private_fit(table):
    heard: list[object] = []

    class Tracker(Callback):
        def on_fit_begin(self, options):
            heard.append(options["epsilon"])

        def on_fit_end(self, facts):
            heard.append((facts["privacy"]["epsilon"], facts["n_rows"]))

    gan = TabGAN(epsilon=5.0, callbacks=[Tracker()], **QUICK).fit(table[["kind"]])
    assert heard == [5.0, (5.0, gan.n_rows_)]


def test_a_table_of_another_library_comes_back_as_one(table):
    polars = pytest.importorskip("polars")
    gan = TabGAN(epsilon=5.0, **QUICK).fit(polars.from_pandas(table[["kind", "visits"]]))
    assert isinstance(gan.sample(10), polars.DataFrame)


def test_an_evaluation_says_that_it_is_not_covered(gan, table):
    found = gan._run()
    assert found.facts["privacy"].startswith("differentially private: ε = 20, δ = 1e-06")
    assert found.facts["training rows"] == f"{gan.n_rows_:,}"
    assert found.notes[-1] == NOT_COVERED


def test_no_exact_count_is_in_the_model_file(table, tmp_path):
    """A table in which every exact count is one and the same odd number."""
    n = 3_989
    frame = pd.DataFrame({"a": ["x"] * n, "b": [5] * n, "c": [True] * n})
    gan = TabGAN(epsilon=1.0, **QUICK).fit(frame)
    while gan.n_rows_ == n:  # by chance
        gan = TabGAN(epsilon=1.0, **QUICK).fit(frame)
    gan.save(tmp_path / "model.safetensors")
    assert str(n).encode() not in (tmp_path / "model.safetensors").read_bytes().split(b"}}}")[0]
    assert len(gan.sample()) == gan.n_rows_


def test_a_damaged_ledger_is_found(gan, tmp_path):
    state = dict(gan._model.facts.privacy) | {"private": "yes"}
    model = replace(gan._model, facts=replace(gan._model.facts, privacy=state))
    model.save(tmp_path / "model.safetensors")
    with pytest.raises(ModelFileError, match="private must be true or false"):
        TabGAN.load(tmp_path / "model.safetensors")


def test_the_command_line_takes_a_budget(table, tmp_path):
    data, out, model = (str(tmp_path / name) for name in ("t.csv", "out.csv", "m.safetensors"))
    table[["visits", "kind"]].to_csv(data, index=False)
    command = [
        "synth",
        data,
        "--epsilon",
        "5",
        "--steps",
        "20",
        "-o",
        out,
        "--model",
        model,
        "--json",
    ]
    ran = CliRunner().invoke(main, command)
    assert ran.exit_code == 0, ran.output
    assert "Differentially private: ε = 5, δ = 1e-06" in ran.stderr
    facts = json.loads(ran.stdout)
    assert facts["privacy"]["epsilon"] == 5
    assert facts["rows"] == facts["training_rows"] == len(pd.read_csv(out))
    shown = CliRunner().invoke(main, ["inspect", model]).output
    assert "differentially private: ε = 5, δ = 1e-06, for adding or removing one row" in shown
    assert "spent on pairs: Gaussian noise of" in shown


def test_types_that_hang_on_the_rows_are_refused(table, tmp_path):
    data = tmp_path / "t.jsonl"
    table[["visits", "kind"]].to_json(data, orient="records", lines=True)
    command = ["fit", str(data), "--epsilon", "1", "-m", str(tmp_path / "m.safetensors")]
    ran = CliRunner().invoke(main, command)
    assert ran.exit_code == 2
    assert (
        "--epsilon takes the types of columns as public, but the types of JSON lines" in ran.output
    )


def test_pictures_do_not_go_with_a_budget(table, tmp_path):
    data = str(tmp_path / "t.csv")
    table[["visits", "kind"]].to_csv(data, index=False)
    command = [
        "synth",
        data,
        "--epsilon",
        "1",
        "--pictures",
        str(tmp_path / "p"),
        "-o",
        str(tmp_path / "o.csv"),
    ]
    ran = CliRunner().invoke(main, command)
    assert ran.exit_code == 2
    assert "--pictures draws columns of the real table, which --epsilon protects" in ran.output


def test_a_report_compares_the_rows_that_were_written(table, tmp_path):
    data, out, page = (str(tmp_path / name) for name in ("t.csv", "out.csv", "r.html"))
    table[:1000][["visits", "kind"]].to_csv(data, index=False)
    tiny = ["--epsilon", "5", "--steps", "5", "--hidden-dim", "16"]
    command = ["synth", data, *tiny, "-o", out, "--report", page]
    ran = CliRunner().invoke(main, [*command, "--json"])
    assert ran.exit_code == 0, ran.output
    assert "the privacy guarantee does not cover it" in ran.stderr
    assert json.loads(ran.stdout)["compared"] == "the rows that were written"
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert f"{len(pd.read_csv(out)):,}" in text
    assert "spent on pairs" in text
    assert "the privacy guarantee holds for the model and the rows sampled from it" in text


@pytest.mark.parametrize("as_text", [True, False])
def test_dates_that_stand_for_no_date_come_back_as_themselves(as_text):
    rng = np.random.default_rng(0)
    days = np.datetime64("2020-01-01") + rng.integers(0, 1000, ROWS)
    days[rng.random(ROWS) < 0.14] = np.datetime64("9999-12-31")
    table = pd.DataFrame({"end": days.astype("datetime64[s]"), "x": rng.random(ROWS)})
    if as_text:
        table["end"] = days.astype(str)
    gan = TabGAN(epsilon=3, steps=5, hidden_dim=8, verbose=False, random_state=0)
    dates = gan.fit(table).sample(500)["end"].dropna().astype(str)
    years = dates.str[:4].astype(int)
    assert years.between(1990, 2060).sum() > 300
    assert set(dates[years > 2100].str[:10]) == {"9999-12-31"}
    assert years.min() > 0


def test_a_declared_key_is_warned_of():
    table = pd.DataFrame({"patient": [1, 1, 2], "x": [0.5, 1.5, 2.5]})
    with pytest.warns(PrivacyWarning, match="values of 'patient' occur in several"):
        declared_schema(table, {"patient": "key"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        declared_schema(table, {"patient": "identifier", "x": "numeric"})


class Kill(Callback):
    def on_step(self, state):
        if state.step == 45:
            raise ZeroDivisionError


def test_a_fit_that_goes_on_spends_nothing_again(table, tmp_path, monkeypatch):
    """Its rows are those of a fit that was not cut, with the noise that was measured before."""
    monkeypatch.setenv(DEBUG_SEED, "5")
    rows = table[:300].drop(columns=["seen", "email"])
    options = {**QUICK, "steps": 60, "epsilon": 50.0, "schema": {"grade": "categorical"}}
    uncut = TabGAN(**options).fit(rows)
    state = {"checkpoint": tmp_path / "state", "checkpoint_every": 20}
    with pytest.raises(ZeroDivisionError):
        TabGAN(**options, **state, callbacks=[Kill()]).fit(rows)
    monkeypatch.setattr(fit_private, "_measure", None)  # a second look at the rows would fail
    again = TabGAN(**options, **state, resume=True).fit(rows)
    assert again.privacy_ == uncut.privacy_
    pd.testing.assert_frame_equal(again.sample(50), uncut.sample(50))
    with pytest.raises(OptionError, match=r"a fit with epsilon=50\.0, and here it is 60\.0"):
        TabGAN(**options | {"epsilon": 60.0}, **state, resume=True).fit(rows)
    with pytest.raises(DataError, match="a fit of another table, or from one with"):
        TabGAN(**options, **state, resume=True).fit(rows.drop(columns="member"))


def test_a_private_checkpoint_does_not_depend_on_the_rows_but_by_its_measurements(table, tmp_path):
    """Nothing but what is measured with noise tells two tables apart: no digest of rows."""
    rows = table[:300].drop(columns=["seen", "email"])
    options = {**QUICK, "steps": 60, "epsilon": 50.0, "schema": {"grade": "categorical"}}
    digests = set()
    for place, some in enumerate((rows, rows[1:], rows.assign(size=1.5))):
        folder = tmp_path / str(place)
        with pytest.raises(ZeroDivisionError):
            TabGAN(**options, checkpoint=folder, callbacks=[Kill()]).fit(some)
        description, _ = read_model(folder / CHECKPOINT_FILE)
        digests.add(description["digest"])
        assert sorted(description) == ["digest", "format", "kind", "measured", "options", "seed"]
    assert len(digests) == 1


def warnings_of(frame: pd.DataFrame, schema: dict[str, str]) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        declared_schema(frame, schema)
    return [str(warning.message) for warning in caught]


def test_dtypes_that_a_reader_chose_are_warned_of():
    """One cell decides between numbers and texts, and everybody sees which."""
    content = "age,word\n" + "31,a\n" * 9
    plain, changed = (pd.read_csv(StringIO(text)) for text in (content, content + "none,b\n"))
    assert plain["age"].dtype != changed["age"].dtype
    (message,) = warnings_of(plain, {})
    assert message.startswith(
        "epsilon treats dtypes as public, but these are not declared: 'age'. If a reader"
    )
    assert message.endswith("or set the dtypes yourself and declare these columns in schema")
    assert warnings_of(plain, {"age": "integer"}) == []
    texts = pd.read_csv(StringIO(content), dtype=str)
    assert warnings_of(texts, {}) == []
