"""How objects show themselves in a notebook: small tables that need no style of their own."""

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["html_lines", "html_table"]

LONGEST = 400  # characters of a cell …
LONGEST_LINE = 1000  # … and of a line, which may be some sentences


def html_table(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; empty cells are left blank.

    Parameters
    ----------
    title
        What is above it.
    header
        The names of the columns.
    rows
        Their cells, which are escaped.

    Examples
    --------
    >>> html_table("T", ["a"], [["<b>"]])[-50:]
    '<tbody><tr><td>&lt;b&gt;</td></tr></tbody></table>'
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def html_lines(title: str, lines: Iterable[object]) -> str:
    """Return a list of lines under a title, and nothing where there are none.

    Parameters
    ----------
    title
        What is above it.
    lines
        The lines, which are escaped.
    """
    items = "".join(f"<li>{_cell(line, LONGEST_LINE)}</li>" for line in lines)
    return f"<p><strong>{escape(title)}</strong></p><ul>{items}</ul>" if items else ""


def _cell(value: object, most: int = LONGEST) -> str:
    """Return a text; a long one ends after a word, if it has words."""
    text = "" if value is None else str(value)
    if len(text) <= most:
        return escape(text)
    start = text[: most - 1]
    end = start.rfind(" ")
    return escape(f"{start[: end if end > most // 2 else None]}…")
