"""The model file: one safetensors file with JSON metadata.

The header's metadata holds one entry, ``tabgan``: the SHA-256 digest of the whole file, in which
the digest's own place is filled with zeros, and then JSON: format version, library versions, the
model's description. A reader checks size, digest, version, shapes and finite values before it
builds anything. There is no pickle and no code in the file, and no training row.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from tabgan.base.errors import ModelFileError, TabGANError
from tabgan.base.safe_files import open_atomically

__all__ = [
    "FORMAT_VERSION",
    "check_tensor",
    "parameters_from_json",
    "parameters_to_json",
    "assembling",
    "model_bytes",
    "read_model",
    "under",
    "write_model",
]

FORMAT_VERSION = (1, 0)  # a reader refuses a newer major version


MAX_HEADER = 100_000_000  # the limit of the safetensors format


_BLANK = "0" * 64


_OPENING = b'"tabgan":"'


def write_model(
    path: str | os.PathLike[str], description: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> None:
    """Write a model file beside its place and move it there when it is whole.

    Parameters
    ----------
    path
        Path of the file.
    description
        JSON values that describe the model.
    tensors
        Tensors by name.

    Raises
    ------
    OSError
        If the file can't be written; an older file of that name is then untouched.
    """
    content = model_bytes(description, tensors)
    with open_atomically(path) as file:
        file.write(content)


def model_bytes(description: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> bytes:
    """Return the bytes of a model file.

    Parameters
    ----------
    description, tensors
        As of `write_model`.
    """
    text = json.dumps({"format": list(FORMAT_VERSION), **description}, allow_nan=False)
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content = save_tensors(plain, {"tabgan": _BLANK + text})
    digest = hashlib.sha256(content).hexdigest()
    place = content.index(_OPENING + _BLANK.encode()) + len(_OPENING)
    return content[:place] + digest.encode() + content[place + len(digest) :]


def read_model(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read and check a model file; return its description and its tensors, on the CPU.

    Raises
    ------
    ModelFileError
        If the file is not a model of this library, is damaged, or is of a newer major version.
    OSError
        If it can't be opened.
    """
    content = _read_checked(Path(path))
    header = _parse_header(content, path)
    metadata = header.get("__metadata__")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("tabgan"), str):
        raise ModelFileError(f"{path}: a safetensors file, but not a tabgan model")
    # The version first: a newer format may have another way to guard its content.
    digest, text = metadata["tabgan"][: len(_BLANK)], metadata["tabgan"][len(_BLANK) :]
    description = _parse_description(text, path)
    _check_digest(content, digest, path)
    try:
        tensors = load_tensors(content)
    except SafetensorError as error:
        raise ModelFileError(f"{path}: the tensors can't be read ({error})") from error
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise ModelFileError(f"{path}: tensor {name!r} holds values that are not finite")
    return description, tensors


@contextmanager
def assembling(path: str | os.PathLike[str], what: str = "model") -> Iterator[None]:
    """Turn whatever is wrong with a file's parts into one `ModelFileError`.

    Parameters
    ----------
    path
        Path of the file.
    what
        What the file holds, for the message.
    """
    try:
        yield
    except ModelFileError as error:
        raise error.within(str(path)) from error
    except (
        TabGANError, KeyError, TypeError, ValueError, IndexError, AttributeError,
        RuntimeError, ArithmeticError, RecursionError,
    ) as error:  # fmt: skip
        raise ModelFileError(
            f"{path}: the {what}'s parts don't fit together "
            f"({type(error).__name__}: {str(error)[:200]})"
        ) from error


def _read_checked(path: Path) -> bytes:
    """Check the header's length against the file's size before reading the file."""
    if path.is_dir():
        raise ModelFileError(f"{path}: a directory, not a model file")
    with path.open("rb") as file:
        first = file.read(8)
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(first, "little")
        if len(first) < 8 or not 2 <= length <= min(MAX_HEADER, size - 8):
            raise ModelFileError(
                f"{path}: not a tabgan model, or cut off ({size} bytes); models are written by "
                "TabGAN.save or 'tabgan fit'"
            )
        return first + file.read()


def _parse_header(content: bytes, path: str | os.PathLike[str]) -> dict[str, Any]:
    length = int.from_bytes(content[:8], "little")
    try:
        header = json.loads(content[8 : 8 + length])
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{path}: not a tabgan model, or its header is damaged") from error
    if not isinstance(header, dict):
        raise ModelFileError(f"{path}: not a tabgan model, or its header is damaged")
    return header


def _check_digest(content: bytes, digest: str, path: str | os.PathLike[str]) -> None:
    start = content.find(_OPENING + digest.encode("utf-8", "replace")) + len(_OPENING)
    hasher = hashlib.sha256(content[:start])
    hasher.update(_BLANK.encode())
    hasher.update(memoryview(content)[start + len(_BLANK) :])
    if hasher.hexdigest() != digest:
        raise ModelFileError(
            f"{path}: the file is damaged (its checksum does not fit); save the model again"
        )


def _parse_description(text: str, path: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        description = json.loads(text)
        major = description["format"][0]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise ModelFileError(f"{path}: the model's description can't be read") from error
    if major != FORMAT_VERSION[0]:
        raise ModelFileError(
            f"{path}: model format {major}, this library reads format {FORMAT_VERSION[0]}; "
            "use the version of tabgan that wrote it, or a newer one"
        )
    return description  # type: ignore[no-any-return]


# Options whose names in model files are those of an earlier version.
_NAMES_IN_FILES = {"stabilizers": "stabilisers"}


def parameters_to_json(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return an estimator's options under the names that model files give them.

    Examples
    --------
    >>> parameters_to_json({"steps": 5, "stabilizers": None})
    {'steps': 5, 'stabilisers': None}
    """
    return {_NAMES_IN_FILES.get(name, name): value for name, value in parameters.items()}


def parameters_from_json(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a model file under their own names.

    Examples
    --------
    >>> parameters_from_json({"steps": 5, "stabilisers": None})
    {'steps': 5, 'stabilizers': None}
    """
    names = {old: name for name, old in _NAMES_IN_FILES.items()}
    return {names.get(name, name): value for name, value in parameters.items()}


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names begin with a prefix, without it.

    Parameters
    ----------
    prefix
        How the names begin.
    tensors
        Tensors by name.
    """
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def check_tensor(
    tensors: Mapping[str, Tensor],
    name: str,
    shape: tuple[int, ...],
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return a tensor of a model file if it has the shape and the dtype that it must have.

    Parameters
    ----------
    tensors
        Tensors by name.
    name
        Name of the tensor.
    shape
        Its shape.
    dtype
        Its dtype.

    Raises
    ------
    KeyError, ValueError
        If it is missing or does not fit.
    """
    tensor = tensors[name]
    if tuple(tensor.shape) != shape or tensor.dtype != dtype:
        raise ValueError(f"{name} must be {dtype} of shape {shape}")
    return tensor
