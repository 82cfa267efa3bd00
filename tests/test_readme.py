"""The README's Python blocks run, one after another, as a reader would run them."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_python_blocks_run(tmp_path, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(README), "exec"), space)


def test_shell_blocks_that_the_checks_run_are_marked():
    text = README.read_text(encoding="utf-8")
    for marker in ("first", "second"):
        assert re.search(rf"<!-- {marker} -->\s*```sh\n.*?pip install.*?```", text, re.DOTALL)
