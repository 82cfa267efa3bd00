"""Encoders of columns that are made anew, without a look at any of their values."""

import pandas as pd

from tabgan.encoding.base import ColumnEncoder
from tabgan.encoding.identifier import IdentifierEncoder
from tabgan.encoding.people import locale_of
from tabgan.encoding.text import TextEncoder
from tabgan.expressions import RegularExpression
from tabgan.kinds import expression_of
from tabgan.schema import Column
from tabgan.vocabularies import vocabulary

__all__ = ["identifier_encoder"]

_PATTERNS = {  # how values are written that no value is looked at for
    "email": ["someone@example.com"],
    "iban": ["DE89370400440532013000"],
    "text": ["lorem ipsum dolor sit amet", "lorem ipsum dolor sit amet consectetur adipiscing"],
    "uuid": ["6ba7b810-9dad-41d1-80b4-00c04fd430c8"],
}
_WORDS = {"phone": "phone_number"}  # kinds whose vocabulary has another name
EXAMPLES = 50


def identifier_encoder(column: Column) -> ColumnEncoder:
    """Make the encoder of a column from its kind, dtype and locale; no value is missing then."""
    examples = pd.Series(_examples(column), dtype=object)
    encoder = TextEncoder if column.kind == "text" else IdentifierEncoder
    return encoder.fit(column, examples)


def _examples(column: Column) -> list[str]:
    expression = expression_of(column.kind)
    if expression is not None:
        import numpy as np

        return [str(text) for text in RegularExpression(expression).write(np.array([0]))]
    if column.kind in ("identifier", "sequential"):
        return []
    if column.kind in _PATTERNS:
        return _PATTERNS[column.kind]
    words = vocabulary(locale_of(column), _WORDS.get(column.kind, column.kind))
    return list(words[:EXAMPLES])
