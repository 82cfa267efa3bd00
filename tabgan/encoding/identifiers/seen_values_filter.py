"""Which values a column had, so vaguely that nobody can be found in it.

A generated value must not be one of the training table, and the model file must not tell who
is in that table. A list of hashes would: whoever guesses a value can look it up. Here every value
sets one bit of a field that is so small that about half of its bits are set (1.44 bits a value,
one hash each): half of all other texts fall on a set bit as well. A value that is made on a set
bit is passed over, so that none of the source is ever given; and of a set bit nobody can say
whose it is. A text on a set bit is about twice as likely to have been in the table as before one
looked, never certain to; one on a bit that is not set was certainly not in it.

Every column has a field of its own. Whoever knows several personal values of one row may look
them all up, and each doubles the odds: leave columns out of the table that nobody needs.
"""

import base64
import math
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["SeenValuesFilter"]

MOST_BITS = 2**33
MOST_SET = 0.9  # share of set bits from which hardly a value could be made
_LOOSE = str.maketrans("", "", string.punctuation + string.whitespace)
_HASH_KEY = "tabgan.crowded.1"  # 16 characters, for SipHash


@dataclass(frozen=True)
class SeenValuesFilter:
    """A field of bits on which every value of a source falls, and half of all others too.

    Upper and lower case, blanks and punctuation make no difference: ``"+49 170-1"`` is
    ``"+491701"``.

    Parameters
    ----------
    bits
        The field, a bool each.

    Examples
    --------
    >>> crowded = SeenValuesFilter.of(["Ann Lee", "Bob Ray"])
    >>> crowded.may_hold(["ann  lee", "BOB-RAY"]).tolist()
    [True, True]
    """

    bits: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if not 0 < len(self.bits) <= MOST_BITS or self.bits.mean() > MOST_SET:
            raise ValueError("a filter of values has too few bits that are not set")

    @classmethod
    def of(cls, values: Iterable[str]) -> Self:
        """Set the bits of values."""
        distinct = list(dict.fromkeys(values))
        bits = np.zeros(math.ceil(len(distinct) / math.log(2)) + 1, np.bool_)
        bits[_places(distinct, len(bits))] = True
        return cls(bits)

    def may_hold(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Return which texts may be values of the source; all of its values are among them."""
        return self.bits[_places(texts, len(self.bits))]

    def to_json(self) -> dict[str, Any]:
        """Describe the filter by JSON values."""
        packed = np.packbits(self.bits).tobytes()
        return {"size": len(self.bits), "bits": base64.b64encode(packed).decode("ascii")}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a filter from `to_json`'s value.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        packed = np.frombuffer(base64.b64decode(state["bits"], validate=True), np.uint8)
        size = int(state["size"])
        if len(packed) != -(-size // 8):
            raise ValueError(f"a filter of {size} bits can't be {len(packed)} bytes")
        return cls(np.unpackbits(packed, count=size).astype(np.bool_))


def _places(texts: Sequence[str], size: int) -> NDArray[np.intp]:
    """Hash texts to the numbers below `size`."""
    plain = np.empty(len(texts), object)
    plain[:] = [
        (text.translate(_LOOSE) or text.strip()).casefold().encode("utf-8", "surrogatepass")
        for text in texts
    ]
    hashes = pd.util.hash_array(plain, hash_key=_HASH_KEY, categorize=False)
    places: NDArray[np.intp] = (hashes % np.uint64(size)).astype(np.intp)
    return places
