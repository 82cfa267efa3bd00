import re
from pathlib import Path

import tabgan
from tests.test_architecture import FLOORS

ROOT = Path(__file__).parents[1]


def test_every_public_name_is_there():
    assert set(tabgan.__all__) < set(dir(tabgan))
    for name in tabgan.__all__:
        assert getattr(tabgan, name).__name__ == name
    assert tabgan.__version__.count(".") == 2


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(tabgan, "TabGan")


def test_contributing_has_the_floors_of_the_architecture():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", text, re.MULTILINE)
    floors = {int(floor): set(re.findall(r"`(\w+)`", units)) for floor, units in rows}
    assert floors == dict(enumerate(FLOORS, start=1))
