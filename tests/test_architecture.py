"""Imports go down only: the floors of the package, held by its own source."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "tabgan"
FLOORS = [  # from the ground up; units of one floor may not import each other
    {"base"},
    {"table"},
    {"inference", "generators"},
    {"rules"},
    {"encoding", "files", "callbacks", "constraints"},
    {"conditions"},
    {"sampling"},
    {"fitting", "evaluation"},
    {"images", "privacy"},
    {"estimator"},
    {"tuning", "oversampler"},
    {"__init__"},
    {"cli"},
    {"__main__"},
]
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}
MODULES = sorted(PACKAGE.rglob("*.py"))


def unit(path: Path) -> str:
    """Name the package or module of the top level that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Name the units that a file imports, type-checking imports left out."""
    found = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            parts = node.module.split(".")
            if parts[0] == "tabgan":
                found |= {parts[1]} if len(parts) > 1 else {"__init__"}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                if parts[0] == "tabgan":
                    found.add(parts[1] if len(parts) > 1 else "__init__")
    return found


def test_every_module_has_a_floor():
    assert {unit(path) for path in MODULES} <= set(FLOOR_OF)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down_only(path):
    own = unit(path)
    for other in imports(path) - {own}:
        assert FLOOR_OF[other] < FLOOR_OF[own], f"{path.name} imports tabgan.{other}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "gan").glob("*.py")), ids=lambda p: p.name)
def test_the_gan_core_knows_no_table(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert not {name for name in names if name.split(".")[0] in ("pandas", "click", "sklearn")}


def test_no_module_uses_pickle_or_a_global_seed():
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        for banned in ("pickle", "np.random.seed", "torch.load(", "eval(", "exec("):
            uses = [line for line in text.splitlines() if banned in line and "eval()" not in line]
            uses = [
                line
                for line in uses
                if not line.lstrip().startswith(("#", '"')) and "no " not in line.lower()
            ]
            assert not uses, f"{path.name}: {uses[0]}"
