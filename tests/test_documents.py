"""The table of the lectures' items names places that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\|.*\| `([\w/]+\.py)` `(\w+)` \|$", re.MULTILINE)


def test_each_item_is_built_where_the_table_says():
    rows = ROW.findall((ROOT / "docs" / "documents.md").read_text(encoding="utf-8"))
    assert len(rows) > 20
    for path, name in rows:
        text = (ROOT / "tabgan" / path).read_text(encoding="utf-8")
        assert re.search(rf"^(class|def) {name}\b", text, re.MULTILINE), f"{path}: {name}"
