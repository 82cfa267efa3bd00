"""Make the pictures of `gans.md`: one training a system, on MNIST, with one budget.

The pictures of DCGAN and of the best digits are of the models that `benchmarks/images.py` keeps.

Run it as ``python docs/make_pictures.py FOLDER`` with the folder of MNIST's four files; it takes
about ten minutes on one core. Further words name the pictures that are wanted.
"""

import sys
from pathlib import Path
from typing import Any

from tabgan import ImageGAN
from tabgan.images.idx import read_folder
from tabgan.images.image_grids import save_grid

PLACE = Path(__file__).parent / "pictures"
BUDGET = {"steps": 2_000}

SYSTEMS: dict[str, dict[str, Any]] = {
    "minimax": {"loss": "minimax", "penalty": "none"},
    "non_saturating": {"loss": "non_saturating", "penalty": "none"},
    "wasserstein_gradient": {"loss": "wasserstein", "penalty": "gradient"},
    "wasserstein_clipping": {"loss": "wasserstein", "penalty": "weight_clipping:limit=0.05"},
    "wasserstein_spectral": {"loss": "wasserstein", "penalty": "spectral"},
    "hinge": {"loss": "hinge"},
    "relativistic": {"loss": "relativistic"},
    "r1": {"loss": "non_saturating"},
    "mlp_tanh": {"architecture": "mlp_tanh", "penalty": "none"},
    "label_smoothing": {"penalty": "none", "stabilizers": ["label_smoothing"]},
    "one_sided_smoothing": {"penalty": "none", "stabilizers": ["one_sided_smoothing"]},
    "instance_noise": {"penalty": "none", "stabilizers": ["instance_noise"]},
    "feature_matching": {
        "penalty": "none", "stabilizers": ["feature_matching:weight=10,adversarial=1"],
    },
    "historical_averaging": {"penalty": "none", "stabilizers": ["historical_averaging"]},
    "experience_replay": {"penalty": "none", "stabilizers": ["experience_replay"]},
}  # fmt: skip


def main(folder: str, *wanted: str) -> None:
    """Train each system and write its grid of 2 × 10 digits, a column a digit."""
    images, labels = read_folder(folder)
    PLACE.mkdir(exist_ok=True)
    for name, options in SYSTEMS.items():
        if wanted and name not in wanted:
            continue
        gan = ImageGAN(random_state=0, verbose=False, **BUDGET | options).fit(images, labels)
        digits = gan.sample(label=[*range(10)] * 2)
        save_grid(digits, PLACE / f"{name}.png", columns=10)
        print(f"{name}: {gan.n_steps_} steps, {gan.history_[-1]['seconds']:.0f} s", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
