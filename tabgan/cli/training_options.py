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


PRESETS = ("usual", "lectures", "vanilla")


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
    help="Number of training steps.",
)


epochs_option = option(
    "--epochs",
    section=_TRAINING,
    type=POSITIVE,
    metavar="X",
    help="Number of passes over the training data, instead of --steps.",
)


max_time_option = option(
    "--max-time",
    section=_TRAINING,
    type=SECONDS,
    metavar="TIME",
    show_default="no limit",
    help="Limit for the wall time of the fit, in seconds or such as 30s, 5m, 1h30m. The training "
    "ends early to meet it.",
)


device_option = option(
    "--device",
    section=_TRAINING,
    default="auto",
    metavar="auto|cpu|cuda",
    help="Device for training and sampling.",
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
    help="Model file (.safetensors).",
)


log_option = option(
    "--log-to",
    section=_OUTPUT,
    type=FILE,
    metavar="FOLDER",
    help="Log the losses and other records of the training to FOLDER for TensorBoard.",
)


latent_option = option(
    "--latent-dim",
    section=_NETWORKS,
    type=COUNT_OR_AUTO,
    default="auto",
    metavar="N|auto",
    help="Size of the generator's latent vector.",
)


learned_options = together(
    option(
        "--schedule",
        section=_NETWORKS,
        type=click.Choice(["edm", "linear", "cosine"]),
        default="edm",
        help="Noise schedule of --method diffusion.",
    ),
    option(
        "--noise-steps",
        section=_NETWORKS,
        type=COUNT_OR_AUTO,
        default="auto",
        metavar="N|auto",
        help="Number of denoising steps of --method diffusion.",
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
        help="Standard deviation of the input noise of --method vae, for a denoising autoencoder.",
    ),
    option(
        "--pairs",
        section=_NETWORKS,
        type=WholeNumber(min=1, max=32),
        default=1,
        metavar="K",
        help="Number of levels of --method vae; more than 1 make a hierarchical VAE.",
    ),
    option(
        "--reconstruction",
        section=_NETWORKS,
        type=click.Choice(["likelihood", "discriminator"]),
        default="likelihood",
        help="Reconstruction loss of --method vae; discriminator makes a VAE-GAN.",
    ),
)


gan_options = together(
    option(
        "--loss",
        section=_NETWORKS,
        type=TrainingPart(*LOSSES),
        default="non_saturating",
        metavar="NAME",
        help=f"Loss of the GAN: {', '.join(LOSSES[:-1])} or {LOSSES[-1]}.",
    ),
    option(
        "--penalty",
        section=_NETWORKS,
        type=TrainingPart(*PENALTIES, "auto"),
        default="auto",
        metavar="NAME",
        help=f"Penalty of the discriminator: {', '.join(PENALTIES)}, or auto: the usual "
        "one for the loss. Parameters follow a colon: r1:gamma=5",
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
        help=f"Stabilizer of the training: {', '.join(STABILIZERS[:-1])} or {STABILIZERS[-1]}; can "
        "be repeated.",
    ),
    option(
        "--discriminator-steps",
        section=_NETWORKS,
        type=COUNT_OR_AUTO,
        default="auto",
        metavar="K|auto",
        help="Steps of the discriminator per step of the generator; auto: 5 with --loss "
        "wasserstein, otherwise 1.",
    ),
    option(
        "--training",
        section=_NETWORKS,
        type=TrainingPart(*PRESETS),
        default="usual",
        metavar="NAME",
        help="Training scheme. lectures: fresh noise for the generator's step, a constant "
        "learning rate, no average of weights, and the lectures' defaults for other options. "
        "Parameters follow a colon: usual:fresh_noise=1",
    ),
    option(
        "--optimizer",
        section=_NETWORKS,
        type=TrainingPart(*OPTIMIZERS),
        default="adam",
        metavar="NAME",
        help="adam or sgd. Parameters follow a colon: adam:beta1=0.5,beta2=0.999",
    ),
    option(
        "--learning-rate",
        section=_NETWORKS,
        type=POSITIVE,
        default=5e-4,
        metavar="X",
        help="Initial learning rate of the optimizer.",
    ),
    option(
        "--prior",
        section=_NETWORKS,
        type=click.Choice(["gaussian", "uniform"]),
        default="gaussian",
        help="Distribution of the latent vectors.",
    ),
)


