import codecs
import csv
import gzip
import io
import tracemalloc
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.errors import DataError, OptionError
from tabgan.files.formats import TableContentError, TableForm
from tabgan.files.read_write import TableWriter, read_table
from tabgan.files.text_files import CsvBlocks


def read(data, **options):
    data = data.encode() if isinstance(data, str) else data
    return read_table("-", stdin=io.BytesIO(data), **options)


def cells(data, **options):
    frame, _ = read(data, **options)
    return [list(frame.columns), *frame.to_numpy().tolist()]


def error_of(data, **options):
    with pytest.raises(TableContentError) as caught:
        read(data, **options)
    assert isinstance(caught.value, DataError)
    return str(caught.value)


def open_quote(rows, closed_after=None):
    lines = ["a,b", '"open,1', *["x,2"] * rows]
    if closed_after is not None:
        lines[closed_after] = 'y",3'
    return "\n".join(lines) + "\n"


class TestOpenQuotes:
    def test_a_quote_that_never_ends_loses_no_rows(self):
        assert "line 2: a quoted field begins in this row and never ends" in error_of(
            open_quote(600)
        )

    def test_a_quote_that_ends_in_another_row_is_an_error(self):
        text = open_quote(600, closed_after=400)
        assert "line 2: a quoted field takes 400 lines" in error_of(text)
        frame, form = read(text, skip_bad_lines=True)
        assert len(frame) == 201
        assert any("left out: 2" in note for note in form.notes)

    def test_a_few_lines_are_noted(self):
        frame, form = read(open_quote(600, closed_after=9))
        assert len(frame) == 593
        assert any("line 2: a quoted field takes 9 lines" in note for note in form.notes)

    def test_long_texts_are_texts(self):
        poem = "\n".join(f"line {n}" + ", so" * (n % 3) for n in range(150))
        assert cells(f'a,b\n"{poem}",1\n' + "x,2\n" * 9)[1] == [poem, "1"]


class TestCells:
    def test_every_cell_stays_the_string_it_is(self):
        text = 'id,x,y,z\n007,NA,1.50,\n008,nan,"",None\n010, 3,1e5,null\n'
        assert cells(text) == [
            ["id", "x", "y", "z"],
            ["007", "NA", "1.50", ""],
            ["008", "nan", "", "None"],
            ["010", " 3", "1e5", "null"],
        ]

    def test_quotes_newlines_nul_and_emoji(self):
        text = 'a,b\n"x, ""y""","line 1\nline 2\r\nline 3"\n😀\0z,שלום\n'
        assert cells(text) == [
            ["a", "b"],
            ['x, "y"', "line 1\nline 2\r\nline 3"],
            ["😀\0z", "שלום"],
        ]

    def test_blank_lines_are_skipped_and_the_last_line_may_lack_its_end(self):
        assert cells("\n\na,b\n\n1,2\n\n3,4") == [["a", "b"], ["1", "2"], ["3", "4"]]

    def test_one_column(self):
        assert cells('name\nx\n""\ny\n') == [["name"], ["x"], [""], ["y"]]

    def test_a_column_without_a_name_gets_one(self):
        assert cells(",b\n1,2\n") == [["column_1", "b"], ["1", "2"]]

    def test_long_cell(self):
        before = csv.field_size_limit()
        assert cells(f"a,b\n{'x' * 1_000_000},2\n")[1] == ["x" * 1_000_000, "2"]
        assert csv.field_size_limit() == before

    def test_index_is_a_plain_range(self):
        frame, _ = read("a,b\n1,2\n3,4\n")
        assert frame.index.equals(pd.RangeIndex(2))
        assert list(frame.dtypes) == [object, object]

    def test_many_blocks(self):
        text = "a,b\n" + "".join(f"{i},{i % 7}\n" for i in range(2_345))
        frame, _ = read(text)
        assert frame["a"].tolist() == [str(i) for i in range(2_345)]
        assert frame["b"].tolist() == [str(i % 7) for i in range(2_345)]

    def test_equal_cells_share_one_object(self):
        text = "a,b\n" + "Customer,Customer\n" * 1_200
        frame, _ = read(text)
        assert len({id(cell) for cell in frame.to_numpy().ravel()}) == 1


