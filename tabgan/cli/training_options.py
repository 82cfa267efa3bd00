"""Options on trainings of tables and images: budget, networks, losses, privacy, output."""

import click

from tabgan.cli.command_options import (
    COUNT_OR_AUTO,
    FILE,
    IMAGE_SIDES,
    POSITIVE,
    POSITIVE_COUNT,
    SECONDS,
    Number,
    TrainingPart,
    WholeNumber,
    option,
    together,
)
from tabgan.cli.table_options import (
    condition_option,
    declaring_options,
    derive_option,
    locale_option,
    min_group_option,
    seed_option,
    text_option,
)

__all__ = [
    "ARCHITECTURES",
    "LOSSES",
    "OPTIMIZERS",
    "PENALTIES",
    "PRESETS",
    "STABILIZERS",
    "checkpoint_options",
    "data_option",
    "device_option",
    "drawing_options",
    "epochs_option",
    "gan_options",
    "image_training_options",
    "latent_option",
    "log_option",
    "max_time_option",
    "model_option",
    "size_option",
    "steps_option",
    "training_options",
    "training_rows_option",
]

_TRAINING, _PRIVACY, _NETWORKS, _OUTPUT = "Training", "Privacy", "Networks", "Output"


# The names of the registries in `tabgan.generators.gan`, which can't be read without torch.
LOSSES = ("non_saturating", "minimax", "wasserstein", "hinge", "relativistic")


PRESETS = ("usual", "lectures")


PENALTIES = (
    "r1",
    "r2",
    "r1r2",
    "gradient",
    "spectral",
    "weight_clipping",
    "gradient_clipping",
    "none",
)


STABILIZERS = (
    "label_smoothing",
    "one_sided_smoothing",
    "instance_noise",
    "feature_matching",
    "historical_averaging",
    "experience_replay",
)


OPTIMIZERS = ("adam", "sgd")


steps_option = option(
    "--steps",
    section=_TRAINING,
    type=COUNT_OR_AUTO,
    default="auto",
    metavar="N|auto",
    help="Training steps.",
)


epochs_option = option(
    "--epochs",
    section=_TRAINING,
    type=POSITIVE,
    metavar="X",
    help="Passes over the training data, in place of --steps.",
)


max_time_option = option(
    "--max-time",
    section=_TRAINING,
    type=SECONDS,
    metavar="TIME",
    show_default="no limit",
    help="Wall time for the fit, in seconds or as 30s, 5m, 1h30m; the training ends early to keep "
    "to it.",
)


device_option = option(
    "--device",
    section=_TRAINING,
    default="auto",
    metavar="auto|cpu|cuda",
    help="Device to train and to draw on.",
)


precision_option = option(
    "--precision",
    section=_TRAINING,
    type=click.Choice(["auto", "float32", "bfloat16"]),
    default="auto",
    help="Number format of matrix products.",
)


model_option = option(
    "-m",
    "--model",
    section=_OUTPUT,
    required=True,
    type=FILE,
    metavar="FILE",
    help="File for the model (.safetensors).",
)


log_option = option(
    "--log-to",
    section=_OUTPUT,
    type=FILE,
    metavar="FOLDER",
    help="Write the losses and other records of the training to FOLDER for TensorBoard.",
)


latent_option = option(
    "--latent-dim",
    section=_NETWORKS,
    type=COUNT_OR_AUTO,
    default="auto",
    metavar="N|auto",
    help="Size of the generator's latent.",
)


learned_options = together(
    option(
        "--schedule",
        section=_NETWORKS,
        type=click.Choice(["edm", "linear", "cosine"]),
        default="edm",
        help="Noise of --method diffusion; linear and cosine are those of the lectures.",
    ),
    option(
        "--noise-steps",
        section=_NETWORKS,
        type=COUNT_OR_AUTO,
        default="auto",
        metavar="N|auto",
        help="Steps in which --method diffusion takes noise away.",
    ),
    option(
        "--beta",
        section=_NETWORKS,
        type=Number(min=0),
        default=1.0,
        metavar="X",
        help="Weight of the KL divergence of --method vae.",
    ),
    option(
        "--input-noise",
        section=_NETWORKS,
        type=Number(min=0),
        default=0.0,
        metavar="X",
        help="Deviation of noise that --method vae learns to take away: a denoising autoencoder.",
    ),
    option(
        "--pairs",
        section=_NETWORKS,
        type=WholeNumber(min=1, max=32),
        default=1,
        metavar="K",
        help="Pairs of networks of --method vae, one above the other.",
    ),
    option(
        "--reconstruction",
        section=_NETWORKS,
        type=click.Choice(["likelihood", "discriminator"]),
        default="likelihood",
        help="What --method vae compares rows and their reconstruction by; with discriminator it "
        "is a VAE-GAN.",
    ),
)