checkpoint_options = together(
    option(
        "--checkpoint",
        section=_TRAINING,
        type=FILE,
        metavar="FOLDER",
        help="Save the state of the fit to FOLDER regularly, and remove it at the end. Protect it "
        "like the table.",
    ),
    option(
        "--checkpoint-every",
        section=_TRAINING,
        type=WholeNumber(min=1),
        default=500,
        metavar="N",
        help="Training steps between two checkpoints.",
    ),
    option(
        "--resume",
        section=_TRAINING,
        is_flag=True,
        help="Resume from the state in the --checkpoint folder, if there is one.",
    ),
)


training_rows_option = option(
    "--training-rows",
    section=_TRAINING,
    type=POSITIVE_COUNT,
    metavar="N",
    show_default="500,000; all rows with --epsilon",
    help="Maximum number of rows to learn. From a larger table, a uniform random sample is read "
    "in one pass.",
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
        help="Generator. gan: a GAN; trees: boosted trees that sample each column given those "
        "before it, which is faster; diffusion: a diffusion model; vae: a variational "
        "autoencoder; auto: trees, or a GAN if the rows of trees can be told from held-out rows "
        "and the GAN's are better.",
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
        help="Rows per training step.",
    ),
    option(
        "--refine/--no-refine",
        section=_TRAINING,
        default=True,
        help="Prefer sampled rows that boosted trees take for real.",
    ),
    option(
        "--polish/--no-polish",
        section=_TRAINING,
        default=True,
        help="Sample columns again with boosted trees where this improves them.",
    ),
    checkpoint_options,
    option(
        "--epsilon",
        section=_PRIVACY,
        type=POSITIVE,
        metavar="X",
        show_default="no guarantee",
        help="Privacy budget ε of differential privacy per row; 1 is strong, 10 is weak. --kind, "
        "and the kinds, ranges and decimals in --schema, count as public.",
    ),
    option(
        "--delta",
        section=_PRIVACY,
        type=POSITIVE,
        default=1e-6,
        metavar="X",
        help="Probability δ of differential privacy; it should be far below 1 / (number of rows).",
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
        help="Width of the networks' hidden layers.",
    ),
    gan_options,
    learned_options,
    option(
        "--pictures",
        section=_OUTPUT,
        type=FILE,
        metavar="FOLDER",
        help="Plot the course of the training (losses.png), and its rows over the real ones "
        "(marginals.png), to FOLDER.",
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
    help="Images: a folder with one folder of pictures per class, a folder of pictures, MNIST's "
    "four files, or a file (.npz, .npy, .parquet, .arrow, .feather).",
)

size_option = option(
    "--size",
    section="Input",
    type=IMAGE_SIDES,
    metavar="HEIGHTxWIDTH",
    show_default="original size",
    help="Resize the images to this size.",
)


image_training_options = together(
    option(
        "--method",
        section="Training",
        type=click.Choice(["gan", "diffusion", "vae"]),
        default="gan",
        help="Generator: a GAN, a diffusion model, or a variational autoencoder.",
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
        help="Images per training step.",
    ),
    device_option,
    precision_option,
    option(
        "--architecture",
        section="Networks",
        type=TrainingPart(*ARCHITECTURES),
        default="mlp",
        metavar="NAME",
        help=f"Networks: {', '.join(ARCHITECTURES[:-1])} or {ARCHITECTURES[-1]}.",
    ),
    option(
        "--width",
        section="Networks",
        type=POSITIVE,
        default=1.0,
        metavar="X",
        help="Factor for the width of the hidden layers.",
    ),
    latent_option,
    gan_options,
    learned_options,
    option(
        "--pictures",
        section="Output",
        type=FILE,
        metavar="FOLDER",
        help="Plot the losses, a grid of images, and images of the same latents over the epochs "
        "(strip and animation) to FOLDER.",
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
        help="Number of images.",
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
        help="Output: a grid (.png), the NumPy arrays 'images' and 'labels' (.npz), or a folder "
        "(a name that ends in /) with one picture per image, in a folder for each label.",
    ),
)
