"""The page's figures as JSON that is safe within HTML and short."""

import json
import math
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from tabgan.evaluation.report.words import short

__all__ = ["embed", "shortened"]

_UNSAFE = str.maketrans({"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"})


def embed(figures: Mapping[str, Any]) -> Markup:
    r"""Write figures for a ``<script type="application/json">``, which no value can end.

    Examples
    --------
    >>> embed({"name": "</script>&", "share": 0.123456, "floor": float("nan")})
    Markup('{"name":"\\u003c/script\\u003e\\u0026","share":0.1235,"floor":null}')
    """
    text = json.dumps(shortened(figures), separators=(",", ":"), allow_nan=False)
    # JSON's own escapes cover U+2028, U+2029 and lone surrogates.
    return Markup(text.translate(_UNSAFE))


def shortened(value: Any) -> Any:
    """Return JSON values with texts of a name's length and numbers of 4 digits."""
    if isinstance(value, str):
        return short(value) if value else value
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {short(str(key)): shortened(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shortened(item) for item in value]
    return value