class TestForm:
    @pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
    def test_delimiter_is_found(self, mark):
        text = "a*b*c\n1.5*x*y\n" if mark == "," else "a*b*c\n1,5*x*y\n"
        text = text.replace("*", mark)
        _, form = read(text)
        assert form.delimiter == mark

    def test_delimiter_is_the_one_that_cuts_all_lines_alike(self):
        assert read('a;b\n"1,5";"2,5,6"\n3,5;x\n')[1].delimiter == ";"
        assert read("note,rank\nx; y,1\nz,2\n")[1].delimiter == ","

    def test_delimiter_option_wins(self):
        assert cells("a;b,c\n1;2,3\n", delimiter=",") == [["a;b", "c"], ["1;2", "3"]]
        assert cells("a:b\n1:2\n", delimiter=":") == [["a", "b"], ["1", "2"]]

    def test_blank_after_the_delimiter_belongs_to_it(self):
        assert cells("a,b,c\n1, x, \n2, z,3\n")[1] == ["1", " x", " "]
        assert cells('a, b, c\n1, "x, y", \n2, z, 3\n') == [
            ["a", "b", "c"],
            ["1", "x, y", ""],
            ["2", "z", "3"],
        ]

    @pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
    def test_line_end(self, line_end):
        frame, form = read(line_end.join(["a,b", "1,2", "3,4", ""]))
        assert form.line_end == line_end
        assert frame.to_numpy().tolist() == [["1", "2"], ["3", "4"]]

    @pytest.mark.parametrize(
        ("encoding", "found"),
        [
            ("utf-8", "utf-8"),
            ("utf-8-sig", "utf-8-sig"),
            ("utf-16", "utf-16"),
            ("utf-32", "utf-32"),
        ],
    )
    @pytest.mark.parametrize("given", [None, "utf-8"])
    def test_byte_order_mark_tells_the_encoding(self, encoding, found, given):
        frame, form = read("naïve,b\nß,😀\n".encode(encoding), encoding=given)
        assert form.encoding == found
        assert frame.to_dict("records") == [{"naïve": "ß", "b": "😀"}]

    def test_big_endian_mark(self):
        data = codecs.BOM_UTF16_BE + "a,b\n1,é\n".encode("utf-16-be")
        assert cells(data) == [["a", "b"], ["1", "é"]]

    def test_encoding_option(self):
        frame, form = read("a,b\nMünchen,1\n".encode("latin-1"), encoding="latin-1")
        assert (frame["a"][0], form.encoding) == ("München", "latin-1")

    def test_gzip_is_seen_by_its_content(self):
        assert cells(gzip.compress(b"a,b\n1,2\n")) == [["a", "b"], ["1", "2"]]


