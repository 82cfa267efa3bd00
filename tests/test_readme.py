"""The README marks the commands that the project's check runs; `test_docs` runs its blocks."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_shell_blocks_that_the_checks_run_are_marked():
    text = README.read_text(encoding="utf-8")
    for marker in ("first", "second"):
        assert re.search(rf"<!-- {marker} -->\s*```sh\n.*?pip install.*?```", text, re.DOTALL)
