"""Hostile inputs, in their thousands: each ends in rows, or in one of the library's own errors.

Run `python benchmarks/fuzz.py --help`. A case *fails* if it raises anything else, or takes more
than `LIMIT` seconds; the case and its error are then printed. `--seconds` is the processor time of
each kind of case.
"""

from __future__ import annotations

import argparse
import copy
import gc
import hashlib
import io
import json
import math
import random
import resource
import signal
import tempfile
import threading
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
from measure import peak_memory_mb
from report import print_table, write_json

from tabgan import ForeignKey, Relations, TabGAN, TabTrees, infer_schema
from tabgan.base.errors import TabGANError
from tabgan.base.model_file import read_model, write_model
from tabgan.cli.command_options import read_config
from tabgan.cli.main import main as command_line
from tabgan.cli.tables import load_constraints, load_schema
from tabgan.constraints import Inequality, Range
from tabgan.files.formats import TableForm, format_of
from tabgan.files.read_write import TableWriter, read_table

RESULTS = Path(__file__).parent / "results"
LIMIT = 30  # seconds that one case may take
LONG_LIMIT = 600  # a fit of an odd shape
MOST_MB = 3_000  # that it may add to the peak
ROWS = 300
QUICK: dict[str, Any] = {"steps": 3, "hidden_dim": 16, "verbose": False, "random_state": 0}
ODD_VALUES: tuple[Any, ...] = (  # for a leaf of a model file
    *(None, True, False, 0, -1, 1, 2**63, -(2**63), 10**400, 0.5, -0.0, 1e308, 5e-324),
    *("", "x", "\ud800", "0" * 10_000, "(a+)+$", [], {}),
    *(10**9, "1E999999", "9" * 300, json.loads("[" * 500 + "]" * 500)),
)
ODD_CELLS: tuple[Any, ...] = (  # of a hostile table
    *(None, math.nan, math.inf, -math.inf, 1e308, 5e-324, 2**70, -1, 0, True, "", " ", "\0", "a"),
    *("\ud800", "=1+1", "NaN", "1e400", "9999-12-31", "0001-01-01", "12:61", "[1, 2", '{"a": 1}'),
    *("a" * 5_000, "💥", "1,5", "1.5", "-", b"\xff", (1, "x"), [1], {"a": 1}, 1j),
    *(pd.NaT, pd.NA, pd.Timestamp("2262-04-11"), pd.Timedelta("-1ns"), pd.Interval(0, 1)),
)
DTYPES = ("int8", "uint64", "float16", "float32", "float64", "Int64", "boolean", "string")
COLUMNS = ("kind", "cases", "refused", "seconds", "failed")

Case = Callable[[], Any]


def main(arguments: Sequence[str] | None = None) -> None:
    """Try each kind of hostile input for a while, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", choices=KINDS, default=list(KINDS))
    parser.add_argument("--out", type=Path, default=RESULTS / "fuzz.json")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.only:
            rng = random.Random(f"{options.seed} {kind}")
            rows.append(tried(kind, KINDS[kind](Path(folder), rng), options.seconds))
            write_json(options.out, rows, seeds=[options.seed], seconds=options.seconds)
    print_table(rows, COLUMNS)


def tried(kind: str, cases: Iterator[tuple[str, Case]], seconds: float) -> dict[str, Any]:
    """Run cases until the time is over; return a row of the table."""
    began, count, refused, failed = time.process_time(), 0, 0, 0
    peak = peak_memory_mb()
    for name, case in cases:
        count += 1
        try:
            with time_limit(LONG_LIMIT if kind == "shapes" else LIMIT):
                case()
        except (TabGANError, click.UsageError):
            refused += 1
        except Exception:  # what is looked for
            failed += 1
            print(f"{kind}: {name}\n{traceback.format_exc(limit=-4)}", flush=True)
        risen, peak = peak_memory_mb() - peak, peak_memory_mb()
        if count > 1 and risen > MOST_MB:
            failed += 1
            print(f"{kind}: {name}\nadded {risen:.0f} MB", flush=True)
        if time.process_time() - began > seconds:
            break
    took = time.process_time() - began
    found = {"kind": kind, "cases": count, "refused": refused, "seconds": took, "failed": failed}
    print(found, flush=True)
    return found


@contextmanager
def time_limit(limit: int) -> Iterator[None]:
    """Raise `TimeoutError` where a case takes too long."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"more than {limit} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(limit)
    try:
        yield
    finally:
        signal.alarm(0)


