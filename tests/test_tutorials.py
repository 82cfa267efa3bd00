"""The tutorials run from their first cell to the last, and hold no output."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

TUTORIALS = sorted((Path(__file__).parents[1] / "docs" / "tutorials").glob("*.ipynb"))


def cells_of(path: Path) -> list[dict[str, Any]]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    return notebook["cells"]


def run(text: str, names: dict[str, Any], title: str) -> None:
    """Run a cell; its last expression shows itself, as in a notebook."""
    body = ast.parse(text, title).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), title, "exec"), names)
    if last is not None:
        shown = eval(compile(ast.Expression(last.value), title, "eval"), names)
        view = getattr(shown, "_repr_html_", None)
        assert shown is None or (view() if view is not None else repr(shown))


def test_there_are_three():
    assert [path.stem for path in TUTORIALS] == ["hospital", "rare_class", "retail"]


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_cells_hold_no_output_and_have_names_of_their_own(path):
    cells = cells_of(path)
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert cells[0]["cell_type"] == "markdown"
    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_runs(path, tmp_path, monkeypatch, capsys):
    if path.stem == "hospital":
        pytest.importorskip("dp_accounting", reason="the extra privacy is not installed")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(cells_of(path)):
        if cell["cell_type"] == "code":
            run("".join(cell["source"]), names, f"{path.name}, cell {number}")
    assert not [*tmp_path.iterdir()]
    assert "Error" not in capsys.readouterr().out
