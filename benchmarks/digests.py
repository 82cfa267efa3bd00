"""Digests of small fits, to see whether a change of the code leaves every drawn row as it was.

`python benchmarks/digests.py` writes the digests of this checkout; `--against FILE` compares them
with those that another checkout wrote on the same machine, and ends with 1 if any differs. Digests
of two kinds of machine, or of two versions of torch, can't be compared.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ["TABGAN_NOT_PRIVATE_NOISE_SEED"] = "7"  # private fits repeat themselves
os.environ["OMP_NUM_THREADS"] = "1"  # convolutions add up in the order of the threads

import numpy as np
import pandas as pd
from datasets import load
from report import print_table, write_json
from safetensors.numpy import load_file

from tabgan import ImageGAN, TabGAN, evaluate
from tabgan.constraints import Inequality, Range, Sum, Unique
from tabgan.images.idx import embedded_digits

RESULTS = Path(__file__).parent / "results"
SMALL = {"steps": 60, "batch_size": 128, "hidden_dim": 64, "random_state": 3, "verbose": False}


def made_up(n: int = 1500) -> pd.DataFrame:
    """Return a table of every kind of column, with rules between them and holes."""
    rng = np.random.default_rng(5)
    first = pd.Timestamp("2023-01-02") + pd.to_timedelta(rng.integers(0, 500, n), unit="D")
    net, tax = rng.gamma(2, 40, n).round(2), rng.gamma(2, 5, n).round(2)
    state = rng.choice(["north", "south", "east"], n, p=[0.5, 0.3, 0.2])
    town = np.char.add(state, rng.integers(0, 30, n).astype(str))
    bill = rng.integers(100, 9000, n)
    return pd.DataFrame(
        {
            "key": [f"V-{number:06d}" for number in rng.permutation(n)],
            "first": first,
            "last": first + pd.to_timedelta(rng.integers(0, 60, n), unit="D"),
            "net": net,
            "tax": tax,
            "gross": (net + tax).round(2),
            "state": pd.Categorical(state),
            "town": town,
            "age": rng.integers(18, 95, n),
            "score": np.where(rng.random(n) < 0.2, np.nan, rng.normal(0, 1, n)),
            "plan": np.where(rng.random(n) < 0.1, None, rng.choice(["free", "pro"], n)),
            "active": rng.random(n) < 0.7,
            "bill": bill,
            "paid": np.where(rng.random(n) < 0.3, bill, bill // 2),
            "mail": [f"user{number}@example.org" for number in rng.permutation(n)],
            "name": rng.choice(["Ann Lee", "Bob Ray", "Cy Orr"], n),
            "when": [f"{h:02d}:{m:02d}" for h, m in rng.integers(0, 24, (n, 2))],
        }
    )


def digest(*parts: Any) -> str:
    """Return a digest of frames, arrays and texts."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, pd.DataFrame):
            total.update(repr([*map(str, part.columns), *map(str, part.dtypes)]).encode())
            total.update(part.to_csv(float_format="%.17g").encode())
        elif isinstance(part, np.ndarray):
            total.update(repr((part.shape, str(part.dtype))).encode() + part.tobytes())
        else:
            total.update(repr(part).encode())
    return total.hexdigest()[:16]