def rich_table(n_rows: int = ROWS) -> pd.DataFrame:
    """Make a table with a column of each kind, and with rules between them."""
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 700, n_rows), "D")
    net, tax = rng.gamma(2, 40, n_rows).round(2), rng.gamma(2, 5, n_rows).round(2)
    town = rng.integers(0, 6, n_rows)
    return pd.DataFrame(
        {
            "net": net,
            "tax": tax,
            "gross": (net + tax).round(2),
            "visits": rng.poisson(3, n_rows),
            "share": np.where(rng.random(n_rows) < 0.2, np.nan, rng.random(n_rows)),
            "town": [f"town {place}" for place in town],
            "country": [f"country {place % 2}" for place in town],
            "flag": rng.random(n_rows) < 0.3,
            "start": start,
            "end": start + pd.to_timedelta(rng.integers(0, 90, n_rows), "D"),
            "day": start.strftime("%d.%m.%Y"),
            "code": [f"C-{i:05d}" for i in rng.permutation(99_999)[:n_rows]],
            "tags": rng.choice(["a;b", "a", "b;c", ""], n_rows),
            "pressure": [f"{a}/{b}" for a, b in rng.integers(60, 180, (n_rows, 2))],
            "mail": [f"person{i}@example.org" for i in range(n_rows)],
            "note": [
                " ".join(rng.choice(["ox", "yak", "gnu"], 9)) + f" {i}" for i in range(n_rows)
            ],
        }
    )


def rich_model(path: Path) -> TabGAN:
    """Fit the rich table, and save the model."""
    rules = [Range("visits", 0, 40), Inequality("start", "end")]
    gan = TabGAN(constraints=rules, **QUICK | {"steps": 30}).fit(rich_table())
    gan.save(path)
    return gan


def changed_leaves(folder: Path, rng: random.Random) -> Iterator[tuple[str, Case]]:
    """Put an odd value into a leaf of a model's description, load the model and draw rows."""
    path = folder / "m.safetensors"
    rich_model(path)
    description, tensors = read_model(path)
    leaves = [place for place in places_of(description) if place[0] not in ("format", "digest")]
    pairs = [(place, value) for place in leaves for value in ODD_VALUES]
    rng.shuffle(pairs)
    print(f"{len(leaves)} leaves, {len(pairs)} cases at most", flush=True)
    for place, value in pairs:
        yield (
            f"{place} = {value!r:.40}",
            lambda place=place, value=value: loaded(
                folder / "changed.safetensors", changed(description, place, value), tensors
            ),
        )