gan_options = together(
    option(
        "--loss",
        section=_NETWORKS,
        type=TrainingPart(*LOSSES),
        default="non_saturating",
        metavar="NAME",
        help=f"{', '.join(LOSSES[:-1])} or {LOSSES[-1]}.",
    ),
    option(
        "--penalty",
        section=_NETWORKS,
        type=TrainingPart(*PENALTIES, "auto"),
        default="auto",
        metavar="NAME",
        help=f"{', '.join(PENALTIES)}, or auto: the usual one for the loss. Parameters "
        "follow a colon: r1:gamma=5",
    ),
    option(
        "--stabilizer",
        "stabilizers",
        section=_NETWORKS,
        keys=("stabilizers", "stabilisers"),
        aliases=("--stabilizers", "--stabiliser", "--stabilisers"),
        multiple=True,
        type=TrainingPart(*STABILIZERS),
        metavar="NAME",
        show_default="none",
        help=f"{', '.join(STABILIZERS[:-1])} or {STABILIZERS[-1]}; can be repeated.",
    ),
    option(
        "--discriminator-steps",
        section=_NETWORKS,
        type=COUNT_OR_AUTO,
        default="auto",
        metavar="K|auto",
        help="Steps of the discriminator for each step of the generator; auto: 5 with --loss "
        "wasserstein, else 1.",
    ),
    option(
        "--training",
        section=_NETWORKS,
        type=TrainingPart(*PRESETS),
        default="usual",
        metavar="NAME",
        help="usual, or lectures: fresh noise for the generator's step, a constant rate, no "
        "average of weights, and their own parts where an option has its default. Parameters "
        "follow a colon: usual:fresh_noise=1",
    ),
    option(
        "--optimizer",
        section=_NETWORKS,
        type=TrainingPart(*OPTIMIZERS),
        default="adam",
        metavar="NAME",
        help="adam or sgd, as in adam:beta1=0.5,beta2=0.999",
    ),
    option(
        "--learning-rate",
        section=_NETWORKS,
        type=POSITIVE,
        default=5e-4,
        metavar="X",
        help="The optimizer's learning rate at the start.",
    ),
    option(
        "--prior",
        section=_NETWORKS,
        type=click.Choice(["gaussian", "uniform"]),
        default="gaussian",
        help="Distribution of the latents.",
    ),
)


checkpoint_options = together(
    option(
        "--checkpoint",
        section=_TRAINING,
        type=FILE,
        metavar="FOLDER",
        help="Save the state of the fit to FOLDER as it goes, and remove it at the end. Guard it "
        "as the table.",
    ),
    option(
        "--checkpoint-every",
        section=_TRAINING,
        type=WholeNumber(min=1),
        default=500,
        metavar="N",
        help="Training steps between two states.",
    ),
    option(
        "--resume",
        section=_TRAINING,
        is_flag=True,
        help="Go on from the state in the folder of --checkpoint, if there is one.",
    ),
)


training_rows_option = option(
    "--training-rows",
    section=_TRAINING,
    type=POSITIVE_COUNT,
    metavar="N",
    show_default="500,000; all with --epsilon",
    help="Most rows that are learned: a larger table is read in one pass, and learned from a "
    "uniform sample of its rows.",
)


