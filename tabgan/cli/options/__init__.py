"""Options that several commands share, by what they are about."""

from tabgan.cli.options.base import (
    COUNT_OR_AUTO,
    FILE,
    POSITIVE,
    NumberList,
    Option,
    TrainingPart,
    examples,
    option,
    together,
)
from tabgan.cli.options.rows import balance_option, rows_option, where_options
from tabgan.cli.options.running import json_option, quiet_option, seed_option
from tabgan.cli.options.table import (
    delimiter_option,
    encoding_option,
    force_option,
    output_options,
    reading_options,
    schema_option,
)
from tabgan.cli.options.training import (
    device_option,
    epochs_option,
    gan_options,
    latent_option,
    max_time_option,
    model_option,
    steps_option,
    training_options,
)

__all__ = [
    "COUNT_OR_AUTO",
    "FILE",
    "POSITIVE",
    "NumberList",
    "Option",
    "TrainingPart",
    "balance_option",
    "delimiter_option",
    "device_option",
    "encoding_option",
    "epochs_option",
    "examples",
    "force_option",
    "gan_options",
    "json_option",
    "latent_option",
    "max_time_option",
    "model_option",
    "option",
    "output_options",
    "quiet_option",
    "reading_options",
    "rows_option",
    "schema_option",
    "seed_option",
    "steps_option",
    "together",
    "training_options",
    "where_options",
]
