"""Plots of a training: losses, the advantage of the discriminator, variety of the rows."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tabgan.base.errors import OptionError
from tabgan.evaluation.pictures.canvas import (
    BLUE,
    INK,
    ORANGE,
    RED,
    Path,
    lighten,
    new_figure,
    save,
)
from tabgan.generators.gan.diagnosis import Finding

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_losses"]

History = Sequence[Mapping[str, float]]


def plot_losses(history: History, path: Path, findings: Sequence[Finding] = ()) -> None:
    """Draw a training's records, one panel below the other, and mark what went wrong.

    The panels show the losses of both networks; the discriminator's advantage in logits with the
    weight γ of its penalty; diversity and coverage of the generated rows, where they were
    measured.

    Parameters
    ----------
    history
        An estimator's `history_`.
    path
        PNG file to write.
    findings
        An estimator's `diagnosis_`; each is marked at its step.

    Raises
    ------
    OptionError
        If there are no records, or if matplotlib is not installed.
    """
    if not history:
        raise OptionError("history is empty: nothing was trained that could be drawn")
    measured = "diversity" in history[0]
    panels = 3 if measured else 2
    figure = new_figure(8, 2.2 * panels + 0.4 + 0.25 * len(findings))
    places = figure.subplots(panels, 1, sharex=True, squeeze=False)[:, 0]
    _draw_losses(places[0], history)
    _draw_balance(places[1], history)
    if measured:
        _draw_rows(places[2], history)
    for axes in places:
        for finding in findings:
            axes.axvline(finding.step, color=RED, linewidth=1, linestyle=(0, (4, 3)))
    places[-1].set_xlabel("training step", color=INK, fontsize=9)
    if findings:
        told = [f"{finding.name} since step {finding.step:,}" for finding in findings]
        figure.suptitle("\n".join(told), color=RED, fontsize=9, x=0.01, ha="left")
    save(figure, path)


def _series(history: History, name: str) -> tuple[list[float], list[float]]:
    return [record["step"] for record in history], [record[name] for record in history]


def _line(axes: "Axes", history: History, name: str, label: str, color: str) -> None:
    marker = "o" if len(history) == 1 else None
    axes.plot(*_series(history, name), color=color, linewidth=1.6, label=label, marker=marker)


def _finish(axes: "Axes", title: str) -> None:
    lighten(axes)
    axes.set_ylabel(title, color=INK, fontsize=9)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles,
        labels,
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=len(handles),
        frameon=False,
        fontsize=8,
        borderaxespad=0.2,
    )


def _draw_losses(axes: "Axes", history: History) -> None:
    _line(axes, history, "discriminator_loss", "discriminator", BLUE)
    _line(axes, history, "generator_loss", "generator", ORANGE)
    _finish(axes, "loss (mean of steps)")


def _draw_balance(axes: "Axes", history: History) -> None:
    axes.axhline(0, color=INK, linewidth=0.6)
    _line(axes, history, "advantage", "advantage of the discriminator", BLUE)
    if any(record["gamma"] for record in history):
        weights = axes.twinx()
        weights.plot(*_series(history, "gamma"), color=ORANGE, linewidth=1.6)
        lighten(weights, grid=None)
        weights.spines["right"].set_visible(True)
        weights.set_ylim(bottom=0)
        weights.set_ylabel("weight γ", color=ORANGE, fontsize=9)
        axes.plot([], [], color=ORANGE, linewidth=1.6, label="weight γ of its penalty (right)")
    _finish(axes, "advantage (logits)")


def _draw_rows(axes: "Axes", history: History) -> None:
    axes.axhline(1, color=INK, linewidth=0.6)
    _line(axes, history, "diversity", "diversity (1: as real rows)", BLUE)
    _line(axes, history, "coverage", "coverage of the real rows", ORANGE)
    axes.set_ylim(bottom=0)
    _finish(axes, "ratio to the real rows")
