"""``tabgan images``: learn images, draw new ones, score them, and translate from one to another."""

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from tabgan.cli.command_options import (
    FILE,
    POSITIVE,
    Command,
    Number,
    WholeNumber,
    examples,
    option,
)
from tabgan.cli.table_options import force_option, json_option, quiet_option, seed_option
from tabgan.cli.training_options import (
    data_option,
    device_option,
    drawing_options,
    epochs_option,
    image_training_options,
    max_time_option,
    model_option,
    precision_option,
    size_option,
    steps_option,
)

if TYPE_CHECKING:
    from tabgan.cli.command_output import Report
    from tabgan.images.image_gan import ImageEstimator
    from tabgan.images.image_scores import ImageScores
    from tabgan.images.image_translator import ImageTranslator

__all__ = ["images", "translate"]

_TASKS = ("denoise", "colorize", "super-resolution")  # as in `tabgan.images.translation_network`


@click.command(
    cls=Command,
    no_args_is_help=True,
    epilog=examples(
        "tabgan images translate --task denoise --data mnist -m denoiser.safetensors",
        "tabgan images translate --task colorize --data photos/ --size 64 -m colors.safetensors",
        "tabgan images translate -m denoiser.safetensors --input noisy/ -o clean/",
    ),
)
@option(
    "--task",
    section="Training",
    type=click.Choice(_TASKS),
    show_default="no training; --model is read",
    help="Task to train. --data has images of the desired quality; the noisy, gray or small ones "
    "are derived from them.",
)
@option(
    "--input",
    "source",
    section="Input",
    type=FILE,
    metavar="PATH",
    help="Images to translate, in any form that --data reads.",
)
@option(
    "-o",
    "--out",
    section="Output",
    type=FILE,
    metavar="OUT",
    help="Output for the translated images: a grid (.png), arrays (.npz), or a folder (a name "
    "that ends in /).",
)
@data_option
@size_option
@steps_option
@epochs_option
@max_time_option
@option(
    "--batch-size",
    section="Training",
    type=WholeNumber(min=1),
    default=32,
    metavar="N",
    help="Images per training step.",
)
@option(
    "--noise",
    section="Training",
    type=POSITIVE,
    default=0.3,
    metavar="X",
    help="Standard deviation of the noise of --task denoise, for pixels from 0 to 1.",
)
@option(
    "--factor",
    section="Training",
    type=WholeNumber(min=2, max=16),
    default=4,
    metavar="N",
    help="Factor by which --task super-resolution enlarges height and width.",
)
@option(
    "--adversarial",
    section="Networks",
    type=Number(min=0),
    default=1e-3,
    metavar="X",
    help="Weight of the adversarial loss relative to the squared error; 0 turns the discriminator "
    "off.",
)
@option(
    "--width",
    section="Networks",
    type=POSITIVE,
    default=1.0,
    metavar="X",
    help="Factor for the width of the networks.",
)
@device_option
@precision_option
@model_option
@option(
    "--picture",
    section="Output",
    type=FILE,
    metavar="FILE",
    help="Write a picture of inputs, translations and originals to FILE (.png).",
)
@seed_option
@force_option
@quiet_option
@json_option
def translate(
    *,
    task: str | None,
    source: str | None,
    out: str | None,
    data: str | None,
    size: tuple[int, int] | None,
    model: str,
    picture: str | None,
    seed: int,
    force: bool,
    quiet: bool,
    as_json: bool,
    device: str,
    **options: Any,
) -> None:
    """Denoise or color images, or increase their resolution.

    --task trains a model on --data and shows its scores on other images. --input translates images
    with a model.
    """
    from tabgan.cli.command_output import Report, check_targets
    from tabgan.cli.image_files import check_image_target, read_part, write_images
    from tabgan.images.image_translator import ImageTranslator

    if (source is None) != (out is None) or (task is None and source is None):
        raise click.UsageError("use --task to train a model, or --input and --out to apply it")
    if out is not None:
        check_image_target(model, out, force=force)
    if picture is not None and (task is None or not picture.endswith(".png")):
        raise click.UsageError(f"--picture {picture} needs --task, and a name that ends in .png")
    report = Report(quiet=quiet)
    if task is None:
        translator = ImageTranslator.load(model, device=device)
    else:
        check_targets((), model=model, out=picture, force=force)
        own = {"task": task, "device": device, "random_state": seed, **options}
        translator = _train(own, data, size, report, model=model, picture=picture)
        report.facts |= {"model": model, "seed": seed, "steps": translator.n_steps_}
    if source is not None and out is not None:
        read = read_part(source, "train", report, whole=True)
        made = translator.translate(read.images)
        write_images(out, made, read.labels, columns=10)
        report.done("translate")
        report.say(f"Wrote {len(made):,} images to {out}")
        report.facts |= {"out": out, "images": len(made)}
    if as_json:
        report.print_json()


