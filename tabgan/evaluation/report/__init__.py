"""The quality report: one HTML file that needs no network.

Templates, style and script lie in ``templates/``; everything that comes from a table passes
`words.short` and is escaped by Jinja2 or `svg.element`.
"""

from tabgan.evaluation.report.page import render, render_frame

__all__ = ["render", "render_frame"]
