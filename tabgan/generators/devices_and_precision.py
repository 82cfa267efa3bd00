"""Devices, number formats and threads of torch."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Literal

import torch

from tabgan.base.errors import OptionError

__all__ = ["Precision", "autocast", "choose_device", "choose_precision", "one_thread"]

Precision = Literal["auto", "float32", "bfloat16"]


def choose_device(device: str) -> torch.device:
    """Resolve a device option; ``"auto"`` is CUDA if there is a GPU, otherwise the CPU.

    Raises
    ------
    OptionError
        If the device is unknown to torch or not on this machine.

    Examples
    --------
    >>> choose_device("cpu")
    device(type='cpu')
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.ones(1, device=chosen).item()
    except (RuntimeError, AssertionError, TypeError) as error:
        raise OptionError(
            f"device={device!r} is not available here; use 'auto', 'cpu', or 'cuda' on a machine "
            "whose torch build and driver support it"
        ) from error
    return chosen


def choose_precision(precision: str, device: torch.device) -> torch.dtype:
    """Resolve a precision option; ``"auto"`` is bfloat16 if the hardware supports it.

    On a CPU that means AMX or the dot products of AVX-512 (a step took .36 times as long with the
    latter): without them bfloat16 is emulated.

    Raises
    ------
    OptionError
        If the option is not "auto", "float32" or "bfloat16".
    """
    if precision == "auto":
        if device.type == "cuda":
            return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
        capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
        multiplies = any(capabilities.get(name) for name in ("amx_bf16", "avx512_bf16"))
        return torch.bfloat16 if multiplies else torch.float32
    dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    if not isinstance(precision, str) or precision not in dtypes:
        raise OptionError(f"precision={precision!r} is not one of 'auto', 'float32', 'bfloat16'")
    return dtypes[precision]


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[None]:
    """Run matrix products in a dtype within a ``with`` block; float32 changes nothing.

    Parameters
    ----------
    device
        Where the products are computed.
    dtype
        Their number format.
    """
    return torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32)


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit torch to one thread within a ``with`` block.

    The matrices of a step are too small to share out, threads that wait for each other stall the
    whole run as soon as another process takes a core, and one thread gives the same sums on every
    machine.

    Examples
    --------
    >>> with one_thread():
    ...     torch.get_num_threads()
    1
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