class TestErrors:
    def test_short_row(self):
        assert error_of("a,b,c\n1,2,3\n4,5\n") == (
            "standard input, line 3: found 2 fields, but the header has 3; mend the line, leave "
            "such lines out with --skip-bad-lines, or name the delimiter (read with ',')"
        )

    def test_long_row_after_quoted_newlines_and_blank_lines(self):
        good = '"x\ny","p\r\nq",3\n\n' * 600
        assert error_of(f"a,b,c\n{good}1,2,3,4\n") == (
            "standard input, line 2402: found 4 fields, but the header has 3; mend the line, "
            "leave such lines out with --skip-bad-lines, or name the delimiter (read with ',')"
        )

    def test_long_row_within_the_first_lines(self):
        assert "line 2: found 3 fields, but the header has 2" in error_of("a,b\n1,2,3\n4,5\n")

    def test_open_quote(self):
        assert error_of('a,b\n"x\ny",2\n1,"2\n3,4\n5,6\n') == (
            "standard input, line 4: a quoted field begins in this row and never ends; close the "
            "quote, or double a quote that belongs to the text"
        )

    def test_text_after_a_closing_quote(self):
        assert error_of('a,b\n1,2\n"x"y,2\n') == (
            "standard input, line 3: text follows the closing quote of a field (',' expected after "
            "'\"'); double a quote that belongs to the text"
        )

    def test_quote_within_an_unquoted_field_is_text(self):
        assert cells('a,b\n5" pipe,x\n') == [["a", "b"], ['5" pipe', "x"]]

    @pytest.mark.parametrize("data", [b"", b"\n\n", codecs.BOM_UTF8, gzip.compress(b"", mtime=0)])
    def test_empty(self, data):
        assert error_of(data) == ("standard input is empty; a table needs a header line and rows")

    @pytest.mark.parametrize("data", ["a,b\n", "a,b", "a,b\n\n\n"])
    def test_header_only(self, data):
        assert error_of(data) == "standard input has no rows; a table needs a row at least"

    @pytest.mark.parametrize("rows", [1, 20_000])
    def test_wrong_encoding_names_line_and_offset(self, rows, tmp_path):
        before = "name,n\n" + "Zoë,1\n" * rows
        path = tmp_path / "t.csv"
        path.write_bytes(before.encode() + "ab,cé,\n".encode("latin-1"))
        with pytest.raises(TableContentError) as caught:
            read_table(str(path))
        assert str(caught.value) == (
            f"{path}, line {rows + 2}, byte offset {len(before.encode()) + 4}: 0xe9 is not utf-8 "
            "text (invalid continuation byte); name the encoding of the file, such as --encoding "
            "latin-1"
        )

    def test_wrong_encoding_in_utf16(self):
        data = "a,b\n1,2\n3,".encode("utf-16") + b"\x00\xdc4\x00\n\x00"
        message = error_of(data)
        assert message.startswith("standard input, line 3, byte offset 22: 0x00 is not utf-16 text")

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
    def test_other_text_in_place_of_utf16(self, encoding):
        message = error_of(b"a,b\n1,2\n", encoding=encoding)
        assert message.startswith("standard input")
        assert f"is not {encoding} text" in message
        assert "name the encoding of the file, such as --encoding" in message

    def test_utf16_without_a_mark(self):
        for encoding in ("utf-16-le", "utf-16-be"):
            frame, form = read("a,b\n1,é\n".encode(encoding))
            assert (form.encoding, frame.to_numpy().tolist()) == (encoding, [["1", "é"]])
        assert error_of(b"a\0,b\n1,2\n" + b"some,text\n" * 99) == (
            "standard input: the header holds NUL characters, as UTF-16 text without a byte-order "
            "mark does; name the encoding, such as --encoding utf-16-le"
        )
        assert cells("a,b\n1,2\n".encode("utf-16-le"), encoding="utf-16-le") == [
            ["a", "b"],
            ["1", "2"],
        ]

    def test_damaged_gzip(self):
        whole = gzip.compress(b"a,b\n" + b"1,2\n" * 10_000)
        assert "the gzip stream is damaged or cut short" in error_of(whole[:-20])
        broken = bytearray(whole)
        broken[15] ^= 0xFF
        assert error_of(bytes(broken)).startswith("standard input: the gzip stream is damaged")


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.lists(st.text(max_size=4), min_size=3, max_size=3), min_size=1, max_size=4),
    form=st.builds(
        TableForm,
        delimiter=st.sampled_from(",;\t|"),
        line_end=st.sampled_from(["\n", "\r\n", "\r"]),
        encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    ),
)
def test_what_is_written_is_read_back(rows, form):
    rows = [[cell.encode("utf-8", "ignore").decode() for cell in row] for row in rows]
    rows.insert(0, ["x", "y", "z"])  # or else blanks might all seem to belong to the delimiter
    frame = pd.DataFrame(rows, columns=["a", "b b", 'c"'], dtype=object)
    sink = io.BytesIO()
    blocks = CsvBlocks(sink, form)
    blocks.write(frame)
    blocks.write(frame.iloc[::-1])
    again, found = read(sink.getvalue(), delimiter=form.delimiter)
    assert again.to_numpy().tolist() == rows + rows[::-1]
    assert list(again.columns) == ["a", "b b", 'c"']
    assert replace(found, columns=()) == form  # cells with line breaks make all stand in quotes


