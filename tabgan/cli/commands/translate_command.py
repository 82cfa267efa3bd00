"""``tabgan images translate``: take noise from images, color them, or give them more pixels."""

from typing import TYPE_CHECKING, Any

import click

from tabgan.cli.command import Command
from tabgan.cli.option_types import FILE, POSITIVE, examples, option
from tabgan.cli.table_options import force_option, json_option, quiet_option, seed_option
from tabgan.cli.training_options import (
    data_option,
    device_option,
    epochs_option,
    max_time_option,
    model_option,
    precision_option,
    size_option,
    steps_option,
)

if TYPE_CHECKING:
    from tabgan.cli.console import Report
    from tabgan.images.image_translator import ImageTranslator

__all__ = ["translate"]

_TASKS = ("denoise", "colorize", "super-resolution")  # as in `tabgan.images.translation`


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
    show_default="the model is read, not trained",
    help="Learn this from images as they should be: from them noisy, grey or small ones are made.",
)
@option(
    "--input",
    "source",
    section="Input",
    type=FILE,
    metavar="PATH",
    help="Images to translate, as --data takes them.",
)
@option(
    "-o",
    "--out",
    section="Output",
    type=FILE,
    metavar="OUT",
    help="Where translations go: a grid (.png), arrays (.npz), or a folder (a name with / at its "
    "end).",
)
@data_option
@size_option
@steps_option
@epochs_option
@max_time_option
@option(
    "--batch-size",
    section="Training",
    type=click.IntRange(min=1),
    default=32,
    metavar="N",
    help="Images in a training step.",
)
@option(
    "--noise",
    section="Training",
    type=POSITIVE,
    default=0.3,
    metavar="X",
    help="Deviation of the noise of --task denoise, where pixels are from 0 to 1.",
)
@option(
    "--factor",
    section="Training",
    type=click.IntRange(min=2, max=16),
    default=4,
    metavar="N",
    help="How many times as high and wide images become by --task super-resolution.",
)
@option(
    "--adversarial",
    section="Networks",
    type=click.FloatRange(min=0),
    default=1e-3,
    metavar="X",
    help="Weight of the game against a discriminator, beside the squared error; 0 for none.",
)
@option(
    "--width",
    section="Networks",
    type=POSITIVE,
    default=1.0,
    metavar="X",
    help="Factor of the width of the networks.",
)
@device_option
@precision_option
@model_option
@option(
    "--picture",
    section="Output",
    type=FILE,
    metavar="FILE",
    help="Draw what is seen, the translations and the images that were meant to FILE (.png).",
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
    """Take noise from images, color them, or give them more pixels.

    With --task the model is trained on --data and its scores on other images are shown; with
    --input images are translated by it.
    """
    from tabgan.cli.console import Report
    from tabgan.cli.image_files import check_image_target, read_part, write_images
    from tabgan.cli.output_targets import check_targets
    from tabgan.images.image_translator import ImageTranslator

    if (source is None) != (out is None) or (task is None and source is None):
        raise click.UsageError("give --task to train a model, or --input and --out to use it")
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
    from tabgan.cli.console import on_terminal, watch
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
