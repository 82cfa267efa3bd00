"""How the texts of a column are written: the forms of numbers or dates that explain them.

What the recognition of numbers and that of dates share: the sample by which a form is chosen, how
much of a column must be explained, and the reading that comes of it.
"""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from tabgan.table.text_formats import MISSING_MARKS, spread

__all__ = [
    "FEW_OTHERS",
    "LEAST_SHARE",
    "LEAST_WITH_FEW",
    "MOST_FORMS",
    "SAMPLE",
    "FormReading",
    "FormShare",
    "are_enough",
    "explain",
    "filled_texts",
    "sample_texts",
]

SAMPLE = 1000  # distinct texts by which a form is chosen
MOST_FORMS = 6  # of one column
LEAST_SHARE = 0.8  # of the cells that must have a form
LEAST_WITH_FEW = 0.5  # the same where the others are few words, such as "open"
FEW_OTHERS = 5
NEARLY_AS_MANY = 0.98  # share of the cells of a form that a rival explains


class WrittenForm(Protocol):
    """One way to write a number or a date."""

    @property
    def spec(self) -> str:
        """The form as a short text."""


Form = TypeVar("Form", bound=WrittenForm)


class FormShare(NamedTuple, Generic[Form]):
    """A form, and the share of a column's filled cells that have it."""

    form: Form
    share: float


@dataclass(frozen=True)
class FormReading(Generic[Form]):
    """How the numbers or dates of a column are written.

    Parameters
    ----------
    forms
        The forms and their shares of the cells, that of the bulk first.
    others
        The texts that have none of the forms, the most frequent first.
    others_share
        The share of the cells that hold them.
    runner_up
        The form that explains the next most cells, and its share.
    is_ambiguous
        Whether the runner-up explains as much, with other values.
    why
        One line for people.
    """

    forms: tuple[FormShare[Form], ...]
    others: tuple[str, ...]
    others_share: float
    runner_up: FormShare[Form] | None
    is_ambiguous: bool
    why: str

    @property
    def form(self) -> Form:
        """The form of the bulk."""
        return self.forms[0].form

    def has_too_many_others(self, least_share: float) -> bool:
        """Return whether it leaves out more than a column may hold beside its bulk.

        Parameters
        ----------
        least_share
            The share of the cells that it must explain, unless the others are few distinct texts.
        """
        return len(self.others) > FEW_OTHERS and self.others_share > 1 - least_share


def filled_texts(counts: Mapping[str, int]) -> dict[str, int]:
    """Leave out the marks of absence."""
    return {text: count for text, count in counts.items() if text not in MISSING_MARKS}


def sample_texts(counts: Mapping[str, int]) -> dict[str, int]:
    """Take the most frequent texts, and others evenly spaced."""
    if len(counts) <= SAMPLE:
        return dict(counts)
    frequent = heapq.nlargest(SAMPLE // 5, counts, key=counts.__getitem__)
    return {text: counts[text] for text in (*frequent, *spread([*counts], SAMPLE))}


def are_enough(counts: Mapping[str, int], index: NDArray[np.int64], least_share: float) -> bool:
    """Return whether forms explain enough of the cells, and half as much of the distinct texts.

    Parameters
    ----------
    counts
        How many cells hold each distinct text.
    index
        The place of each text's form; -1 where none fits.
    least_share
        The share of the cells that must have a form.
    """
    cells, explained = np.array([*counts.values()]), index >= 0
    enough = cells[explained].sum() >= least_share * cells.sum()
    return bool(enough) and bool(explained.mean() >= 0.5 * least_share)


def explain(
    counts: Mapping[str, int],
    forms: Sequence[Form],
    index: NDArray[np.int64],
    ranked: Sequence[FormShare[Form]],
    *,
    differ: Callable[[Form, Form, Sequence[str]], bool],
    what: str,
) -> FormReading[Form]:
    """Say how the texts of a column are written.

    Parameters
    ----------
    counts
        How many cells hold each distinct text.
    forms
        The forms, that of the bulk first.
    index
        The place of each text's form; -1 where none fits.
    ranked
        Forms by the share of the cells that they explain.
    differ
        Tells whether two forms read the same texts as other values.
    what
        What the texts are, and in which form and range, in words.
    """
    rival = _find_rival(ranked, [*sample_texts(counts)], differ)
    cells, texts = np.array([*counts.values()]), np.array([*counts], object)
    shares = [float(cells[index == number].sum() / cells.sum()) for number in range(len(forms))]
    others = sorted(texts[index < 0].tolist(), key=lambda text: -counts[text])
    why = what
    if rival is not None:
        why += f"; {rival.form.spec} would fit as well"
    if len(forms) > 1:
        pairs = zip(forms[1:], shares[1:], strict=True)
        why += f"; some written {', '.join(f'{form.spec} ({share:.2g})' for form, share in pairs)}"
    if others:
        why += f"; {len(others)} other texts"
    return FormReading(
        forms=tuple(map(FormShare, forms, shares)),
        others=tuple(others),
        others_share=float(cells[index < 0].sum() / cells.sum()),
        runner_up=rival or (ranked[1] if len(ranked) > 1 else None),
        is_ambiguous=rival is not None,
        why=why,
    )


def _find_rival(
    ranked: Sequence[FormShare[Form]],
    texts: Sequence[str],
    differ: Callable[[Form, Form, Sequence[str]], bool],
) -> FormShare[Form] | None:
    """Return a form that explains about the same cells as the first one, with other values."""
    first, *rest = ranked
    near = (other for other in rest if other.share >= NEARLY_AS_MANY * first.share)
    return next((other for other in near if differ(first.form, other.form, texts)), None)
