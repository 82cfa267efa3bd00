"""How good drawn digits are: the lectures' conditional GAN, the best one found, and a DCGAN.

Run `python benchmarks/images.py --help`; `benchmarks/README.md` says what the columns mean.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from digits import digits, judge, score
from measure import in_own_process
from report import print_table, write_json

RESULTS = Path(__file__).parent / "results"
CACHE = Path.home() / ".cache" / "tabgan"

# Without a penalty and with dropout in the discriminator: the form that the lectures print.
LECTURES: dict[str, Any] = {
    "penalty": "none",
    "optimizer": "adam:beta1=0.5,beta2=0.999",
    "learning_rate": 2e-4,
}
RUNS: dict[str, dict[str, Any]] = {
    "lectures": {**LECTURES, "epochs": 75},
    "wide": {"width": 2.0, "epochs": 50},
    "default": {},
    "dcgan": {"architecture": "dcgan", "width": 0.25, "epochs": 6},
    "vae": {"method": "vae"},
    "diffusion": {"method": "diffusion"},
}
EPOCHS = 4  # of the classifier that is trained on samples
COLUMNS = (
    *("run", "seed", "agreement", "judge_accuracy", "trained_on_samples"),
    *("inception_score", "inception_score_real", "inception_share"),
    *("frechet_distance", "frechet_distance_real", "modes", "steps", "fit_seconds"),
    "fit_cpu_seconds",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark; results are written after each fit."""
    parser = argparse.ArgumentParser(description="Score drawn MNIST digits.", allow_abbrev=False)
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=[*RUNS])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--out", type=Path, default=RESULTS / "images.json")
    parser.add_argument("--judge", type=Path, default=CACHE / "mnist-judge.safetensors")
    parser.add_argument(
        "--samples", type=int, default=60_000, help="digits that a classifier is trained on"
    )
    parser.add_argument("--models", type=Path, help="folder in which to keep the models")
    options = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []
    for name in options.runs:
        for seed in options.seeds:
            print(f"{name}, seed {seed} …", file=sys.stderr)
            row = in_own_process(run, name, seed, options.judge, options.samples, options.models)
            rows.append(row)
            settings = {"runs": {key: RUNS[key] for key in options.runs}}
            write_json(options.out, rows, seeds=options.seeds, **settings)
    print_table(rows, COLUMNS)
    print(f"written to {options.out}", file=sys.stderr)


def run(
    name: str, seed: int, judge_file: Path, samples: int, models: Path | None
) -> dict[str, Any]:
    """Fit one configuration and score its digits."""
    from tabgan.images import METHODS

    data, options = digits(), dict(RUNS[name])
    gan = METHODS[options.pop("method", "gan")](random_state=seed, verbose=False, **options)
    wall, cpu = time.perf_counter(), time.process_time()
    gan.fit(*data.train)
    cost = {
        "fit_seconds": time.perf_counter() - wall,
        "fit_cpu_seconds": time.process_time() - cpu,
        "steps": gan.n_steps_,
    }
    if models is not None:
        models.mkdir(parents=True, exist_ok=True)
        gan.save(models / f"{name}-{seed}.safetensors")
    row = {"run": name, "seed": seed, "parameters": gan.get_params()}
    return row | score(gan, data, judge(judge_file, data), n_trained=samples, epochs=EPOCHS) | cost


if __name__ == "__main__":
    main()
