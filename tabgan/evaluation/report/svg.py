"""SVG elements as text that is escaped by construction."""

from markupsafe import Markup

from tabgan.evaluation.report.words import clean

__all__ = ["chart", "element", "point"]


def element(name: str, /, *children: str, **attributes: str | float) -> Markup:
    """Return an element; whatever is not `Markup` is escaped.

    Underscores in the attributes' names stand for hyphens, and one at the end is dropped; numbers
    are written with at most two decimals.

    Examples
    --------
    >>> element("text", "a < b", x=1.0, class_="name", text_anchor="end")
    Markup('<text x="1" class="name" text-anchor="end">a &lt; b</text>')
    """
    written = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _text(value))
        for key, value in attributes.items()
    )
    inside = Markup("").join(
        child if isinstance(child, Markup) else clean(child) for child in children
    )
    # The names are ours: they are no value of a table.
    return Markup("<{0}{1}>{2}</{0}>").format(name, written, inside)


def chart(width: float, height: float, label: str, *children: Markup, kind: str) -> Markup:
    """Return a picture that is as wide as its place, with a name that is read aloud.

    Examples
    --------
    >>> str(chart(10, 5, "Age", kind="histogram"))[:60]
    '<svg viewBox="0 0 10 5" class="chart histogram" role="img" a'
    """
    size = f"0 0 {_text(width)} {_text(height)}"
    return element(
        "svg", *children, viewBox=size, class_=f"chart {kind}", role="img", aria_label=label
    )


def point(x: float, y: float) -> str:
    """Write a place in a path.

    Examples
    --------
    >>> point(1.004, 20.5)
    '1 20.5'
    """
    return f"{_text(x)} {_text(y)}"


def _text(value: str | float) -> str:
    if isinstance(value, str):
        return clean(value)
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")  # + 0.0: never "-0"
