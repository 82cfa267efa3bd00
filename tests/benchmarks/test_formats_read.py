"""Random columns of known kinds and forms are read as what they are, and written as they were."""

import json
from pathlib import Path
from random import Random

import formats_read
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_columns import sources

SOURCES = sources()
LEAST_RIGHT = 0.98


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats_read, "ROWS", (60, 150))
    monkeypatch.setattr(formats_read, "WRITTEN", 50)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(place=st.integers(0, len(SOURCES) - 1), seed=st.integers(0, 10**6))
def test_written_cells_have_the_form_of_their_source(place: int, seed: int) -> None:
    row = formats_read.judge(formats_read.make_column(SOURCES[place], Random(seed)), seed)
    if row["right"]:  # the share of these is tested below
        assert row["wrong"] <= 0.02 * row["written"], row


def test_nearly_all_kinds_are_right() -> None:
    made = [formats_read.make_column(source, Random(f"{source.form} 3")) for source in SOURCES[::3]]
    misses = [
        one.source.form for one in made if formats_read.read(one).kind not in one.source.kinds
    ]
    assert len(misses) <= (1 - LEAST_RIGHT) * len(made), misses


def test_the_sources_tell_their_form_from_another() -> None:
    by_form = {(source.kind, source.form): source for source in SOURCES}
    assert by_form["date", "%d.%m.%Y"].reads("29.02.2024")
    assert not by_form["date", "%d.%m.%Y"].reads("29.02.2023")
    assert not by_form["date", "%A, %B %-d, %Y"].reads("Monday, March 5, 2024")  # a Tuesday
    assert by_form["number", "1.234,50 €"].reads("-1.234,50 €")
    assert not by_form["number", "1.234,50 €"].reads("1,234.50 €")


def test_from_the_command_line_to_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    formats_read.main(["--columns", "1", "--kinds", "e-mail", "boolean", "--out", str(out)])
    rows = json.loads(out.read_text())["results"]
    assert {row["kind"] for row in rows} == {"e-mail", "boolean"}
    printed = capsys.readouterr().out
    assert "kind right in 100.00%, written cells right in 100.00%" in printed
