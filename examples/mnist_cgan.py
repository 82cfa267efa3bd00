"""Learn digits by their labels and draw a grid, a column a digit.

Run it as ``python examples/mnist_cgan.py FOLDER`` with the folder of MNIST's four files: some ten
minutes. Without a folder it learns scikit-learn's small digits, in less than one.
"""

import argparse
from pathlib import Path

from tabgan import ImageGAN
from tabgan.images.idx import embedded_digits, read_folder
from tabgan.images.image_classifier import Judge
from tabgan.images.image_grids import save_grid
from tabgan.images.image_scores import agreement, inception_score

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("folder", nargs="?", help="MNIST's folder; scikit-learn's digits without it")
parser.add_argument("--steps", type=int, help="training steps, to try it out")
parser.add_argument("--out", type=Path, default=Path("digits.png"))
options = parser.parse_args()

if options.folder:
    (images, labels), (test, test_labels) = (
        read_folder(options.folder, part) for part in ("train", "test")
    )
else:
    images, labels = embedded_digits()
    test, test_labels = images[1500:], labels[1500:]
    images, labels = images[:1500], labels[:1500]

# z of 64 and the label's embedding of 16 → 256 → 512 → pixels, against pixels and embedding →
# 512 → 256 → one logit.
gan = ImageGAN(architecture="mlp", steps=options.steps or "auto", random_state=0)
gan.fit(images, labels)
print(f"{gan.n_steps_} steps; penalty {gan.penalty_reason_}")

judge = Judge.train(images, labels, n_classes=10, seed=0)
drawn, asked = gan.sample_labelled(2_000)
probabilities = judge.probabilities(drawn)
print(f"the judge is right about {judge.accuracy(test, test_labels):.1%} of real test digits,")
print(f"and reads {agreement(probabilities, asked):.1%} of the drawn ones as they were asked for")
print(
    f"inception score {inception_score(probabilities):.2f}, of real digits "
    f"{inception_score(judge.probabilities(test)):.2f}"
)

save_grid(
    gan.sample(label=[*range(10)] * 2),
    options.out,
    columns=10,
    titles=[str(digit) for digit in range(10)],
)
print(f"wrote {options.out}")
