import io
import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.files.formats import TableContentError, TableForm
from tabgan.files.json_lines import JsonBlocks
from tabgan.files.read_write import TableWriter, read_table


def read(text):
    return read_table("-", table_format="jsonl", stdin=io.BytesIO(text.encode()))[0]


def written(*blocks, encoding="utf-8"):
    sink = io.BytesIO()
    writer = JsonBlocks(sink, TableForm("jsonl", encoding=encoding))
    for block in blocks:
        writer.write(block)
    return sink.getvalue().decode(encoding)


def test_types_are_those_of_json():
    frame = read(
        '{"id": 9007199254740993, "x": 1.5, "ok": true, "t": "2024-01-01", "m": 1, "z": null}\n'
        "\n"
        '{"id": 2, "x": 2, "ok": false, "t": "007", "m": "1", "z": null}\n'
    )
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "id": "int64",
        "x": "float64",
        "ok": "bool",
        "t": "object",
        "m": "object",
        "z": "object",
    }
    assert frame["id"].tolist() == [9007199254740993, 2]
    assert frame["t"].tolist() == ["2024-01-01", "007"]
    assert frame["m"].tolist() == [1, "1"]
    assert frame["z"].tolist() == [None, None]


def test_absent_keys_are_missing_and_key_order_is_kept():
    frame = read(
        '{"b": 1, "a": true}\n{"c": "x", "b": null}\n' + '{"b": 3}\n' * 1500 + '{"d": 1}\n'
    )
    assert list(frame.columns) == ["b", "a", "c", "d"]
    assert [str(dtype) for dtype in frame.dtypes] == ["Int64", "boolean", "object", "Int64"]
    assert len(frame) == 1503
    assert frame["c"].tolist()[:3] == [None, "x", None]
    assert frame["d"].tolist()[-1] == 1
    assert frame["d"].isna().sum() == 1502


def test_integers_beyond_64_bits_stay_exact():
    assert read('{"n": 36893488147419103232}\n{"n": 1}\n')["n"].tolist() == [2**65, 1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{'a': 1}", "not JSON (Expecting property name enclosed in double quotes"),
        ("[1, 2]", "found a JSON array, but each line must be an object such as"),
        ('"x"', "found a JSON string, but each line must be an object such as"),
        ("[" * 100_000, "not JSON (maximum recursion depth exceeded"),
    ],
)
def test_errors_name_the_line(line, message):
    with pytest.raises(TableContentError) as caught:
        read('{"a": 1}\n\n' + line + "\n")
    assert str(caught.value).startswith("standard input, line 3")
    assert message in str(caught.value)


def test_no_lines():
    with pytest.raises(TableContentError) as caught:
        read("\n")
    assert str(caught.value) == "standard input has no rows; a table needs a row at least"


def test_written_values():
    frame = pd.DataFrame(
        {
            "i": np.array([1, 2], dtype="int8"),
            "f": [0.1234567890123456, np.nan],
            "b": pd.array([True, None], dtype="boolean"),
            "s": pd.Series(['"é"\n', "\ud800"], dtype=object),
            "d": pd.to_datetime(["2024-02-29T00:00", "2024-03-01T12:30"]),
            "t": pd.Categorical(["x", None]),
        }
    )
    assert written(frame.iloc[:1], frame.iloc[1:]) == (
        '{"i": 1, "f": 0.1234567890123456, "b": true, "s": "\\"é\\"\\n", '
        '"d": "2024-02-29T00:00:00", "t": "x"}\n'
        '{"i": 2, "f": null, "b": null, "s": "\\ud800", '
        '"d": "2024-03-01T12:30:00", "t": null}\n'
    )