def tensors_of(model: TabGAN | ImageGAN) -> list[np.ndarray]:
    """Return the tensors of a model's file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path)
        return [value for _, value in sorted(load_file(path).items())]


def table_digests(name: str, table: pd.DataFrame, **options: Any) -> dict[str, str]:
    """Return the digests of a fit: its model, its rows, and what it says of the columns."""
    gan = TabGAN(**SMALL | options).fit(table)
    said = [rule.describe() for rule in gan.dependencies_]
    described = [(column.name, column.kind, column.why) for column in gan.schema_]
    return {
        f"{name}: tensors": digest(*tensors_of(gan)),
        f"{name}: rows": digest(gan.sample(700, random_state=1)),
        f"{name}: rules": digest(said, gan.latent_dim_, gan.latent_reason_),
        f"{name}: schema": digest(described),
    }


def plain() -> dict[str, str]:
    """Return the digests of five tables with default options."""
    found = {}
    for name, rows in (("adult", 3000), ("hotel_bookings", 2500), ("baseball_players", 2000)):
        found |= table_digests(name, load(name)[:rows])
    found |= table_digests("intrusion", load("intrusion")[::200])
    return found | table_digests("made-up", made_up())


def asking() -> dict[str, str]:
    """Return the digests of conditions of every sort, partial rows, balances and holes."""
    table = load("adult")[:3000]
    gan = TabGAN(**SMALL, condition_on=["income", "sex"]).fit(table)
    partial = table[["age", "education"]][:40].reset_index(drop=True)
    holes = table[:60].reset_index(drop=True).mask(np.eye(60, 15).astype(bool))
    return {
        "condition_on: rows": digest(gan.sample(300, where={"income": ">50K"}, random_state=1)),
        "condition_on: all": digest(gan.sample(300, random_state=2)),
        "where: range": digest(gan.sample(100, where={"age": (60, None)}, random_state=1)),
        "where: text": digest(gan.sample(80, where="age >= 30 and sex == 'Male'", random_state=4)),
        "where: partial rows": digest(gan.sample(where=partial, random_state=1)),
        "balance": digest(gan.sample(200, balance="education", random_state=1)),
        "impute": digest(gan.impute(holes, random_state=1)),
        "evaluate": digest(round(gan.evaluate(load("adult")[3000:5000]).verdict.score, 12)),
    }


def ruled() -> dict[str, str]:
    """Return the digests of fits with constraints, without derivation, and with a schema."""
    rules = [
        Unique("key"),
        Inequality("first", "last"),
        Range("age", 18, 99),
        Sum(["net", "tax"], "gross"),
    ]
    found = table_digests("constraints", made_up(), constraints=rules)
    found |= table_digests("not derived", made_up(), derive=False, refine=False, polish=False)
    chosen = {"town": "city", "name": "name", "key": r"regex:[A-Z]-\d{6}"}
    return found | table_digests("schema", made_up(), schema=chosen, locale="de_DE", min_group=1)


def trainings() -> dict[str, str]:
    """Return the digests of other losses, penalties, stabilisers and limits."""
    table = load("shoppers")[:1500]
    bare = {"refine": False, "polish": False}
    found = {}
    for loss in ("minimax", "wasserstein", "hinge", "relativistic"):
        found |= table_digests(loss, table, loss=loss, **bare)
    return found | table_digests(
        "stabilisers",
        table,
        stabilizers=["instance_noise", "feature_matching", "historical_averaging"],
        prior="uniform",
        optimizer="sgd",
        **bare,
    )


def private() -> dict[str, str]:
    """Return the digests of private fits, whose noise has a seed here."""
    found = table_digests("private adult", load("adult")[:5000], epsilon=1.0)
    public = {"constraints": [Range("age", 18, 99)], "schema": {"state": "categorical"}}
    return found | table_digests("private made-up", made_up(), epsilon=5.0, **public)


def pictures() -> dict[str, str]:
    """Return the digests of image fits, as an MLP pair and as a DCGAN."""
    images, labels = embedded_digits()
    found = {}
    for form in ("mlp", "dcgan"):
        gan = ImageGAN(steps=40, architecture=form, random_state=3, verbose=False)
        gan.fit(images, labels)
        drawn = gan.sample(20, label=7, random_state=1)
        found[f"images {form}: tensors"] = digest(*tensors_of(gan))
        found[f"images {form}: drawn"] = digest(np.asarray(drawn))
    return found


def judged() -> dict[str, str]:
    """Return the digest of all figures of a comparison of two tables."""
    real = load("adult")
    result = evaluate(real[:1500], real[1500:3000].reset_index(drop=True))
    found = result.to_json()
    del found["metrics"]  # of third parties: none
    timed = found["tables"].pop("seconds")  # differs at every run
    return {"evaluate: two halves": digest(found, list(timed))}


GROUPS: dict[str, Callable[[], dict[str, str]]] = {
    made.__name__: made for made in (plain, asking, ruled, trainings, private, pictures, judged)
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the fits; write their digests, or compare them with a file of the same machine."""
    parser = argparse.ArgumentParser(description="Digests of small fits.")
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--out", type=Path, default=RESULTS / "digests.json")
    parser.add_argument("--against", type=Path, help="digests of another checkout")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    rows = []
    for group in options.groups:
        print(f"{group} …", file=sys.stderr)
        rows += [{"fit": name, "digest": value} for name, value in GROUPS[group]().items()]
    if options.against is None:
        write_json(options.out, rows, seeds=[3])
        print_table(rows, ["fit", "digest"])
        return
    before = {
        row["fit"]: row["digest"] for row in json.loads(options.against.read_text())["results"]
    }
    for row in rows:
        row["before"] = before.get(row["fit"], "-")
        row["same"] = "yes" if row["before"] == row["digest"] else "NO"
    print_table(rows, ["fit", "before", "digest", "same"])
    sys.exit(any(row["same"] == "NO" for row in rows))


if __name__ == "__main__":
    main()
