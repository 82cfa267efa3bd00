"""Addresses of web pages and paths of files, by pattern: hosts, depths and endings that recur."""

import re
from collections import Counter
from collections.abc import Sequence, Set
from typing import NamedTuple

from tabgan.encoding.identifiers.patterns import has_run, joined_parts
from tabgan.encoding.identifiers.text_pattern import Part, Pattern

__all__ = ["is_path", "learn_locations"]

LEAST_LOCATIONS = 5  # that share a host, a folder or an ending, for it to be kept
MOST_LOCATION_FORMS = 50
LEAST_GENERATED = 6  # letters of a generated step

_PAGE = Pattern(("https://example.com/", ("syll", 5)))
_URL = re.compile(r"(\w+://)(www\.)?([^/?#:@]+)((?:/[^?#]*)?)(?:[?#].*)?", re.ASCII)
_PATH = re.compile(r"([A-Za-z]:|\.{1,2}|~|)([/\\][^/\\\n]+)+[/\\]?", re.ASCII)
_TOP = re.compile(r"(?:\.(?:com?|org|net|ac|gov|edu))?\.[A-Za-z]{2,}$")  # as .de and .co.uk
_EXTENSION = re.compile(r"\.[A-Za-z]\w{0,4}$", re.ASCII)


class _Location(NamedTuple):
    """An address of a web page, or a path of a file, in parts."""

    lead: str  # the scheme and www., or the root of a path
    host: str | None  # None of a file
    steps: tuple[str, ...]  # folders, and what stands behind the last of them
    mark: str  # between them

    @property
    def top(self) -> str:
        return _ending(_TOP, self.host or "")

    @property
    def extension(self) -> str:
        return _ending(_EXTENSION, self.steps[-1] if self.steps else "")


def is_path(text: str) -> bool:
    """Return whether a text is a path of a file, from a root on.

    Examples
    --------
    >>> is_path("/var/log/a.txt"), is_path("and/or")
    (True, False)
    """
    match = _PATH.fullmatch(text)
    return match is not None and bool(match[1] or text.count("/") > 1)


def learn_locations(texts: Sequence[str], least: int) -> dict[Pattern, float]:
    """Learn how addresses of pages or paths of files are written: hosts, depths, endings.

    A host, a folder of some depth and an ending that enough of them share stay as they are; the
    rest is generated. So is the host of a home page.

    Parameters
    ----------
    texts
        Distinct addresses or paths.
    least
        How many of them share what is kept, where that is more than `LEAST_LOCATIONS`.

    Returns
    -------
    The commonest forms with their shares.
    """
    least = max(least, LEAST_LOCATIONS)
    locations = [own for own in map(_location, texts) if own is not None]
    shared = Counter[tuple[object, ...]]()
    for own in locations:
        shared.update([("top", own.top), ("extension", own.extension)])
        places = [(-1, own.host or ""), *enumerate(own.steps[:-1])]
        shared.update(("step", *place) for place in places if not _may_be_generated(place[1]))
    common = {part for part, n in shared.items() if n >= least}
    forms = Counter(_form_of_location(own, common) for own in locations)
    kept = {form: n for form, n in forms.most_common(MOST_LOCATION_FORMS) if n >= least}
    total = sum(kept.values())
    return {form: n / total for form, n in kept.items()} or {_PAGE: 1.0}


def _location(text: str) -> _Location | None:
    match = _URL.fullmatch(text)
    if match is not None:
        return _Location(match[1] + (match[2] or ""), match[3], tuple(match[4].split("/")[1:]), "/")
    if not is_path(text):
        return None
    mark = "\\" if "\\" in text else "/"
    root, *steps = text.split(mark)
    return _Location(root, None, tuple(steps), mark)


def _form_of_location(own: _Location, common: Set[tuple[object, ...]]) -> Pattern:
    parts: list[Part] = [own.lead]
    is_page = any(own.steps)
    if own.host is not None and is_page and ("step", -1, own.host) in common:
        parts.append(own.host)
    elif own.host is not None:
        parts += [("syll", 4), own.top if ("top", own.top) in common else ".com"]
    for depth, step in enumerate(own.steps[:-1]):
        parts += [own.mark, step if ("step", depth, step) in common else _run_like(step)]
    if own.steps:
        parts.append(own.mark)
        last, extension = own.steps[-1], own.extension
        bare = last.removesuffix(extension)
        parts += [_run_like(bare)] if bare else []
        parts += [extension] if ("extension", extension) in common else []
    joined = joined_parts(parts)
    return Pattern(joined if has_run(joined) else (*joined, ("syll", 4)))


def _may_be_generated(step: str) -> bool:
    """Return whether a step could also be a generated one: the texts of all forms must differ."""
    name = step.removesuffix(_ending(_TOP, step))
    letters = Pattern((("syll", 2),)).alphabets  # a consonant and a vowel
    is_like = len(name) >= LEAST_GENERATED
    is_like = is_like and all(sign in letters[at % 2] for at, sign in enumerate(name))
    return step.isdecimal() or is_like


def _run_like(step: str) -> tuple[str, int]:
    """Return characters for a step of a path: digits for digits, else syllables."""
    return ("digit", len(step)) if step.isdecimal() else ("syll", 3)


def _ending(form: re.Pattern[str], text: str) -> str:
    match = form.search(text)
    return match.group() if match else ""
