"""Options of the commands on images."""

import click

from tabgan.cli.options.base import FILE, POSITIVE, TrainingPart, option, together
from tabgan.cli.options.running import seed_option
from tabgan.cli.options.training import (
    device_option,
    epochs_option,
    gan_options,
    latent_option,
    log_option,
    max_time_option,
    steps_option,
)

__all__ = ["ARCHITECTURES", "data_option", "drawing_options", "image_training_options"]

ARCHITECTURES = ("mlp", "mlp_tanh", "dcgan")  # as in `tabgan.images.architectures`

data_option = option(
    "--data",
    section="Input",
    type=FILE,
    metavar="FOLDER",
    show_default="scikit-learn's 1,797 digits of 8 × 8 pixels",
    help="Folder with MNIST's four files, or others of their format and names, gzipped or not.",
)

image_training_options = together(
    steps_option,
    epochs_option,
    max_time_option,
    option(
        "--batch-size",
        section="Training",
        type=click.IntRange(min=2),
        default=128,
        metavar="N",
        help="Images in a training step.",
    ),
    device_option,
    option(
        "--architecture",
        section="Networks",
        type=TrainingPart(*ARCHITECTURES),
        default="mlp",
        metavar="NAME",
        help=f"{', '.join(ARCHITECTURES[:-1])} or {ARCHITECTURES[-1]}.",
    ),
    option(
        "--width",
        section="Networks",
        type=POSITIVE,
        default=1.0,
        metavar="X",
        help="How wide the hidden layers are beside the usual ones.",
    ),
    latent_option,
    gan_options,
    option(
        "--pictures",
        section="Output",
        type=FILE,
        metavar="FOLDER",
        help="Draw losses, a grid, and the same latents over the epochs, as a strip and as an "
        "animation, to FOLDER.",
    ),
    log_option,
    seed_option,
)

drawing_options = together(
    option(
        "-n",
        "--number",
        section="Images",
        type=click.IntRange(min=0),
        metavar="N",
        show_default="two of each label",
        help="Images to draw.",
    ),
    option(
        "--label",
        section="Images",
        metavar="LABEL",
        show_default="any",
        help="The label that all images are to have.",
    ),
    option(
        "-o",
        "--out",
        section="Output",
        required=True,
        type=FILE,
        metavar="OUT",
        help="A picture of a grid (.png), or arrays 'images' and 'labels' for NumPy (.npz).",
    ),
)
