"""The documentation builds without a warning or a network, and all its blocks run."""

import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name
from textwrap import dedent
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from tabgan.cli.main import main
from tabgan.fitting.options import FitOptions
from tabgan.generators.trees.grow_trees import _grown as grown
from tabgan.images.fit_images import planned_image_steps

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SMALL = 300  # rows of the customers.csv that blocks find
TINY = 5  # steps of a training that chooses its own, and rounds of boosting
FEW = 20  # steps of any other training
NARROW = 32  # units of a hidden layer, whatever is asked for

# Blocks that don't run (the class "norun"), by page and title: what is missing here.
NOT_RUN = {
    ("docs/moving.md", "SDV"): 4,
    ("docs/moving.md", "ctgan"): 1,
    ("docs/howto/tables.md", "PostgreSQL"): 1,
    ("docs/howto/tables.md", "Stores"): 1,
    ("docs/howto/scale.md", "Slurm"): 1,
    ("docs/howto/scale.md", "Ray"): 1,
}


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    info: str
    text: str

    @property
    def runs(self) -> bool:
        return ".norun" not in self.info

    @property
    def title(self) -> str:
        found = re.search(r'title="([^"]*)"', self.info)
        return found[1] if found else ""


def blocks_of(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page in order; ``<!-- run`` hides one of Python from the reader."""
    form = r"^ *``` *([^\n]*)\n(.*?)^ *```$|^<!-- run\n(.*?)^-->$"
    for info, text, hidden in re.findall(
        form, page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    ):
        language = re.match(r"[{.\s]*([a-z]*)", info)
        assert language is not None
        yield Block("python", "", hidden) if hidden else Block(language[1], info, text)


def commands_of(text: str) -> list[str]:
    """Return the commands of a console block: what follows a prompt, comments left out."""
    lines = text.replace("\\\n", " ").splitlines()
    return [line.strip()[2:].split("  #")[0] for line in lines if line.strip().startswith("$ ")]


IN_PROCESS = re.compile(
    r"(?:cat (?P<source>\S+) \| )?(?P<variables>(?:[A-Z_]+=\S+ )*)tabgan (?P<words>.*?)"
    r"(?: > (?P<target>\S+))?(?P<any_code> \|\| echo \$\?)?"
)
"""A command that needs no shell: at most a file before or behind it, variables, its exit code."""


def run_command(command: str) -> None:
    """Run a command in this process, which has all imports, or in a shell where it needs one."""
    parts = IN_PROCESS.fullmatch(command)
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", parts["words"]) if parts else command
    if parts is None or re.search(r"[|<>;&$]", bare):
        subprocess.run(["bash", "-euo", "pipefail", "-c", command], check=True, timeout=300)
        return
    source = Path(parts["source"]).read_bytes() if parts["source"] else None
    variables = dict(pair.split("=", 1) for pair in parts["variables"].split())
    done = CliRunner(env=variables).invoke(main, shlex.split(parts["words"]), input=source)
    assert parts["any_code"] or done.exit_code == 0, f"{command}\n{done.output}"
    if parts["target"]:
        Path(parts["target"]).write_bytes(done.stdout_bytes)


check = FitOptions.check


def small_options(params):
    options = check(params)
    steps = options.steps if options.steps == "auto" else min(options.steps, FEW)
    return replace(options, hidden_dim=NARROW, steps=steps)


def few_image_steps(*plan):
    return min(planned_image_steps(*plan), FEW)


def few_trees(rows, start, growth, **options):
    return grown(rows, start, replace(growth, rounds=TINY), **options)


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """Give a folder with a small customers.csv, where trainings are small and trees are few."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for module in ("tabgan.fitting.prepare", "tabgan.images.fit_images"):
        for name in ("MIN_STEPS", "MAX_STEPS"):
            monkeypatch.setattr(f"{module}.{name}", TINY)
    monkeypatch.setattr(FitOptions, "check", staticmethod(small_options))
    monkeypatch.setattr("tabgan.fitting.fit_table.LEAST_ROWS", 10**9)
    monkeypatch.setattr("tabgan.images.fit_images.planned_image_steps", few_image_steps)
    monkeypatch.setattr("tabgan.generators.trees.grow_trees._grown", few_trees)
    for module in ("detection", "utility"):
        monkeypatch.setattr(f"tabgan.evaluation.{module}.ROUNDS", TINY)
    monkeypatch.setenv("TABGAN_SYNTH_STEPS", str(TINY))  # for commands in a shell
    run_command("tabgan example -q -o customers.csv")
    table = Path("customers.csv")
    table.write_text("".join(table.read_text().splitlines(keepends=True)[: SMALL + 1]))
    return tmp_path


# Pages whose blocks train far more than others: one judges and translates images at length, one
# tries many candidates, as the tests of `tune` do.
SLOW = {"images.md", "tune.md"}


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=pytest.mark.slow if page.name in SLOW else ()) for page in PAGES],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_blocks_run(page, place):
    space: dict[str, object] = {}
    for block in filter(lambda block: block.runs, blocks_of(page)):
        if block.language == "python":
            exec(compile(dedent(block.text), str(page), "exec"), space)
        elif block.language == "console" and page.name != "README.md":  # an overview, with others
            for command in commands_of(block.text):
                run_command(command)
        elif block.language == "sh":
            assert re.search(r"^(pip install|ruff) ", block.text), "only installing is not run"


def test_blocks_that_do_not_run_are_known():
    found = Counter(
        (str(page.relative_to(ROOT)), block.title)
        for page in PAGES
        for block in blocks_of(page)
        if not block.runs
    )
    assert found == NOT_RUN


def test_the_site_builds_strictly_and_needs_no_network(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path)]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    built = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    for path in tmp_path.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        fetched = re.findall(r"<(?:script|img|iframe)[^>]* src=\"?(?:https?:)?//[^>]*>", page)
        fetched += re.findall(r"<link[^>]* href=\"?(?:https?:)?//[^>]*>", page)
        assert not fetched, path.name
        assert "<!-- figures" not in page
        assert "<!-- commands" not in page


def test_the_reference_names_what_there_is():
    text = (ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    for entry in re.split(r"^::: ", text, flags=re.MULTILINE)[1:]:
        home = resolve_name(entry.split()[0])
        members = re.search(r"\bmembers: \[(.*)\]", entry)
        for name in members[1].split(", ") if members else ():
            assert hasattr(home, name), f"{entry.split()[0]}.{name}"