def changed_texts(folder: Path, rng: random.Random) -> Iterator[tuple[str, Case]]:
    """Change characters of a model's description, with a checksum that fits."""
    path = folder / "m.safetensors"
    rich_model(path)
    description, tensors = read_model(path)
    text = json.dumps(description)
    while True:
        new = list(text)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(new))
            new[at : at + rng.randint(0, 3)] = rng.choice([*'0123456789-".,:[]{}enull', "", "99"])
        try:
            odd = json.loads("".join(new))
            json.dumps(odd, allow_nan=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(odd, dict):
            yield (
                f"{odd!r:.60}",
                lambda odd=odd: loaded(folder / "changed.safetensors", odd, tensors),
            )


def changed_bytes(folder: Path, rng: random.Random) -> Iterator[tuple[str, Case]]:
    """Change, cut or repeat bytes of a model file."""
    path, damaged = folder / "m.safetensors", folder / "damaged.safetensors"
    rich_model(path)
    content = path.read_bytes()
    while True:
        new = bytearray(content)
        at = rng.randrange(len(new) if rng.random() < 0.5 else 20_000)
        how = rng.choice(["change", "cut", "repeat", "leave out"])
        if how == "change":
            new[at] ^= rng.randrange(1, 256)
        elif how == "cut":
            del new[at:]
        elif how == "repeat":
            new[at:at] = new[at : at + rng.randint(1, 999)]
        else:
            del new[at : at + rng.randint(1, 999)]

        def case(new: bytes = bytes(new)) -> None:
            damaged.write_bytes(new)
            TabGAN.load(damaged)
            raise AssertionError("a damaged file was taken")

        yield f"{how} at {at}", case


def hostile_frames(_: Path, rng: random.Random) -> Iterator[tuple[str, Case]]:
    """Fit tables of odd cells, dtypes and labels, and draw rows."""
    while True:
        seed = rng.random()
        estimator = rng.choice([TabGAN, TabTrees])

        def case(seed: float = seed, estimator: Any = estimator) -> None:
            frame = hostile_frame(random.Random(seed))
            options = QUICK if estimator is TabGAN else {"verbose": False, "random_state": 0}
            drawn = estimator(**options).fit(frame).sample(5)
            assert drawn.shape == (5, frame.shape[1])
            drawn.to_csv(io.StringIO(), errors="replace")

        yield f"hostile_frame(random.Random({seed})), {estimator.__name__}", case


def hostile_frame(rng: random.Random) -> pd.DataFrame:
    """Make a table of odd columns."""
    n_rows = rng.choice([0, 1, 2, 30, 30, 30, 200])
    columns = [hostile_column(rng, n_rows) for _ in range(rng.choice([0, 1, 2, 3, 5]))]
    labels = [rng.choice(["a", "b", "c", 1, 1.5, None, "", ("x", 1), "Ä"]) for _ in columns]
    if rng.random() < 0.7:
        labels = [f"column {place}" for place in range(len(columns))]
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=range(n_rows))
    frame.columns = pd.Index(labels, dtype=object, tupleize_cols=False)
    return frame


def hostile_column(rng: random.Random, n_rows: int) -> pd.Series:
    """Make a column of few odd cells, of plain cells among which is an odd one, or of a dtype."""
    how = rng.choice(["odd", "plain", "dtype", "dates", "texts"])
    pool = rng.sample(ODD_CELLS, rng.randint(1, 5))
    if how == "plain":
        pool = [float(i) for i in range(20)] + pool[:1]
    elif how == "texts":
        pool = [rng.choice("ab1-/.: ") * rng.randint(1, 4) + str(i) for i in range(30)]
    elif how == "dates":
        dates = pd.to_datetime(rng.sample(range(-(10**9), 9 * 10**9), 9), unit="s")
        return pd.Series([rng.choice(dates) for _ in range(n_rows)], dtype=dates.dtype)
    elif how == "dtype":
        dtype = rng.choice(DTYPES)
        numbers = np.array([rng.choice([0, 1, 2, 3, 100]) for _ in range(n_rows)])
        return pd.Series(numbers % 2 if dtype == "boolean" else numbers).astype(dtype)
    cells = np.empty(n_rows, object)
    cells[:] = [rng.choice(pool) for _ in range(n_rows)]
    return pd.Series(cells, dtype=object)


def hostile_files(folder: Path, rng: random.Random) -> Iterator[tuple[str, Case]]:
    """Read CSV files in which bytes have changed."""
    plain = rich_table(40).to_csv(index=False).encode()
    path = folder / "odd.csv"
    while True:
        content = changed_file(plain, rng)

        def case(content: bytes = content) -> None:
            path.write_bytes(content)
            read_table(str(path))

        yield f"{content!r:.200}", case


def hostile_forms(folder: Path, rng: random.Random) -> Iterator[tuple[str, Case]]:
    """Read workbooks, databases and other files in which bytes have changed."""
    frame = rich_table(40).drop(columns=["start", "end"])
    plain = {}
    for suffix in (".jsonl", ".parquet", ".feather", ".xlsx", ".db", ".duckdb", ".csv.gz", ".zip"):
        path = folder / f"plain{suffix}"
        with TableWriter(str(path), TableForm(format_of(str(path)) or "csv")) as writer:
            writer.write(frame)
        plain[suffix] = path.read_bytes()
    while True:
        suffix = rng.choice([*plain])
        content = plain[suffix]
        if suffix == ".xlsx" and rng.random() < 0.8:  # else the archive's checksums find it
            content = changed_archive(content, rng)
        else:
            content = changed_file(content, rng)

        def case(suffix: str = suffix, content: bytes = content) -> None:
            path = folder / f"odd{suffix}"
            path.write_bytes(content)
            read_table(str(path))

        yield f"{suffix} {hashlib.sha256(content).hexdigest()}", case


