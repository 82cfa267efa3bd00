"""Names of files that are made of texts from data."""

import re
import unicodedata
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tabgan.base.file_names import file_names, text_of_name

ODD_LABELS = [
    *("../x", "/tmp/abs", "..", ".", "", "a\\b", "C:\\x", "C:", ".hidden", "~", "b c/é", "a/"),
    *("a\0b", "NUL", "con.txt", "%2F", "100 %", "%empty", "x."),
    *("\ud800", "cat", "Cat", "CAT", "é", "e\u0301", "1", 1, 1.5, True, 10**300, str(10**300)),
    *("l" * 300, "l" * 299 + "m", "é" * 150, "É" * 150),
]


def test_any_label_has_one_safe_folder_of_its_own():
    names = file_names(ODD_LABELS)
    assert len({unicodedata.normalize("NFC", name).casefold() for name in names}) == len(names)
    for name in names:
        assert name
        assert not re.search(r'[/\\:*?"<>|\x00-\x1f]|^[.~]|[. ]$', name)
        assert len(name.encode()) < 250
    read = [text_of_name(name) for name in names]
    short = [i for i, label in enumerate(ODD_LABELS) if len(str(label)) < 100]
    assert [read[i] for i in short] == [str(ODD_LABELS[i]) for i in short]
    assert file_names(["cat", 7, "b c"]) == ["cat", "7", "b c"]


@given(st.lists(st.text(max_size=12), unique=True))
def test_folders_of_labels_are_unlike_and_tell_the_label(labels):
    names = file_names(labels)
    assert len({name.casefold() for name in names}) == len(names)
    assert all(Path(name).parts == (name,) and name not in (".", "..") for name in names)
    assert [text_of_name(name) for name in names] == labels


def test_folders_that_people_named_with_a_percent_sign():
    assert text_of_name("50%") == "50%"
    assert text_of_name("5%-10%25") == "5%-10%25"
    assert text_of_name("%FF") == "%FF"