def test_infinities_are_null():
    frame = pd.DataFrame(
        {
            "f": [np.inf, 1.5],
            "o": [Decimal("-Infinity"), -np.inf],
            "n": pd.array([314159, None], dtype="Int64"),
            "s": ["inf", "Infinity"],
        }
    )
    assert written(frame) == (
        '{"f": null, "o": null, "n": 314159, "s": "inf"}\n'
        '{"f": 1.5, "o": null, "n": null, "s": "Infinity"}\n'
    )


def test_characters_that_the_encoding_lacks_are_escaped():
    text = written(pd.DataFrame({"s": ["é€"]}), encoding="latin-1")
    assert text == '{"s": "é\\u20ac"}\n'
    assert json.loads(text) == {"s": "é€"}


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "text": st.one_of(st.none(), st.text(max_size=5)),
                "int": st.integers(-(2**63), 2**63 - 1),
                "float": st.floats(allow_nan=False, allow_infinity=False),
                "any": st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3)),
            }
        ),
        min_size=1,
        max_size=4,
    )
)
def test_what_is_written_is_read_back(rows):
    frame = read("".join(json.dumps(row) + "\n" for row in rows))
    again = read(written(frame))
    pd.testing.assert_frame_equal(again, frame)
    assert [json.loads(line) for line in written(frame).split("\n")[:-1]] == rows


def test_arrays_come_as_texts_and_go_back_as_arrays():
    lines = '{"a": ["x y", "z"], "b": 1}\n{"a": [], "b": 2}\n{"a": null, "b": 3}\n'
    frame, form = read_table("-", table_format="jsonl", stdin=io.BytesIO(lines.encode()))
    assert frame["a"].tolist() == ['["x y", "z"]', "[]", None]
    assert form.lists == {"a"}
    sink = io.BytesIO()
    JsonBlocks(sink, form).write(frame)
    assert sink.getvalue().decode() == lines


ROWS = [
    {"id": at, "place": {"town": f"t{at % 3}", "xy": [at, 1.5]}, "tags": ["a"]} for at in range(4)
]


def test_objects_come_as_texts_and_go_back_as_objects():
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    frame, form = read_table("-", table_format="jsonl", stdin=io.BytesIO(lines.encode()))
    assert frame["place"][0] == '{"town": "t0", "xy": [0, 1.5]}'
    sink = io.BytesIO()
    JsonBlocks(sink, form).write(frame)
    assert sink.getvalue().decode() == lines


@pytest.mark.parametrize("indent", [None, 2])
def test_arrays_of_objects(tmp_path, indent):
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(ROWS, indent=indent))
    frame, form = read_table(str(path))
    with TableWriter(str(path), form, force=True) as writer:
        writer.write(frame.iloc[:1])
        writer.write(frame.iloc[1:])
    assert json.loads(path.read_text()) == ROWS
    assert TableForm("csv").for_output("a.json.gz").is_array
    assert not TableForm("csv").for_output("a.jsonl").is_array


@pytest.mark.parametrize("orient", ["columns", "index", "split", "records", "table"])
def test_documents_as_pandas_writes_them(orient):
    frame = pd.DataFrame({"n": [3, 1, 2], "t": ["x", "y", "z"]}, index=["r", "s", "q"])
    if orient == "columns":
        frame = frame.reset_index(drop=True)
    again = read(frame.to_json(orient=orient))
    assert again[["n", "t"]].to_dict("list") == frame.to_dict("list")


def test_rows_of_one_key_and_what_is_no_table():
    document = json.dumps({"count": 2, "data": [{"a": 1}, {"a": 2}]}, indent=1)
    frame, form = read_table("-", table_format="jsonl", stdin=io.BytesIO(document.encode()))
    assert frame["a"].tolist() == [1, 2]
    assert form.notes == ("the rows are those of key 'data'; other keys are skipped: 'count'",)
    for text, message in {
        "[1, 2]": "the array holds a JSON number, but each item must be an object",
        '[{"a": 1},\n{"a": ': "not JSON",
    }.items():
        with pytest.raises(TableContentError, match=message):
            read(text)
