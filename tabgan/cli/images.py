"""``tabgan images``: learn images, draw more, and see how good they are."""

from typing import TYPE_CHECKING, Any

import click

from tabgan.cli.options import (
    device_option,
    examples,
    force_option,
    gan_options,
    json_option,
    latent_option,
    max_time_option,
    quiet_option,
    seed_option,
    steps_option,
)

if TYPE_CHECKING:
    from tabgan.images.evaluate import ImageScores

__all__ = ["images"]

MOMENTS = 8  # of the training that are drawn

data_option = click.option(
    "--data",
    metavar="FOLDER",
    help="Folder with MNIST's four files, or others of their format and names, gzipped or not.  "
    "[default: scikit-learn's 1,797 digits of 8 × 8 pixels]",
)


@click.group(no_args_is_help=True)
def images() -> None:
    """Learn images by their labels, and draw new ones."""


@images.command(
    no_args_is_help=True,
    epilog=examples(
        "tabgan images fit -m digits.safetensors",
        "tabgan images fit --data mnist -m mnist.safetensors --pictures pictures",
        "tabgan images fit --data mnist -m dcgan.safetensors --architecture dcgan --width 0.25",
    ),
)
@data_option
@click.option(
    "-m", "--model", required=True, metavar="FILE", help="File for the model (.safetensors)."
)
@click.option(
    "--architecture",
    metavar="NAME",
    default="mlp",
    show_default=True,
    help="mlp, mlp_tanh or dcgan.",
)
@click.option(
    "--width",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="X",
    help="How wide the hidden layers are beside the usual ones.",
)
@latent_option
@steps_option
@click.option(
    "--epochs",
    type=click.FloatRange(min=0, min_open=True),
    metavar="X",
    help="Passes over the images, in place of --steps.",
)
@max_time_option
@click.option(
    "--batch-size",
    type=click.IntRange(min=2),
    default=128,
    show_default=True,
    metavar="N",
    help="Images in a training step.",
)
@click.option(
    "--pictures",
    metavar="FOLDER",
    help="Draw losses, a grid, and the same latents over the epochs, as a strip and as an "
    "animation, to FOLDER.",
)
@gan_options
@device_option
@seed_option
@force_option
@quiet_option
@json_option
def fit(
    *,
    data: str | None,
    model: str,
    seed: int | None,
    stabilisers: tuple[str, ...],
    pictures: str | None,
    force: bool,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Learn images and keep the model in a file; it holds no image."""
    import sys

    from tabgan.cli.image_files import read_part
    from tabgan.cli.work import Report, check_targets, new_seed, quietly
    from tabgan.images.estimator import ImageGAN

    check_targets((), model=model, force=force)
    if pictures:
        from tabgan.cli.image_files import check_image_folder, draw_image_pictures

        check_image_folder(pictures, force=force)
    report = Report(quiet=quiet)
    pixels, labels = read_part(data, "train", report)
    seed = new_seed() if seed is None else seed
    verbose = not quiet and sys.stderr.isatty()
    options |= {"stabilisers": list(stabilisers) or None, "random_state": seed}
    options["snapshots"] = MOMENTS if pictures else 0
    gan = quietly(ImageGAN(verbose=verbose, **options).fit, pixels, labels)
    seconds = report.done("fit")
    report.say(f"Trained {gan.n_steps_:,} steps in {seconds:.1f} s; latent size {gan.latent_dim_}")
    for finding in gan.diagnosis_:
        report.say(f"Warning: {finding}")
    gan.save(model)
    report.say(f"Kept the model in {model}")
    if pictures:
        report.facts["pictures"] = draw_image_pictures(gan, pictures, report)
    report.facts |= {"model": model, "seed": seed, "steps": gan.n_steps_, "images": len(pixels)}
    report.facts["diagnosis"] = [finding.to_json() for finding in gan.diagnosis_]
    if as_json:
        report.print_json()


@images.command(
    no_args_is_help=True,
    epilog=examples(
        "tabgan images sample mnist.safetensors -o digits.png",
        "tabgan images sample mnist.safetensors -n 40 --label 7 -o sevens.png",
        "tabgan images sample mnist.safetensors -n 10000 -o digits.npz",
    ),
)
@click.argument("model")
@click.option(
    "-n",
    "--number",
    type=click.IntRange(min=0),
    metavar="N",
    help="Images to draw.  [default: two of each label]",
)
@click.option(
    "--label", metavar="LABEL", help="The label that all images are to have.  [default: any]"
)
@click.option(
    "-o",
    "--out",
    required=True,
    metavar="OUT",
    help="A picture of a grid (.png), or arrays 'images' and 'labels' for NumPy (.npz).",
)
@device_option
@seed_option
@force_option
@quiet_option
@json_option
def sample(
    *,
    model: str,
    number: int | None,
    label: str | None,
    out: str,
    device: str,
    seed: int | None,
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Draw images from a MODEL that 'tabgan images fit' wrote."""
    from tabgan.cli.image_files import to_ask, write_images
    from tabgan.cli.work import Report, check_targets, new_seed
    from tabgan.images.estimator import ImageGAN

    if not out.endswith((".png", ".npz")):
        raise click.UsageError(f"--out {out}: give a name that ends in .png or .npz")
    check_targets((model,), out=out, force=force)
    report = Report(quiet=quiet)
    gan = ImageGAN.load(model, device=device)
    seed = new_seed() if seed is None else seed
    number, asked = to_ask(gan.classes_.tolist(), number, label)
    drawn, labels = gan.sample_labelled(number, label=asked, random_state=seed)
    report.done("sample")
    write_images(out, drawn, labels, columns=max(len(gan.classes_), 10))
    report.say(f"Wrote {len(drawn):,} images to {out}")
    report.facts |= {"model": model, "seed": seed, "out": out, "images": len(drawn)}
    if as_json:
        report.print_json()


@images.command(
    no_args_is_help=True,
    epilog=examples(
        "tabgan images evaluate mnist.safetensors --data mnist",
        "tabgan images evaluate mnist.safetensors --data mnist --judge judge.safetensors --json",
    ),
)
@click.argument("model")
@data_option
@click.option(
    "-n",
    "--number",
    type=click.IntRange(min=100),
    default=10_000,
    show_default=True,
    metavar="N",
    help="Images to draw and to judge.",
)
@click.option(
    "--judge",
    "judge_file",
    metavar="FILE",
    help="File of the judge: read if it is there, else trained and written.  [default: trained "
    "and forgotten]",
)
@click.option(
    "--retrain/--no-retrain",
    default=True,
    show_default=True,
    help="Also train a classifier on drawn images alone.",
)
@device_option
@seed_option
@quiet_option
@json_option
def evaluate(
    *,
    model: str,
    data: str | None,
    number: int,
    judge_file: str | None,
    retrain: bool,
    device: str,
    seed: int | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Score a MODEL's images: by a classifier of real ones, and beside real ones."""
    from dataclasses import asdict

    from tabgan.cli.image_files import codes_of, describe_scores, judge_of, read_part
    from tabgan.cli.work import Report, new_seed
    from tabgan.images.estimator import ImageGAN
    from tabgan.images.evaluate import Labelled, evaluate_images

    report = Report(quiet=quiet)
    gan = ImageGAN.load(model, device=device)
    parts = read_part(data, "train", report), read_part(data, "test", report)
    classes = gan.classes_.tolist() or sorted(set(parts[0].labels.tolist()))
    train, test = (Labelled(part.images, codes_of(part.labels, classes)) for part in parts)
    seed = new_seed() if seed is None else seed
    judge = judge_of(train, len(classes), judge_file, seed, report)
    drawn, labels = gan.sample_labelled(number, random_state=seed)
    codes = None if labels is None else codes_of(labels, classes)
    scores: ImageScores = evaluate_images(
        judge, drawn, train, test, seed=seed, codes=codes, retrain=retrain
    )
    report.done("evaluate")
    report.facts |= {"model": model, "seed": seed, "scores": asdict(scores)}
    if as_json:
        report.print_json()
    else:
        click.echo(describe_scores(scores))