def test_memory_of_reading_is_that_of_the_cells(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b,c,d\n" + "left,right,1,0.00\n" * 50_000)
    tracemalloc.start()
    frame, _ = read_table(str(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(frame) == 50_000
    assert peak < 4 * 50_000 * 8 * 3  # the pointers, and room for putting blocks together


def test_written_dates_and_missing_values(tmp_path):
    path = tmp_path / "t.csv"
    frame = pd.DataFrame(
        {
            "day": pd.to_datetime(["2024-02-29", None]),
            "n": pd.array([2**60 + 1, None], dtype="Int64"),
            "text": [None, "x"],
            "share": [0.1, float("nan")],
        }
    )
    with TableWriter(str(path), TableForm()) as writer:
        writer.write(frame)
    assert path.read_text() == ("day,n,text,share\n2024-02-29,1152921504606846977,,0.1\n,,x,\n")


def notes(data, **options):
    return list(read(data, **options)[1].notes)


def written(data, **options):
    """Read a table, and write its rows as they are."""
    frame, form = read(data, **options)
    sink = io.BytesIO()
    blocks = CsvBlocks(sink, form)
    half = len(frame) // 2
    blocks.write(frame.iloc[:half])
    blocks.write(frame.iloc[half:])
    return sink.getvalue().decode(form.encoding)


class TestHeader:
    def test_names_are_blank_or_repeated(self):
        text = "id,,a,a,a_2\n1,x,2,3,4\n2,y,5,6,7\n"
        frame, form = read(text)
        assert list(frame.columns) == ["id", "column_2", "a", "a_3", "a_2"]
        assert form.notes == (
            "columns without a name in the header are named 'column_2'",
            "columns with the name of another one are named 'a_3'",
        )
        assert written(text) == text

    def test_a_column_without_a_name_that_came_out_empty_is_read_back(self):
        text = ",a,b\n0,x,\n" + ",y,\n" * 40
        frame, form = read(text)
        frame["column_1"] = None
        sink = io.BytesIO()
        CsvBlocks(sink, form).write(frame)
        assert list(read(sink.getvalue().decode())[0].columns) == ["column_1", "a", "b"]

    def test_index_of_pandas(self):
        text = "Unnamed: 0,a\n0,x\n1,y\n"
        assert notes(text) == [
            "column 'Unnamed: 0' is the row index of a pandas table that was written with it; "
            "--drop 'Unnamed: 0' leaves it out"
        ]

    @pytest.mark.parametrize(
        "text",
        [
            "39,State-gov,2.5\n50,Private,1.5\n38,Private,0.1\n",  # numbers
            "Ann,2024-01-05\nBob,2024-02-07\nEve,2023-11-30\n",  # dates
            "p,x,s\ne,x,y\np,b,s\ne,x,s\np,x,y\n",  # texts that come again
            "?,5\n1,7\n2,?\n3,4\n",  # a missing cell in the first row
            "7\n3\n8\n",
        ],
    )
    def test_there_is_none(self, text):
        frame, form = read(text)
        width = text.partition("\n")[0].count(",") + 1
        assert list(frame.columns) == [f"column_{at}" for at in range(1, width + 1)]
        assert not form.has_header
        assert form.notes == (
            "line 1 looks like data, not like names of columns: the columns are named column_1, "
            "column_2, …; --header takes the first row for names",
        )
        assert written(text) == text
        assert list(read(text, header="first")[0].columns) == text.partition("\n")[0].split(",")

    @pytest.mark.parametrize(
        "text",
        [
            "country,2019,2020,2021\nNO,1,2,3\nSE,4,5,6\nDK,7,8,9\n",  # years
            "0,1,2\n0.5,1.5,2.5\n0.1,0.2,0.3\n",  # numbers of columns, as pandas writes them
            ",0\n0,1.5\n1,2.5\n2,9\n",  # a blank name above an index
            "name,city\nAnn,Oslo\nBob,Bergen\nEve,Bodø\n",
            "a,b\nx,y\n",
            "x,flag\n1,yes\n2,no\n3,yes\n",
        ],
    )
    def test_there_is_one(self, text):
        assert read(text)[1].has_header

    def test_an_option_says_that_there_is_none(self):
        frame, form = read("a,b\nc,d\n", header="none")
        assert frame.to_numpy().tolist() == [["a", "b"], ["c", "d"]]
        assert (list(frame.columns), form.notes) == (["column_1", "column_2"], ())

    def test_titles_above_it(self):
        body = "day,area,units\n2024-01-05,N,5\n2024-01-06,S,7\n2024-01-07,N,1\n"
        for title in ("Sales report\n\n", "Sales report,,\nMade:,2024-02-01,\n,,\n"):
            frame, form = read(title + body)
            assert frame.to_numpy().tolist()[0] == ["2024-01-05", "N", "5"]
            assert list(frame.columns) == ["day", "area", "units"]
        assert form.notes == (
            "lines 1 to 3 above the header skipped; --header-row N names another one",
        )
        assert list(read("a,b,c\n" + body, header=2)[0].columns) == ["day", "area", "units"]
        with pytest.raises(OptionError) as caught:
            read(body, header=9)
        assert str(caught.value) == (
            "header_row=9 names no line with cells among the first ones; name the line that holds "
            "the names of the columns, as counted in the file"
        )

    def test_comments_above_it(self):
        body = "id,x\n1,2.5\n2,3.5\n"
        assert notes("# made by a tool\n# on 2024-01-01, late\n" + body) == [
            "2 lines of comments above the header skipped"
        ]
        assert cells("# a, b\n" + body)[0] == ["id", "x"]
        assert cells("# note\n#" + body)[0] == ["#id", "x"]
        assert cells("#,name\n1,Ann\n2,Bob\n")[0] == ["#", "name"]

    def test_two_rows_are_joined(self):
        text = "region,2023,,2024,\n,Q1,Q2,Q1,Q2\nN,1,2,3,4\nS,5,6,7,8\nW,5,6,7,8\n"
        frame, form = read(text)
        assert list(frame.columns) == ["region", "2023 / Q1", "2023 / Q2", "2024 / Q1", "2024 / Q2"]
        assert len(frame) == 3
        assert form.notes == (
            "the header has two rows, lines 1 and 2, which are joined, as in '2023 / Q1'",
        )
        units = "time,speed,who\ns,m/s,\n1,2.5,a\n2,3.5,b\n3,1.5,a\n"
        assert cells(units)[0] == ["time / s", "speed / m/s", "who"]

    def test_a_private_fit_looks_at_no_row(self):
        assert cells("1,2\n3,4\n", by_schema=True)[0] == ["1", "2"]
        assert cells("#id,x\n3,4\n", by_schema=True)[0] == ["#id", "x"]
        assert cells("sep=;\na;b\n3;4\n", by_schema=True)[0] == ["a", "b"]
        comments = "# one\n# two\na;b\n3;4\n"
        assert cells(comments, by_schema=True, header=3) == [["a", "b"], ["3", "4"]]
        with pytest.raises(OptionError) as caught:
            read(comments, by_schema=True)
        assert str(caught.value) == (
            "standard input: the first lines begin with #; a private fit looks at no row to tell "
            "comments from names: name the line that holds the names of the columns with "
            "--header-row N"
        )


class TestShape:
    def test_delimiters_at_the_end_of_each_line(self):
        text = "a;b;\n1;x;\n2;y;\n"
        frame, form = read(text)
        assert list(frame.columns) == ["a", "b"]
        assert (
            form.notes
            == (
                "columns without a name in the header are named 'column_3'",
                "column 3, at the end of each line, has neither a name nor a cell; it stays blank",
            )[1:]
        )
        assert written(text) == text
        assert written("a;b\n1;x;\n2;y;\n") == "a;b\n1;x;\n2;y;\n"
        assert cells("a;b;\n1;x\n2;y\n") == [["a", "b"], ["1", "x"], ["2", "y"]]

    def test_blank_columns_between_others(self):
        text = "a,,b\n1,,x\n2,,y\n"
        frame, form = read(text)
        assert list(frame.columns) == ["a", "b"]
        assert written(text) == text
        assert [column.name for column in form.without({"a"}).columns] == [None, "b"]

    def test_names_of_rows_as_r_writes_them(self):
        text = '"mpg" "cyl"\n"Mazda RX4" 21 6\n"Datsun 710" 22.8 4\n"Fiat" 32.4 4\n'
        frame, form = read(text)
        assert list(frame.columns) == ["column_1", "mpg", "cyl"]
        assert frame["column_1"].tolist() == ["Mazda RX4", "Datsun 710", "Fiat"]
        assert (form.delimiter, written(text)) == (" ", text)

    def test_runs_of_blanks(self):
        text = "  18.0   8  307.0  chevy\n  15.0   8  350.0  buick\n  9.5   4   97.0  vw\n"
        frame, _ = read(text)
        assert frame.to_numpy().tolist()[2] == ["9.5", "4", "97.0", "vw"]
        assert written(text).splitlines()[0] == "18.0 8 307.0 chevy"
        assert read("full name\nAnn Lee\nBob Ray\nEve Sun\n")[0].shape == (3, 1)

    def test_line_of_excel_that_names_the_delimiter(self):
        text = "sep=;\r\na;b\r\n1;2,5\r\n2;3,5\r\n"
        assert cells(text) == [["a", "b"], ["1", "2,5"], ["2", "3,5"]]
        assert written(text) == text

    def test_notes_and_totals_below(self):
        body = "day,area,units\n" + "".join(f"2024-01-{d:02d},N,{d}\n" for d in range(1, 29))
        for below, note in [
            ("\nSource: the office\nPrinted 2024\n", "line 31 and those after it, notes below "),
            (",,\n,,\nSource: the office,,\n", "the last row is skipped, as notes or totals"),
            ("Total,,406\n", "the last row is skipped, as notes or totals"),
            (",,\n" * 3_000, "3,000 blank rows below the table are skipped"),
            ("\n***\nFootnotes\n1. of 2023\n", "line 31 and those after it, notes below "),
            ("\n" * 3_000, None),
        ]:
            frame, form = read(body + below)
            assert len(frame) == 28
            assert len(form.notes) == (note is not None)
            assert not note or form.notes[0].startswith(note)
        assert len(read(body + ",,\n")[0]) == 29  # a row whose cells are all missing
        assert len(read(body + "Ann Lee,,\n" * 2)[0]) == 30
        assert "found 2 fields" in error_of(body + "2024-02-01,N\n")
        assert "found 1 fields" in error_of(body + "2024-02-01\n")

    def test_notes_over_the_border_of_two_blocks(self):
        body = "a,b,c\n" + "1,2,3\n" * 498
        assert len(read(body + "\nSource: the office\n" + "and more\n" * 9)[0]) == 498

    def test_bad_lines_are_left_out_where_an_option_says_so(self):
        text = "a,b,c\n1,2,3\n4,5\n6,7,8\n9,9,9,9\n"
        frame, form = read(text, skip_bad_lines=True)
        assert frame["a"].tolist() == ["1", "6"]
        assert form.notes == (
            "2 lines with another number of fields than the header are left out: 3, 5",
        )


class TestQuotes:
    @pytest.mark.parametrize(
        "text",
        [
            '"a","b"\n"x","1"\n"y",""\n"","2"\n',  # all
            '"a","b"\n"x",1\n"y",2\n,3\n',  # texts alone
            "'a','b'\n'x, y','1'\n'y','2'\n'z','3'\n",
            'a,b\n"x, y",1\nz,2\n',  # where need be
        ],
    )
    def test_they_are_written_as_they_were(self, text):
        assert written(text) == text

    def test_backslashes_before_quotes(self):
        text = '"a","b"\n"say \\"hi, all\\"","1"\n"y","2"\n'
        assert cells(text)[1] == ['say "hi, all"', "1"]
        assert written(text) == text
        assert cells('a,b\n"C:\\x\\",1\n"D:\\",2\n')[1] == ["C:\\x\\", "1"]


def test_a_table_whose_cells_are_all_empty():
    assert error_of(b"a,b\n" + b",\n" * 100) == (
        "standard input has no rows (100 blank rows with no cell that is filled are skipped); a "
        "table needs a row at least"
    )


def test_text_of_windows_is_seen():
    data = "name,city\nAnn,Malmö\nBob,“Bodø”\n".encode("cp1252")
    frame, form = read(data)
    assert (frame["city"].tolist(), form.encoding) == (["Malmö", "“Bodø”"], "cp1252")
    assert form.notes == (
        "line 2 is not UTF-8: the text is read as cp1252; --encoding names another one",
    )
    assert "is not utf-8 text" in error_of(data, by_schema=True)
    assert "is not utf-8 text" in error_of(data, encoding="utf-8")


def test_groups_of_columns_above_the_names():
    body = "".join(f"t{at},c{at % 3},{at},{at / 4}\n" for at in range(9))
    frame, form = read(f"Place,,Trade,\ntown,code,n,x\n{body}".encode())
    assert list(frame.columns) == ["Place / town", "Place / code", "Trade / n", "Trade / x"]
    assert "lines 1 and 2, which are joined" in form.notes[0]
    about = read(f"Report,Shops,,\nn: 9,,May,\ntown,code,n,x\n{body}".encode())[0]
    assert list(about.columns) == ["town", "code", "n", "x"]


def test_rows_that_repeat_the_header_and_marks_of_the_end():
    body = "".join(f"t{at},c{at % 3},{at}\n" for at in range(9))
    frame, form = read(f"town,code,n\n{body}town,code,n\n{body}\x1a".encode())
    assert len(frame) == 18
    assert form.notes == ("1 row that repeats the names of the columns skipped",)


@pytest.mark.parametrize("delimiter", ["^", "~", "\x01", "\x1f"])
def test_rare_delimiters(delimiter):
    lines = ["town,code,n", *(f"t{at},c {at % 3},{at}" for at in range(9))]
    frame, form = read("\n".join(lines).replace(",", delimiter).encode())
    assert (list(frame.columns), len(frame)) == (["town", "code", "n"], 9)
    assert form.delimiter == delimiter
