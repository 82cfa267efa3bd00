"""``tabgan images``: learn images, draw new ones, and score them."""

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from tabgan.cli.command import Command
from tabgan.cli.commands.translate_command import translate
from tabgan.cli.option_types import FILE, examples, option
from tabgan.cli.table_options import force_option, json_option, quiet_option, seed_option
from tabgan.cli.training_options import (
    data_option,
    device_option,
    drawing_options,
    image_training_options,
    model_option,
    size_option,
)

if TYPE_CHECKING:
    from tabgan.images.image_estimator import ImageEstimator
    from tabgan.images.image_scores import ImageScores

__all__ = ["images"]

MOMENTS = 8  # of the training that are drawn


@click.group(
    no_args_is_help=True,
    epilog=examples(
        "tabgan images fit -m digits.safetensors",
        "tabgan images sample digits.safetensors -o digits.png",
        "tabgan images evaluate digits.safetensors",
    ),
)
def images() -> None:
    """Learn images by their labels, and draw new ones."""


@images.command(
    cls=Command,
    no_args_is_help=True,
    epilog=examples(
        "tabgan images fit -m digits.safetensors",
        "tabgan images fit --data mnist -m mnist.safetensors --pictures pictures",
        "tabgan images fit --data mnist -m dcgan.safetensors --architecture dcgan --width 0.25",
        "tabgan images fit --data pets/ --size 32x32 -m pets.safetensors --method vae",
    ),
)
@data_option
@size_option
@image_training_options
@model_option
@force_option
@quiet_option
@json_option
def fit(
    *,
    data: str | None,
    size: tuple[int, int] | None,
    model: str,
    method: str,
    seed: int,
    stabilizers: tuple[str, ...],
    pictures: str | None,
    log_to: str | None,
    force: bool,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Learn images and save the model to a file; it holds no image."""
    from tabgan.cli.console import Report, on_terminal, watch
    from tabgan.cli.image_files import read_part
    from tabgan.cli.output_targets import check_targets
    from tabgan.cli.training import quietly, trackers
    from tabgan.images import METHODS

    options |= {"stabilizers": list(stabilizers) or None, "random_state": seed}
    options["snapshots"] = MOMENTS if pictures else 0
    options = _options_of(method, METHODS[method], options)
    check_targets((), model=model, force=force)
    if pictures:
        from tabgan.cli.image_files import check_image_folder, draw_image_pictures

        check_image_folder(pictures, force=force)
    report = Report(quiet=quiet)
    pixels, labels = read_part(data, "train", report, size=size)
    with watch(report, keeps=True) as watching:
        callbacks = [watching, *trackers(log_to)]
        gan = METHODS[method](verbose=on_terminal(report), callbacks=callbacks, **options)
        quietly(gan.fit, pixels, labels)
        seconds = report.done("fit")
        steps = watching.steps_done(gan.n_steps_)
        latent = f"; latent size {gan.latent_dim_}" if hasattr(gan, "latent_dim_") else ""
        report.say(f"Trained {steps} in {seconds:.1f} s{latent}")
        for finding in gan.diagnosis_:
            report.say(f"Warning: {finding}")
        gan.save(model)
        report.say(f"Saved the model to {model}")
    if pictures:
        report.facts["pictures"] = draw_image_pictures(gan, pictures, report)
    report.facts |= {"model": model, "seed": seed, "steps": gan.n_steps_, "images": len(pixels)}
    report.facts["diagnosis"] = [finding.to_json() for finding in gan.diagnosis_]
    if as_json:
        report.print_json()


def _options_of(
    method: str, estimator: "type[ImageEstimator]", options: dict[str, Any]
) -> dict[str, Any]:
    """Return the options that a method has; refuse others that the command line names."""
    own = estimator().get_params(deep=False)
    ctx = click.get_current_context()
    for param in ctx.command.params:
        name = param.name or ""
        place = ctx.get_parameter_source(name)
        if name in (*options, "pictures") and place is ParameterSource.COMMANDLINE:
            is_own = name in own or (name == "pictures" and "snapshots" in own) or name == "seed"
            if not is_own:
                flag = max(param.opts, key=len)
                raise click.UsageError(
                    f"{flag} can't be combined with --method {method}, which has no such option; "
                    f"leave {flag} out"
                )
        elif place is ParameterSource.DEFAULT and method != "gan":
            options.pop(name, None)  # the estimator has its own defaults
    return {name: value for name, value in options.items() if name in own}


@images.command(
    cls=Command,
    no_args_is_help=True,
    epilog=examples(
        "tabgan images sample mnist.safetensors -o digits.png",
        "tabgan images sample mnist.safetensors -n 40 --label 7 -o sevens.png",
        "tabgan images sample mnist.safetensors -n 10000 -o digits.npz",
        "tabgan images sample mnist.safetensors -n 1000 -o digits/",
    ),
)
@click.argument("model", type=FILE)
@drawing_options
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
    seed: int,
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Draw images from a MODEL that 'tabgan images fit' wrote."""
    from tabgan.cli.console import Report
    from tabgan.cli.image_files import check_image_target, images_to_draw, write_images
    from tabgan.images.image_estimator import ImageEstimator

    if not out.endswith((".png", ".npz", "/")):
        raise click.UsageError(f"--out {out}: give a name that ends in .png, .npz or /")
    if number == 0 and out.endswith(".png"):
        raise click.UsageError(f"-n 0: a picture has an image at least; draw more than 0 to {out}")
    check_image_target(model, out, force=force)
    report = Report(quiet=quiet)
    gan = ImageEstimator.load(model, device=device)
    number, wanted = images_to_draw(gan.classes_.tolist(), number, label)
    drawn, labels = gan.sample_labelled(number, label=wanted, random_state=seed)
    report.done("sample")
    write_images(out, drawn, labels, columns=max(len(gan.classes_), 10))
    report.say(f"Wrote {len(drawn):,} images to {out}")
    report.facts |= {"model": model, "seed": seed, "out": out, "images": len(drawn)}
    if as_json:
        report.print_json()


@images.command(
    cls=Command,
    no_args_is_help=True,
    epilog=examples(
        "tabgan images evaluate mnist.safetensors --data mnist",
        "tabgan images evaluate mnist.safetensors --data mnist --judge judge.safetensors --json",
    ),
)
@click.argument("model", type=FILE)
@data_option
@option(
    "-n",
    "--number",
    section="Images",
    type=click.IntRange(min=100),
    default=10_000,
    metavar="N",
    help="Images to draw and to score.",
)
@option(
    "--judge",
    "judge_file",
    section="Scores",
    keys=("judge",),
    type=FILE,
    metavar="FILE",
    show_default="beside the model, by a digest of the images",
    help="File of the judge, a classifier: read if it exists, else trained and written.",
)
@option(
    "--retrain/--no-retrain",
    section="Scores",
    default=True,
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
    seed: int,
    quiet: bool,
    as_json: bool,
) -> None:
    """Score a MODEL's images by a classifier of real ones, beside the scores of real images."""
    from dataclasses import asdict

    from tabgan.cli.console import Report
    from tabgan.cli.image_files import codes_of, describe_scores, judge_of, read_real
    from tabgan.images.image_estimator import ImageEstimator
    from tabgan.images.image_scores import evaluate_images

    report = Report(quiet=quiet)
    gan = ImageEstimator.load(model, device=device)
    train, test, n_classes = read_real(data, gan, report)
    judge = judge_of(train, n_classes, judge_file, seed, report, model=model)
    drawn, labels = gan.sample_labelled(number, random_state=seed)
    codes = None if labels is None else codes_of(labels, gan.classes_.tolist())
    scores: ImageScores = evaluate_images(
        judge, drawn, train, test, seed=seed, codes=codes, retrain=retrain
    )
    report.done("evaluate")
    report.facts |= {"model": model, "seed": seed, "scores": asdict(scores)}
    if as_json:
        report.print_json()
    else:
        click.echo(describe_scores(scores))


@images.command(
    cls=Command,
    no_args_is_help=True,
    epilog=examples(
        "tabgan images inspect mnist.safetensors",
        "tabgan images inspect mnist.safetensors --json",
    ),
)
@click.argument("model", type=FILE)
@json_option
def inspect(*, model: str, as_json: bool) -> None:
    """Show what a MODEL file of images holds."""
    import json

    from tabgan.cli.console import aligned, print_text
    from tabgan.cli.image_files import describe_images

    facts = describe_images(model)
    if as_json:
        print_text(json.dumps(facts))
        return
    shown = {
        **facts,
        "image_shape": "×".join(map(str, facts["image_shape"])),
        "labels": ", ".join(f"{name} ({share:.1%})" for name, share in facts["labels"].items()),
        "diagnosis": "; ".join(finding["name"] for finding in facts["diagnosis"]),
    }
    rows = [(name.replace("_", " "), str(value)) for name, value in shown.items() if value != ""]
    print_text("\n".join(aligned(rows)))


images.add_command(translate)