def _train(
    options: dict[str, Any],
    data: str | None,
    size: tuple[int, int] | None,
    report: "Report",
    *,
    model: str,
    picture: str | None,
) -> "ImageTranslator":
    """Train a model, save it, and show its scores on images that took no part."""
    from tabgan.cli.command_output import on_terminal, watch
    from tabgan.cli.image_files import draw_translations, read_halves
    from tabgan.cli.training import quietly
    from tabgan.images.image_translator import ImageTranslator

    train, test = read_halves(data, report, size=size)
    with watch(report, keeps=True) as watching:
        translator = ImageTranslator(verbose=on_terminal(report), callbacks=[watching], **options)
        quietly(translator.fit, train)
        seconds = report.done("fit")
        report.say(f"Trained {watching.steps_done(translator.n_steps_)} in {seconds:.1f} s")
        translator.save(model)
        report.say(f"Saved the model to {model}")
    scores = translator.evaluate(test)
    report.done("evaluate")
    report.say(
        f"{'':<14}{'model':>12}{scores.baseline:>20}\n"
        f"{'PSNR (dB)':<14}{scores.psnr:>12.2f}{scores.psnr_baseline:>20.2f}\n"
        f"{'SSIM':<14}{scores.ssim:>12.3f}{scores.ssim_baseline:>20.3f}"
    )
    report.facts["scores"] = scores._asdict()
    if picture is not None:
        draw_translations(translator, test, picture)
        report.say(f"Drew {picture}")
    return translator


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
    """Learn images with labels, and sample new ones."""


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
    """Learn images, and save the model.

    The model contains no image.
    """
    from tabgan.cli.command_output import Report, check_targets, on_terminal, watch
    from tabgan.cli.image_files import read_part
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
    """Sample images from a model.

    MODEL is a file that 'tabgan images fit' wrote.
    """
    from tabgan.cli.command_output import Report
    from tabgan.cli.image_files import check_image_target, images_to_draw, write_images
    from tabgan.images.image_gan import ImageEstimator

    if not out.endswith((".png", ".npz", "/")):
        raise click.UsageError(f"--out {out} must end in .png, .npz or /")
    if number == 0 and out.endswith(".png"):
        raise click.UsageError(f"-n 0: a picture needs an image; use -n 1 or more for {out}")
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
    type=WholeNumber(min=100),
    default=10_000,
    metavar="N",
    help="Number of images to sample and score.",
)
@option(
    "--judge",
    "judge_file",
    section="Scores",
    keys=("judge",),
    type=FILE,
    metavar="FILE",
    show_default="beside the model, named by a digest of the images",
    help="File of the judge, a classifier. It is read if it exists; otherwise it is trained and "
    "saved.",
)
@option(
    "--retrain/--no-retrain",
    section="Scores",
    default=True,
    help="Also score a classifier trained on sampled images only.",
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
    """Measure how good the images of a model are.

    A classifier of real images scores the images of MODEL, next to the scores of real images.
    """
    from dataclasses import asdict

    from tabgan.cli.command_output import Report
    from tabgan.cli.image_files import codes_of, describe_scores, judge_of, read_real
    from tabgan.images.image_gan import ImageEstimator
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
    """Describe a model file of images."""
    import json

    from tabgan.cli.command_output import aligned, print_text
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