def changed_archive(content: bytes, rng: random.Random) -> bytes:
    """Change some bytes of a file in an archive, whose checksums then fit."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice([*parts])
    parts[name] = changed_file(parts[name], rng)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return packed.getvalue()


def hostile_declarations(folder: Path, rng: random.Random) -> Iterator[tuple[str, Case]]:
    """Read keys, schemas and constraints in which characters have changed."""
    relations = Relations(
        {"a": ("id",), "b": ("id", "day")}, (ForeignKey("b", ("a_id",), "a", ("id",)),)
    )
    rules = [Range("visits", 0, 40).to_json(), Inequality("start", "end").to_json()]
    readers: dict[str, tuple[Any, Callable[[str], Any]]] = {
        "relations": (relations.to_json(), Relations.read),
        "schema": (infer_schema(rich_table(60)).to_json(), load_schema),
        "constraints": (rules, load_constraints),
    }
    path = folder / "odd.json"

    def case(content: bytes, read: Callable[[str], Any]) -> None:
        path.write_bytes(content)
        read(str(path))

    while True:
        state, read = readers[name := rng.choice([*readers])]
        if rng.random() < 0.5:
            state = changed(state, rng.choice([*places_of(state)]), rng.choice(ODD_VALUES))
            content = json.dumps(state).encode()
        else:
            content = changed_file(json.dumps(state).encode(), rng)
        yield (
            f"{name}: {content!r:.300}",
            lambda content=content, read=read: case(content, read),
        )


def hostile_settings(folder: Path, rng: random.Random) -> Iterator[tuple[str, Case]]:
    """Read files of settings in which bytes have changed."""
    plain = b'quiet = true\n[fit]\nsteps = 5\nmin_group = 5\n[images.fit]\nsteps = "auto"\n'
    path = folder / "odd.toml"
    while True:
        content = changed_file(plain, rng)

        def case(content: bytes = content) -> None:
            path.write_bytes(content)
            read_config(str(path), command_line)

        yield f"{content!r:.200}", case


def changed_file(content: bytes, rng: random.Random) -> bytes:
    """Change some bytes of a text, or leave out or repeat a part of it."""
    new = bytearray(content)
    odd = [b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b";", b"=", b"[", b"9" * 400]
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(new) + 1)
        part = rng.choice([*odd, bytes(new[at : at + rng.randint(0, 200)])])
        new[at : at + rng.choice([0, 0, 1, 30])] = part
    return bytes(new)


def hostile_conditions(folder: Path, rng: random.Random) -> Iterator[tuple[str, Case]]:
    """Draw rows that meet conditions of shuffled words."""
    gan = rich_model(folder / "m.safetensors")
    words = [
        *("net", "town", "start", "flag", "share", "nothing", "'town 1'", "'x'", "5", "-1e400"),
        *("2024-05-01", "and", "or", "not", "in", "is", "missing", "between", "=", "!=", "<", ">="),
        *("(", ")", ",", '"', "'", "\\", "[", "]", "..", "True", "9" * 400, "\0", "é", "like"),
    ]
    while True:
        text = " ".join(rng.choice(words) for _ in range(rng.randint(1, 7)))
        if rng.random() < 0.5:
            text = f"{rng.choice(words[:5])} {rng.choice(words[16:22])} {text}"
        where: Any = text
        if rng.random() < 0.3:
            where = {rng.choice(words[:6]): rng.choice(ODD_CELLS)}
        yield f"{where!r:.200}", lambda where=where: gan.sample(2, where=where)


def threads_at_once(folder: Path, rng: random.Random) -> Iterator[tuple[str, Case]]:
    """Draw rows in eight threads at once, which must be those of one after the other."""
    gan = rich_model(folder / "m.safetensors")

    def case(seeds: Sequence[int]) -> None:
        alone = [gan.sample(50, random_state=seed) for seed in seeds]
        ready = threading.Barrier(len(seeds))

        def draw(seed: int) -> pd.DataFrame:
            ready.wait()
            return gan.sample(50, random_state=seed)

        with ThreadPoolExecutor(len(seeds)) as pool:
            for one, other in zip(alone, pool.map(draw, seeds), strict=True):
                pd.testing.assert_frame_equal(one, other)

    while True:
        seeds = [rng.randrange(10**6) for _ in range(8)]
        yield f"{seeds}", lambda seeds=seeds: case(seeds)


def level_memory(folder: Path, rng: random.Random) -> Iterator[tuple[str, Case]]:
    """Draw rows and fit again and again; after the first times the memory may rise by 20 MB."""
    gan, frame = rich_model(folder / "m.safetensors"), rich_table(60)
    actions: dict[str, tuple[int, Case]] = {
        "sample": (10, lambda: gan.sample(50, random_state=rng.randrange(10**6))),
        "fit of trees": (1, lambda: TabTrees(verbose=False, random_state=0).fit(frame)),
        "fit": (1, lambda: TabGAN(**QUICK).fit(frame)),
    }
    first = {}
    for name, (times, action) in actions.items():
        for _ in range(10 * times):
            action()
        first[name] = memory_mb()

    def case(times: int, action: Case) -> None:
        for _ in range(times):
            action()
        risen = memory_mb() - first["fit"]
        assert risen < 20, f"the memory rose by {risen:.0f} MB"

    while True:
        for name, (times, action) in actions.items():
            yield name, lambda times=times, action=action: case(times, action)


def memory_mb() -> float:
    """Return the resident memory that is in use now, in MB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def odd_shapes(_: Path, rng: random.Random) -> Iterator[tuple[str, Case]]:
    """Fit tables of many columns, and of many levels, once each, and draw rows."""
    numbers = np.random.default_rng(rng.randrange(10**6))
    wide = pd.DataFrame(numbers.normal(size=(50, 1000))).add_prefix("c")
    shapes = {"1,000 columns": wide}
    for n in (100_000, 1_000_000):
        levels = [f"level {i}" for i in numbers.permutation(n)] * 2
        shapes[f"{n:,} levels"] = pd.DataFrame({"a": levels, "b": numbers.normal(size=2 * n)})
    for name, frame in shapes.items():
        for estimator in (TabTrees, TabGAN):
            options = QUICK if estimator is TabGAN else {"verbose": False, "random_state": 0}

            def case(
                name: str = name, frame: pd.DataFrame = frame, kind: Any = estimator,
                options: dict[str, Any] = options,
            ) -> None:  # fmt: skip
                schema = infer_schema(frame)
                if "a" in frame:
                    schema = schema.with_column(replace(schema["a"], kind="categorical"))
                began = time.process_time()
                kind(schema=schema, **options).fit(frame).sample(5)
                seconds, peak = time.process_time() - began, peak_memory_mb()
                print(f"{name}, {kind.__name__}: {seconds:.1f} s, peak {peak:.0f} MB", flush=True)

            yield f"{name}, {estimator.__name__}", case


def places_of(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the place of each leaf of a JSON value; an empty list is one."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, dict | list) and item:
            yield from places_of(item, (*place, key))
        else:
            yield (*place, key)


def changed(description: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """Return a copy of a JSON object with another value at a place."""
    whole = copy.deepcopy(description)
    part: Any = whole
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    return whole


def loaded(path: Path, description: dict[str, Any], tensors: Any) -> None:
    """Write a model file with a checksum that fits, load it and draw five rows."""
    write_model(path, description, tensors)
    TabGAN.load(path).sample(5)


KINDS: dict[str, Callable[[Path, random.Random], Iterator[tuple[str, Case]]]] = {
    "leaves": changed_leaves,
    "texts": changed_texts,
    "bytes": changed_bytes,
    "frames": hostile_frames,
    "files": hostile_files,
    "forms": hostile_forms,
    "declarations": hostile_declarations,
    "settings": hostile_settings,
    "conditions": hostile_conditions,
    "threads": threads_at_once,
    "memory": level_memory,
    "shapes": odd_shapes,
}


if __name__ == "__main__":
    main()