training_options = together(
    declaring_options(),
    condition_option,
    derive_option,
    locale_option,
    min_group_option,
    text_option,
    option(
        "--method",
        section=_TRAINING,
        type=click.Choice(["gan", "trees", "diffusion", "vae", "auto"]),
        default="gan",
        help="How the table is learned: gan is a generator against a discriminator; trees draw "
        "each column given those before it, which takes less time; diffusion takes noise away "
        "step by step; vae is an encoder and a decoder; auto tries trees, then gan if rows held "
        "out can be told from theirs, and learns all rows with the better one.",
    ),
    training_rows_option,
    steps_option,
    epochs_option,
    max_time_option,
    option(
        "--batch-size",
        section=_TRAINING,
        type=WholeNumber(min=1),
        default=512,
        metavar="N",
        help="Rows in a training step.",
    ),
    option(
        "--refine/--no-refine",
        section=_TRAINING,
        default=True,
        help="Refine: draw the rows more often that boosted trees take for real.",
    ),
    option(
        "--polish/--no-polish",
        section=_TRAINING,
        default=True,
        help="Polish: draw columns again by boosted trees where this improves them.",
    ),
    checkpoint_options,
    option(
        "--epsilon",
        section=_PRIVACY,
        type=POSITIVE,
        metavar="X",
        show_default="no guarantee",
        help="Budget of differential privacy for each row; 1 is strong, 10 is weak. --kind, and "
        "the kinds, ranges and decimals in --schema, count as public.",
    ),
    option(
        "--delta",
        section=_PRIVACY,
        type=POSITIVE,
        default=1e-6,
        metavar="X",
        help="The δ of --epsilon: it should be far below one in the number of rows.",
    ),
    device_option,
    precision_option,
    latent_option,
    option(
        "--hidden-dim",
        section=_NETWORKS,
        type=WholeNumber(min=1),
        default=256,
        metavar="N",
        help="Width of the hidden layers of the networks.",
    ),
    gan_options,
    learned_options,
    option(
        "--pictures",
        section=_OUTPUT,
        type=FILE,
        metavar="FOLDER",
        help="Draw the course of the training, and its rows over the real rows, to losses.png and "
        "marginals.png in FOLDER.",
    ),
    log_option,
    seed_option,
)


ARCHITECTURES = ("mlp", "mlp_tanh", "dcgan")  # as in `tabgan.images.image_networks`


data_option = option(
    "--data",
    section="Input",
    type=FILE,
    metavar="PATH",
    show_default="scikit-learn's 1,797 digits of 8 × 8 pixels",
    help="A folder with a folder of pictures for each class, a folder of pictures, MNIST's four "
    "files, or a file of images (.npz, .npy, .parquet, .arrow, .feather).",
)

size_option = option(
    "--size",
    section="Input",
    type=IMAGE_SIDES,
    metavar="HEIGHTxWIDTH",
    show_default="as they are",
    help="Size that the images are brought to.",
)


image_training_options = together(
    option(
        "--method",
        section="Training",
        type=click.Choice(["gan", "diffusion", "vae"]),
        default="gan",
        help="How the images are learned: by a generator against a discriminator, by taking noise "
        "away step by step, or by an encoder and a decoder.",
    ),
    steps_option,
    epochs_option,
    max_time_option,
    option(
        "--batch-size",
        section="Training",
        type=WholeNumber(min=2),
        default=128,
        metavar="N",
        help="Images in a training step.",
    ),
    device_option,
    precision_option,
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
        help="Factor of the width of the hidden layers.",
    ),
    latent_option,
    gan_options,
    learned_options,
    option(
        "--pictures",
        section="Output",
        type=FILE,
        metavar="FOLDER",
        help="Draw the losses, a grid of images, and the same latents over the epochs, as a strip "
        "and as an animation, to FOLDER.",
    ),
    log_option,
    seed_option,
)


drawing_options = together(
    option(
        "-n",
        "--number",
        section="Images",
        type=WholeNumber(min=0),
        metavar="N",
        show_default="two of each label",
        help="Images to draw.",
    ),
    option(
        "--label",
        section="Images",
        metavar="LABEL",
        show_default="any",
        help="Label of all images.",
    ),
    option(
        "-o",
        "--out",
        section="Output",
        required=True,
        type=FILE,
        metavar="OUT",
        help="A picture of a grid (.png), arrays 'images' and 'labels' for NumPy (.npz), or a "
        "folder (a name that ends in /), for a picture each, in folders by label.",
    ),
)
