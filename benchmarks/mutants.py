"""Changes the code at random places, and counts the changes that the tests of the file notice.

Run `python benchmarks/mutants.py --mutants 100`. Each mutant is one change within a function: a
comparison, an operator, a number, a condition, or a statement that is left out. The tests of the
same file (`tests/<folder>/test_<file>*.py`) run against it. It is *killed* if one fails or if they
take ten times as long. A mutant lives in memory; no file is changed. The survivors are printed:
read them, as some do the same as the code.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from report import print_table, write_json

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
FOLDERS = ("encoding", "rules", "sampling", "fitting/private", "base/model_file.py")
SERVER = get_context("forkserver")
HEAVY = ("torch", "pandas", "sklearn.ensemble", "scipy.stats", "xgboost", "hypothesis", "pytest")
LONGEST = 20  # processor seconds of a file's tests; slower ones are left out
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt},
    **{ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In},
    **{ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And},
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult},
    **{ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd},
}


class Place(NamedTuple):
    """Where a file can be changed: the n-th node of its tree, and the line."""

    path: Path
    node: int
    line: int


def main(arguments: Sequence[str] | None = None) -> None:
    """Try mutants, and print a table of the folders."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=100)
    parser.add_argument("--of-a-file", type=int, default=4, help="most mutants of one file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=list(FOLDERS), help="folders or files")
    parser.add_argument("--out", type=Path, default=RESULTS / "mutants.json")
    options = parser.parse_args(arguments)
    SERVER.set_forkserver_preload([*HEAVY])
    rng, rows, plain = random.Random(options.seed), list[dict[str, Any]](), dict[Path, float]()
    places = [place for folder in options.only for place in places_of(ROOT / "tabgan" / folder)]
    rng.shuffle(places)
    order = list(dict.fromkeys(place.path for place in places))  # large files come first
    turns = {path: [place for place in places if place.path == path] for path in order}
    for place in (own for path in order for own in turns[path][: options.of_a_file]):
        if place.path not in plain:
            passed, plain[place.path] = run_tests(place._replace(node=-1), LONGEST)
            if not passed:
                print(f"{place.path.name}: left out, its tests fail or take long", flush=True)
                plain[place.path] = 0
        if not plain[place.path]:
            continue
        passed, _ = run_tests(place, int(10 * plain[place.path]) + 10)
        name = str(place.path.relative_to(ROOT / "tabgan"))
        change = changed(place)[1]
        rows.append({"file": name, "line": place.line, "change": change, "killed": not passed})
        print(f"{'SURVIVED' if passed else 'killed'} {name}:{place.line} {change}", flush=True)
        write_json(options.out, rows, seeds=[options.seed])
        if len(rows) == options.mutants:
            break
    print_table([*summary(rows)], ("folder", "mutants", "killed", "survived"))


def summary(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Count the mutants of each folder, and of all."""
    for folder in (*FOLDERS, ""):
        own = [row["killed"] for row in rows if row["file"].startswith(folder)]
        n, killed = len(own), sum(own)
        counts = {"mutants": n, "killed": killed, "survived": n - killed}
        yield {"folder": folder or "all", **counts}


def tests_of(path: Path) -> list[str]:
    """Return the test files of a file."""
    folder = ROOT / "tests" / path.relative_to(ROOT / "tabgan").parent
    return [str(test) for test in sorted(folder.glob(f"test_{path.stem}*.py"))]


def places_of(top: Path) -> Iterator[Place]:
    """Give the places at which the files of a folder, or one file, can be changed."""
    for path in sorted(top.rglob("*.py")) if top.is_dir() else [top]:
        if not tests_of(path):
            continue
        nodes = [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
        inside = {id(own) for node in nodes for own in code_of(node)}
        for number, node in enumerate(nodes):
            if id(node) in inside and change_of(node) is not None:
                yield Place(path, number, getattr(node, "lineno", 0))


def code_of(node: ast.AST) -> Iterator[ast.AST]:
    """Give the nodes of a function's body, without its docstring and what an error says."""
    if isinstance(node, ast.FunctionDef):
        for statement in node.body:
            is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            if not is_text and not isinstance(statement, ast.Raise):
                yield from ast.walk(statement)


def change_of(node: ast.AST) -> ast.AST | None:
    """Return what a node may be changed into; None if it is left as it is."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        return ast.Compare(node.left, [SWAPS[type(node.ops[0])](), *node.ops[1:]], node.comparators)
    if isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in SWAPS:
        return type(node)(**{**dict(ast.iter_fields(node)), "op": SWAPS[type(node.op)]()})
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        value = node.value
        return ast.Constant(not value if isinstance(value, bool) else 2 * value + 1)
    if isinstance(node, ast.If | ast.While):
        parts = (ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
        return type(node)(*parts)
    if isinstance(node, ast.Expr | ast.AugAssign):
        return ast.Pass()
    return None


def changed(place: Place) -> tuple[ast.Module, str]:
    """Return the tree of a file with one change, and the change as text."""
    tree = ast.parse(place.path.read_text(encoding="utf-8"))
    if place.node < 0:
        return tree, ""
    old = [*ast.walk(tree)][place.node]
    new = change_of(old)
    assert new is not None
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
            elif isinstance(value, list) and any(one is old for one in value):
                setattr(parent, field, [new if one is old else one for one in value])
    texts = (ast.unparse(ast.fix_missing_locations(own)).split("\n")[0] for own in (old, new))
    return ast.fix_missing_locations(tree), " → ".join(text[:70] for text in texts)


def run_tests(place: Place, limit: int) -> tuple[bool, float]:
    """Run the tests of a file against a change; return whether they pass, and their time."""
    ours, theirs = SERVER.Pipe()
    child = SERVER.Process(target=be_pytest, args=(place, limit, theirs))
    child.start()
    theirs.close()
    child.join(30 * limit)
    if child.is_alive() and child.pid is not None:
        os.kill(child.pid, signal.SIGKILL)
        child.join()
    try:
        seconds = ours.recv() if ours.poll() else float(limit)
    except EOFError:
        seconds = float(limit)
    return child.exitcode == 0, seconds


def be_pytest(place: Place, limit: int, pipe: Any) -> None:
    """Run the tests of a file, in whose place a changed one is imported."""
    import pytest

    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
    resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33))
    os.chdir(ROOT)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    module = ".".join(place.path.relative_to(ROOT).with_suffix("").parts)
    sys.meta_path.insert(0, ChangedModule(module, place))
    sys.path.insert(0, str(ROOT))
    began = time.process_time()
    options = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--hypothesis-seed=0"]
    code = pytest.main([*options, *tests_of(place.path)])
    pipe.send(time.process_time() - began)
    os._exit(int(code))


class ChangedModule(MetaPathFinder):
    """Finds one module, and gives it the code of a changed file."""

    def __init__(self, module: str, place: Place) -> None:
        self.module, self.place = module, place

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002
        """Give the changed module if it is asked for."""
        if name != self.module:
            return None
        loader = ChangedLoader(name, str(self.place.path))
        loader.place = self.place
        return spec_from_file_location(name, self.place.path, loader=loader)


class ChangedLoader(SourceFileLoader):
    """Compiles the changed tree of a file."""

    place: Place

    def get_code(self, fullname: str) -> Any:  # noqa: ARG002
        """Return the code of the changed file."""
        return compile(changed(self.place)[0], str(self.place.path), "exec", dont_inherit=True)


if __name__ == "__main__":
    main()
