import codecs
import csv
import gzip
import io
import tracemalloc

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.errors import DataError
from tabgan.files.formats import TableContentError
from tabgan.files.read import read_table
from tabgan.files.table_form import TableForm
from tabgan.files.text_files import CsvBlocks
from tabgan.files.write import TableWriter


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

    def test_blank_column_name_is_kept(self):
        assert cells(",b\n1,2\n") == [["", "b"], ["1", "2"]]

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
            "standard input, line 3: found 2 fields, but the header has 3; mend the line, or name "
            "the delimiter (read with ',')"
        )

    def test_long_row_after_quoted_newlines_and_blank_lines(self):
        good = '"x\ny","p\r\nq",3\n\n' * 600
        assert error_of(f"a,b,c\n{good}1,2,3,4\n") == (
            "standard input, line 2402: found 4 fields, but the header has 3; mend the line, or "
            "name the delimiter (read with ',')"
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

    def test_equal_names(self):
        assert error_of("a,b,a\n1,2,3\n") == (
            "standard input: columns 1 and 3 are both named 'a'; column names must differ: rename "
            "one in the header"
        )

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

    def test_utf16_without_a_mark(self):
        assert error_of("a,b\n1,2\n".encode("utf-16-le")) == (
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
    assert found == form


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
