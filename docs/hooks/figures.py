"""Makes the tables of the benchmarks page from `benchmarks/results`, when the site is built.

A line such as ``<!-- figures: fidelity -->`` inserts one, so that no figure is typed.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
VERSIONS = ("python", "tabgan", "torch", "pandas", "scikit-learn", "sdmetrics")
FIDELITY = {
    "shape error %": ("shape_error", ".2f"),
    "trend error %": ("trend_error", ".2f"),
    "C2ST": ("xgb_c2st", ".2f"),
    "TSTR": ("tstr", ".3f"),
}
RISKS = {
    "risk": ("value", ".3f"),
    "from": ("low", ".3f"),
    "to": ("high", ".3f"),
    "real": ("main", ".3f"),
    "unseen": ("control", ".3f"),
}
QUESTIONS = (  # those that are no special cases of another one
    "attack != 'closest' and about in ['near copies', 'all rows', 'outliers', 'univariate', "
    "'4 columns', 'random halves', 'every column in turn']"
)
PARTS = ("validity", "shapes", "trends", "detection", "utility", "coverage")


@dataclass(frozen=True)
class Figures:
    """A table: the mean of some results over their seeds.

    Parameters
    ----------
    file
        Name of the file of results, without its suffix.
    by
        The labels of a row: headings, and the keys of the results.
    shown
        The figures: headings, and the key and format of each.
    only
        A pandas query that selects results; all if empty.
    """

    file: str
    by: Mapping[str, str]
    shown: Mapping[str, tuple[str, str]]
    only: str = ""

    def markdown(self) -> str:
        """Return the table and, below it, the origin of its figures."""
        run = json.loads((RESULTS / f"{self.file}.json").read_text(encoding="utf-8"))
        results = pd.DataFrame(run["results"])
        if self.only:
            results = results.query(self.only)
        keys = [key for key, _ in self.shown.values()]
        means = results.groupby(list(self.by.values()), sort=False)[keys].mean()
        rows = [[*self.by, *self.shown]]
        rows.append(["---"] * len(self.by) + ["---:"] * len(self.shown))
        formats = [form for _, form in self.shown.values()]
        for labels, values in zip(means.index, means.to_numpy(), strict=True):
            named = labels if isinstance(labels, tuple) else (labels,)
            rows.append([*map(label_of, named), *map(text_of, values, formats)])
        table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
        return f"{table}\n\n{origin(run, self.file)}"


def label_of(value: Any) -> str:
    """Return the label of a row as text; conditions as code."""
    text = {"True": "yes", "False": "no"}.get(str(value), str(value))
    return f"`{text}`" if any(sign in text for sign in "<>=") else text


def text_of(value: float, form: str) -> str:
    """Format a figure; empty if it is missing."""
    return "" if pd.isna(value) else format(value, form)


def origin(run: Mapping[str, Any], file: str) -> str:
    """Return the seeds, the machine, the versions and the date of a file of results."""
    seeds = ", ".join(map(str, run["seeds"]))
    machine, versions = run["machine"], run["versions"]
    libraries = ", ".join(f"{name} {versions[name]}" for name in VERSIONS)
    told = [
        f"Seed{'s' if len(run['seeds']) > 1 else ''} {seeds}" if seeds else "No seed",
        f"{machine['processor']}, {machine['cores']} cores",
        libraries,
        run["date"][:10],
        f"`benchmarks/results/{file}.json`",
    ]
    note = run["settings"].get("note")
    return " · ".join(told) + (f". {note}" if note else "") + "\n{ .origin }"


FIGURES = {
    "fidelity": Figures(
        "fidelity",
        {"table": "table"},
        {
            "rows": ("rows", ",.0f"),
            **FIDELITY,
            "TSTR of the real rows": ("trtr", ".3f"),
            "nearer to train %": ("dcr_share", ".0f"),
            "fit, CPU s": ("fit_cpu_seconds", ".0f"),
            "memory, MB": ("peak_mb", ".0f"),
        },
    ),
    "peers": Figures(
        "peers",
        {"table": "table", "generator": "peer"},
        {**FIDELITY, "fit, CPU s": ("fit_cpu_seconds", ",.0f")},
        only="shape_error.notna()",
    ),
    "published": Figures(
        "published",
        {"table": "table", "rows of": "method"},
        {
            "C2ST": ("xgb_c2st", ".3f"),
            "trend error %": ("trend_error", ".2f"),
            "real bins": ("trend_error_bins", ".2f"),
            "NMI distance": ("nmi_distance", ".4f"),
            "utility": ("utility", ".3f"),
            "α-precision": ("alpha_precision", ".3f"),
            "β-recall": ("beta_recall", ".3f"),
            "nearer to train %": ("dcr_share", ".1f"),
            "fit, CPU s": ("fit_cpu_seconds", ",.0f"),
        },
    ),
    "conditions": Figures(
        "asking",
        {"where": "where", "rows": "source"},
        {
            "real rows that meet it": ("real_rows", ",.0f"),
            "shape error %": ("shape_error", ".1f"),
            "C2ST": ("xgb_c2st", ".2f"),
            "1,000 rows, s": ("seconds", ".1f"),
        },
        only="part == 'condition' and source != 'bootstrap'",
    ),
    "partial": Figures(
        "asking",
        {"completed by": "source"},
        {
            "C2ST, against the original rows": ("c2st_true", ".2f"),
            "C2ST, against other rows": ("c2st_other", ".2f"),
            "shape error of the sampled cells %": ("drawn_shape_error", ".1f"),
        },
        only="part == 'partial'",
    ),
    "imputing": Figures(
        "imputing",
        {"table": "table", "filled by": "method"},
        {
            "shape error %": ("shape_error", ".1f"),
            "score": ("score", ".3f"),
            "fill, s": ("fill_seconds", ".1f"),
        },
    ),
    "balancing": Figures(
        "balancing",
        {"table": "table", "rows added by": "method"},
        {
            "balanced accuracy": ("balanced_accuracy", ".3f"),
            "macro F1": ("macro_f1", ".3f"),
            "recall of rare classes": ("rare_recall", ".3f"),
        },
    ),
    "rules": Figures(
        "rules",
        {"table": "table"},
        {
            "rows sampled": ("rows", ",.0f"),
            "rows that break a rule": ("broken", ".0f"),
            "broken without declaring it": ("broken_without", ",.0f"),
            "trend error %": ("trend_error", ".1f"),
            "trend error % without": ("trend_error_without", ".1f"),
        },
    ),
    "tables": Figures(
        "tables",
        {"table": "table"},
        {
            "rows": ("rows", ",.0f"),
            "columns": ("columns", ".0f"),
            "seconds": ("seconds", ".0f"),
            "memory, MB": ("peak_mb", ",.0f"),
        },
    ),
    "sampling": Figures(
        "sampling",
        {"to": "to", "rows": "rows"},
        {"rows per second": ("rows_per_second", ",.0f"), "memory, MB": ("peak_mb", ",.0f")},
    ),
    "images": Figures(
        "images",
        {"run": "run"},
        {
            "read as asked for": ("agreement", ".3f"),
            "inception score": ("inception_score", ".2f"),
            "inception score of real images": ("inception_score_real", ".2f"),
            "Fréchet distance": ("frechet_distance", ".1f"),
            "classifier of generated images": ("trained_on_samples", ".3f"),
            "fit, CPU s": ("fit_cpu_seconds", ".0f"),
        },
    ),
    "evaluating": Figures(
        "evaluating",
        {"table": "table", "synthetic": "synthetic"},
        {
            "score": ("score", ".3f"),
            **{part: (part, ".2f") for part in PARTS},
            "CPU s": ("cpu_seconds", ".0f"),
            "memory, MB": ("peak_mb", ",.0f"),
        },
    ),
    "leaks": Figures(
        "privacy",
        {"synthetic rows": "synthetic", "attack": "attack", "on": "about"},
        RISKS,
        only=f"synthetic != 'tabgan' and {QUESTIONS}",
    ),
    "privacy": Figures(
        "privacy",
        {"table": "table", "attack": "attack", "on": "about"},
        RISKS,
        only=f"synthetic == 'tabgan' and {QUESTIONS}",
    ),
    "private": Figures(
        "private",
        {"generator": "generator", "table": "table", "ε": "epsilon", "declared ranges": "declared"},
        {
            "shape error %": ("shape_error", ".2f"),
            "trend error %, own bins": ("trend_error", ".2f"),
            "real bins": ("trend_error_bins", ".2f"),
            "all pairs": ("trend_error_all_bins", ".2f"),
            "TSTR": ("tstr", ".3f"),
            "real": ("trtr", ".3f"),
            "fit, CPU s": ("fit_cpu_seconds", ".0f"),
        },
    ),
    "hygiene": Figures(
        "hygiene",
        {"table": "table", "min_group": "min_group"},
        {
            "shape error %": ("shape_error", ".2f"),
            "trend error %": ("trend_error", ".2f"),
            "levels lost": ("levels_lost", ".0f"),
            "of levels": ("levels", ".0f"),
            "rows that had them %": ("rows_of_lost_levels", ".3f"),
            "rows beyond the range %": ("rows_beyond_range", ".3f"),
            "single extremes sampled": ("single_extremes_kept", ".0f"),
        },
    ),
    "systems": Figures(
        "ablation",
        {"loss": "loss", "penalty": "penalty"},
        {**FIDELITY, "fit, s": ("fit_seconds", ".0f")},
        only="data == 'adult' and stabiliser.isna() and shape_error.notna()",
    ),
}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace each marker line by its table."""
    return re.sub(r"<!-- figures: (\w+) -->", lambda m: FIGURES[m[1]].markdown(), markdown)
