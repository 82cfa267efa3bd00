from hypothesis import given
from hypothesis import strategies as st

from tabgan.base.row_layout import RowLayout


@st.composite
def layouts(draw):
    widths = tuple(draw(st.lists(st.integers(2, 9), max_size=4)))
    mark = st.none() if not widths else st.none() | st.integers(0, len(widths) - 1)
    return RowLayout(tuple(draw(st.lists(mark, max_size=4))), widths)


def test_an_empty_layout_has_no_width():
    spans = RowLayout()
    assert (spans.n_numbers, spans.n_levels, spans.width, spans.offsets) == (0, 0, 0, ())


def test_numbers_come_before_levels():
    spans = RowLayout(marks=(None, 1), widths=(3, 2, 4))
    assert (spans.n_numbers, spans.n_levels, spans.width) == (2, 9, 11)
    assert spans.offsets == (0, 3, 5)


def test_concatenate_shifts_marks_by_the_spans_before():
    parts = [RowLayout((), (4,)), RowLayout((0,), (2,)), RowLayout((None, 1), (3, 5))]
    assert RowLayout.concatenate(parts) == RowLayout((1, None, 3), (4, 2, 3, 5))


@given(st.lists(layouts(), max_size=5))
def test_concatenate_keeps_sizes_and_what_marks_point_to(parts):
    whole = RowLayout.concatenate(parts)
    assert whole.n_numbers == sum(part.n_numbers for part in parts)
    assert whole.width == sum(part.width for part in parts)
    widths = [None if mark is None else whole.widths[mark] for mark in whole.marks]
    assert widths == [
        None if mark is None else part.widths[mark] for part in parts for mark in part.marks
    ]
    assert len(whole.offsets) == len(whole.widths)


@given(layouts(), layouts(), layouts())
def test_concatenate_is_associative(a, b, c):
    left = RowLayout.concatenate([RowLayout.concatenate([a, b]), c])
    assert left == RowLayout.concatenate([a, RowLayout.concatenate([b, c])])


def test_layouts_are_values():
    assert RowLayout((None,), (2,)) == RowLayout((None,), (2,))
    assert hash(RowLayout((None,), (2,))) == hash(RowLayout((None,), (2,)))
