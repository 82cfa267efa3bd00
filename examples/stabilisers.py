"""What stabilisers do to a shaky training: the lectures' plain GAN, and six ways to steady it.

Run it as ``python examples/stabilisers.py``; it takes about two minutes on scikit-learn's digits.
"""

import argparse

from tabgan import ImageGAN
from tabgan.generators.gan.stabilizers import STABILIZERS
from tabgan.images.idx import embedded_digits
from tabgan.images.image_classifier import Judge
from tabgan.images.image_scores import agreement, frechet_distance, inception_score

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--steps", type=int, default=1_500, help="training steps of each GAN")
parser.add_argument("--images", type=int, default=1_797, help="digits to learn")
options = parser.parse_args()

images, labels = (part[: options.images] for part in embedded_digits())
judge = Judge.train(images, labels, n_classes=10, seed=0)
real = judge.features(images)

print(f"{'stabiliser':<22}{'read as asked':>14}{'inception':>11}{'Fréchet':>9}{'loss of D':>11}")
for name in (None, *STABILIZERS):
    gan = ImageGAN(
        loss="non_saturating",
        penalty="none",
        stabilizers=[name] if name else None,
        learning_rate=1e-3,
        steps=options.steps,
        verbose=False,
        random_state=0,
    ).fit(images, labels)
    drawn, asked = gan.sample_labelled(1_000)
    probabilities = judge.probabilities(drawn)
    print(
        f"{name or 'none':<22}{agreement(probabilities, asked):>14.1%}"
        f"{inception_score(probabilities):>11.2f}"
        f"{frechet_distance(judge.features(drawn), real):>9.1f}"
        f"{gan.history_[-1]['discriminator_loss']:>11.2f}"
    )
