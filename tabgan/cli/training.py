"""What the commands that learn a table do: train on it, say how it went, keep the model."""

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tabgan.base.errors import OptionError
from tabgan.cli.console import Report, Watch, on_terminal, watch
from tabgan.cli.tables import new_seed, quietly, trackers

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.estimator import TabGAN
    from tabgan.files.table_form import TableForm
    from tabgan.table.schema import Schema

__all__ = ["describe_finish", "train"]

_UNTYPED = {  # formats in which the type of a column is what all of its cells have in common
    "jsonl": "JSON lines",
    "sql": "a database",
    "sqlite": "an SQLite file",
    "xlsx": "an Excel file",
}


def train(
    frame: "pd.DataFrame",
    source: "TableForm",
    report: Report,
    *,
    model: str | None,
    schema: "Schema | None",
    seed: int | None,
    condition_on: tuple[str, ...] = (),
    stabilisers: tuple[str, ...] = (),
    pictures: str | None = None,
    log_to: str | None = None,
    **options: Any,
) -> "TabGAN":
    """Fit an estimator, and keep it in a file if there is to be one.

    For pictures, if they are wanted, rows from moments of the training are kept.

    Raises
    ------
    OptionError
        If pictures of real columns are wanted of a private fit, or if types of its columns may
        hang on single rows.
    KeyboardInterrupt
        If Ctrl-C has ended the training early; the model is kept all the same.
    """
    from tabgan.estimator import TabGAN

    if options["epsilon"] is not None:
        _check_private(source, pictures)
    seed = new_seed() if seed is None else seed
    options |= {"condition_on": list(condition_on) or None, "random_state": seed}
    options["stabilizers"] = list(stabilisers) or None
    if pictures is not None:
        from tabgan.cli.reports import SNAPSHOTS

        options["snapshots"] = SNAPSHOTS
    with watch(report, keeps=model is not None) as watching:
        verbose = on_terminal(report)
        callbacks = [watching, *trackers(log_to)]
        gan = TabGAN(schema=schema, verbose=verbose, callbacks=callbacks, **options)
        _fit(gan, frame, report)
        _say_how_it_went(gan, report, watching)
        report.facts |= {"seed": seed, **_facts_of(gan)}
        if model is not None:
            gan.save(model)
            report.facts["model"] = model
            report.say(f"Kept the model in {model}")
    return gan


def _fit(gan: "TabGAN", frame: "pd.DataFrame", report: Report) -> None:
    with warnings.catch_warnings(record=True) as caught:
        quietly(gan.fit, frame)
    for warning in caught:
        report.say(f"Warning: {warning.message}")


def _facts_of(gan: "TabGAN") -> dict[str, Any]:
    facts = {
        "steps": gan.n_steps_,
        "latent": {"size": gan.latent_dim_, "reason": gan.latent_reason_},
        "dependencies": [rule.describe() for rule in gan.dependencies_],
        "finish": gan.postprocessing_,
        "diagnosis": [finding.to_json() for finding in gan.diagnosis_],
    }
    if gan.privacy_ is not None:
        facts |= {"privacy": gan.privacy_.to_json(), "training_rows": gan.n_rows_}
    return facts


def _check_private(source: "TableForm", pictures: str | None) -> None:
    if pictures is not None:
        raise OptionError(
            "--pictures draws columns of the real table, which does not go with --epsilon; leave "
            "one of them out"
        )
    if source.format in _UNTYPED:
        raise OptionError(
            f"--epsilon takes types of columns for public, but those of {_UNTYPED[source.format]} "
            "hang on its rows: one row more can change them; convert the table to CSV, or to "
            "Parquet with types of your own"
        )


def _say_how_it_went(gan: "TabGAN", report: Report, watching: Watch) -> None:
    seconds = report.done("fit")
    report.say(
        f"Trained {watching.steps_done(gan.n_steps_)} in {seconds:.1f} s; latent size "
        f"{gan.latent_dim_} ({gan.latent_reason_})"
    )
    for line in gan.privacy_.describe() if gan.privacy_ else ():
        report.say(line[0].upper() + line[1:])
    if gan.postprocessing_:
        report.say(describe_finish(gan.postprocessing_))
    for finding in gan.diagnosis_:
        report.say(f"Warning: {finding}")


def describe_finish(facts: Mapping[str, Any]) -> str:
    """Say in a line what refinement and polish did.

    Examples
    --------
    >>> facts = {"critics": 2, "effective_share": 0.87, "columns": [], "seconds": 12.0}
    >>> describe_finish(facts)
    'Refined by 2 tree critics (effective sample 87 %), polished no column; 12.0 s'
    """
    columns = ", ".join(item["column"] for item in facts["columns"]) or "no column"
    return (
        f"Refined by {facts['critics']} tree critics (effective sample "
        f"{100 * facts['effective_share']:.0f} %), polished {columns}; {facts['seconds']:.1f} s"
    )
