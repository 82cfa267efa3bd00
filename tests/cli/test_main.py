import shlex
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
import pytest

from tabgan import ImageGAN, TabGAN
from tabgan.cli import training_options as image_options
from tabgan.cli import training_options as training
from tabgan.cli.main import main
from tabgan.generators import optimizers
from tabgan.generators.gan import (
    losses_and_penalties as losses,
)
from tabgan.generators.gan import (
    losses_and_penalties as penalties,
)
from tabgan.generators.gan import (
    stabilizers,
)
from tabgan.generators.gan import (
    training_config as training_presets,
)
from tabgan.images import image_networks as architectures

COMMANDS = [
    "synth",
    "fit",
    "sample",
    "impute",
    "inspect",
    "privacy",
    "tune",
    "compare",
    "example",
    "completion",
    "evaluate",
]


def commands(group=main, *names):
    """Give each command with the words that lead to it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)
        else:
            yield pytest.param((*names, name), command, id=" ".join((*names, name)))


@pytest.mark.parametrize(("words", "command"), [*commands()])
class TestHelp:
    def test_it_ends_with_examples_that_can_be_copied(self, run, words, command):
        result = run(*words, "--help")
        assert result.exit_code == 0
        assert "\b" not in result.stdout
        lines = result.stdout.split("\n  Examples:\n")[1].splitlines()
        typed = " ".join(["tabgan", *words])
        assert len(lines) > 1
        assert all(line.startswith("    ") and typed in line for line in lines)

    def test_examples_have_only_options_that_there_are(self, words, command):
        known = {
            name for option in command.params for name in (*option.opts, *option.secondary_opts)
        }
        for line in command.epilog.splitlines()[2:]:
            own = line.split("tabgan")[1].split("|")[0]
            typed = shlex.split(own.strip('")'))
            given = {word for word in typed if word.startswith("-") and word != "-"}
            assert given <= known

    def test_values_have_a_name_and_defaults_are_shown(self, run, words, command):
        text = " ".join(run(*words, "--help").stdout.split()).replace("- ", "-")  # a broken line
        for option in command.params:
            if not isinstance(option, click.Option) or option.is_flag:
                continue
            assert isinstance(option.type, click.Choice) or option.metavar
            default = option.get_default(click.Context(command))
            if isinstance(default, int | float | str):
                assert f"[default: {default}" in text

    def test_options_stand_in_sections(self, run, words, command):
        titles = [line for line in run(*words, "--help").stdout.splitlines() if line[-1:] == ":"]
        assert titles[-1:] == ["  Examples:"]
        assert titles[-2] == "General:"
        assert len(set(titles)) == len(titles)


def test_choices_are_the_names_of_the_registries():
    assert set(training.LOSSES) == set(losses.LOSSES)
    assert set(training.PRESETS) == set(training_presets.PRESETS)
    assert set(training.PENALTIES) == set(penalties.PENALTIES)
    assert set(training.STABILIZERS) == set(stabilizers.STABILIZERS)
    assert set(training.OPTIMIZERS) == set(optimizers.OPTIMIZERS)
    assert set(image_options.ARCHITECTURES) == set(architectures.ARCHITECTURES)


@pytest.mark.parametrize(
    ("path", "cls"), [(("fit",), TabGAN), (("synth",), TabGAN), (("images", "fit"), ImageGAN)]
)
def test_defaults_and_names_are_the_estimators_own(path, cls):
    command = main
    for name in path:
        command = command.commands[name]
    own = cls().get_params(deep=False)
    shared = [option for option in command.params if option.name in own]
    assert {"steps", "loss", "max_time"} <= {option.name for option in shared}
    for option in shared:
        default = option.get_default(click.Context(command))
        set_here = isinstance(default, int | float | str)
        assert (default if set_here else None) == own[option.name]


def test_help_lists_commands_and_exit_codes(run):
    output = run("--help").stdout
    lines = output.split("Commands:\n")[1].splitlines()
    listed = [line.split()[0] for line in lines[: len(COMMANDS) + 1]]
    assert listed == sorted([*COMMANDS, "images"])
    assert "Exit codes: 0 success, 1 a bug in tabgan, 2 wrong usage" in output


def test_version(run):
    try:
        expected = version("tabgan")
    except PackageNotFoundError:
        pytest.skip("the package is not installed")
    assert run("--version").stdout == f"tabgan, version {expected}\n"


class TestExitCodes:
    def error_of(self, result, code):
        assert result.exit_code == code
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
        return result.stderr

    def test_usage(self, run):
        assert "No such command 'synht'" in self.error_of(run("synht"), 2)
        message = (
            "Error: Invalid value for '--steps': '0' is neither a whole number from 1 nor 'auto'"
        )
        assert message in self.error_of(run("synth", "a.csv", "--steps", "0"), 2)

    def test_option_error(self, run, small_csv):
        assert "--delimiter ;; can't separate fields" in self.error_of(
            run("synth", small_csv, "--delimiter", ";;"), 2
        )
        assert "'.dta' is not the suffix of a table format" in self.error_of(
            run("synth", small_csv, "-o", "out.dta"), 2
        )
        assert "--device abacus is not available here" in self.error_of(
            run("synth", small_csv, "--device", "abacus"), 2
        )

    def test_bad_data(self, run):
        Path("ragged.csv").write_text("a,b\n1,2\n3\n")
        assert self.error_of(run("synth", "ragged.csv"), 3).endswith(
            "Error: ragged.csv, line 3: found 1 fields, but the header has 2; mend the line, leave "
            "such lines out with --skip-bad-lines, or name the delimiter (read with ',')\n"
        )
        Path("header.csv").write_text("a,b\n")
        assert "header.csv has no rows" in self.error_of(run("inspect", "header.csv"), 3)
        Path("wrong.csv").write_bytes("a,b\né,2\n".encode("latin-1"))
        assert "wrong.csv, line 2, byte offset 4: 0xe9 is not utf-8 text" in self.error_of(
            run("fit", "wrong.csv", "-m", "m.safetensors", "--encoding", "utf-8"), 3
        )

    def test_bad_schema(self, run, small_csv):
        Path("s.json").write_text('{"version": 1')
        assert "s.json is not JSON (Expecting ',' delimiter" in self.error_of(
            run("synth", small_csv, "--schema", "s.json"), 3
        )
        Path("s.json").write_text('{"version": 1}')
        assert self.error_of(run("synth", small_csv, "--schema", "s.json"), 3) == (
            "Error: s.json: A schema is a JSON object with a list under 'columns'\n"
        )

    def test_bad_model(self, run):
        Path("m.safetensors").write_bytes(b"no model")
        assert "m.safetensors: not a tabgan model" in self.error_of(
            run("sample", "m.safetensors"), 4
        )
        assert "m.safetensors: not a tabgan model" in self.error_of(
            run("inspect", "m.safetensors"), 4
        )

    def test_input_and_output(self, run, small_csv):
        assert self.error_of(run("synth", "none.csv", "-q"), 5) == (
            "Error: none.csv: no such file; check the path\n"
        )
        assert self.error_of(run("sample", "none.safetensors", "-q"), 5) == (
            "Error: none.safetensors: No such file or directory\n"
        )
        Path("file").write_text("")
        folder = Path("file").resolve()
        assert self.error_of(run("synth", small_csv, "-o", "file/out.csv"), 5) == (
            f"Error: file/out.csv can't be written: there is no folder {folder}; create it\n"
        )
        assert self.error_of(run("synth", small_csv, "--schema", "none.json"), 5) == (
            "Error: none.json can't be read: No such file or directory\n"
        )

    def test_our_fault(self, run, small_csv, monkeypatch):
        def fail(*_args, **_options):
            raise ZeroDivisionError("by zero")

        monkeypatch.setattr("tabgan.files.read_write.read_table", fail)
        assert self.error_of(run("synth", small_csv, "-q"), 1) == (
            "Error: an unexpected ZeroDivisionError: by zero\nThis is a bug in tabgan; set "
            "TABGAN_DEBUG=1 to see where it comes from, and report it\n"
        )
        monkeypatch.setenv("TABGAN_DEBUG", "1")
        result = run("synth", small_csv, "-q")
        assert result.exit_code == 1
        assert result.stderr.startswith("Traceback (most recent call last):\n")
        assert 'raise ZeroDivisionError("by zero")' in result.stderr

    @pytest.mark.parametrize(
        ("error", "end"),
        [
            (MemoryError(), (1, "not enough memory; use fewer rows, or a machine with more")),
            (OSError(5, "Input/output error", "x.csv"), (5, "x.csv: Input/output error")),
        ],
    )
    def test_errors_of_the_system(self, run, small_csv, monkeypatch, error, end):
        def fail(*_args, **_options):
            raise error

        monkeypatch.setattr("tabgan.files.read_write.read_table", fail)
        code, message = end
        assert self.error_of(run("synth", small_csv, "-q"), code) == f"Error: {message}\n"

    def test_interrupted(self, run, small_csv, monkeypatch):
        def fail(*_args, **_options):
            raise KeyboardInterrupt

        monkeypatch.setattr("tabgan.files.read_write.read_table", fail)
        assert self.error_of(run("synth", small_csv, "-q"), 130) == "Interrupted\n"
