import re

from tabgan.base.notebook_html import html_lines, html_table


def test_cells_are_escaped_cut_and_blank():
    shown = html_table("<t>", ["a&b"], [[None, "x" * 500, "<i>"]])
    assert "&lt;t&gt;" in shown
    assert "<td></td>" in shown
    assert "x" * 399 + "…" in shown
    assert "&lt;i&gt;" in shown


def test_no_lines_show_nothing():
    assert html_lines("Rules", []) == ""
    assert (
        html_lines("Rules", ["a < b"]) == "<p><strong>Rules</strong></p><ul><li>a &lt; b</li></ul>"
    )


def test_long_texts_end_after_a_word():
    remedy = "drop the copies, or train for fewer steps; " * 8
    assert remedy.strip() in html_lines("Weak points", [remedy])
    shown = html_lines("Weak points", [remedy * 9])
    assert re.search(r" (drop|the|copies,|or|train|for|fewer|steps;)…</li>", shown)
