"""What all trainings share: device, number format, threads, the network's base, state, budget."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, Self, TypeVar

import torch
from torch import Tensor, nn

from tabgan.base.errors import OptionError
from tabgan.base.random_streams import torch_stream
from tabgan.base.row_layout import RowLayout
from tabgan.generators.latents import Prior, draw_latents
from tabgan.generators.optimizers import MovingAverage

__all__ = [
    "Checkpoints",
    "Generator",
    "GeneratorState",
    "GeneratorTraining",
    "Precision",
    "RowGenerator",
    "autocast",
    "choose_device",
    "choose_precision",
    "flushed_denormals",
    "learning_rate_factor",
    "one_thread",
    "save_if_due",
    "set_learning_rate",
    "used_share",
]

Precision = Literal["auto", "float32", "bfloat16"]
Networks = TypeVar("Networks")


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


class Generator(nn.Module, ABC):
    """A network from a latent, and labels where it has them, to the logits of rows.

    Parameters
    ----------
    latent_dim
        Size of the latent z.
    prior
        What z is drawn from; see `tabgan.generators.latents.draw_latents`.

    Examples
    --------
    >>> class Linear(Generator):
    ...     def __init__(self):
    ...         super().__init__(latent_dim=2)
    ...         self.layer = nn.Linear(2, 3)
    ...     def forward(self, z, labels=None):
    ...         return self.layer(z)
    >>> generator = Linear()
    >>> generator(generator.latents(4, torch.Generator())).shape
    torch.Size([4, 3])
    """

    def __init__(self, latent_dim: int, prior: Prior = "gaussian") -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.prior = prior

    @abstractmethod
    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents to logits, (batch, latent_dim) → (batch, width)."""

    def latents(self, n: int, stream: torch.Generator) -> Tensor:
        """Draw n latents, on the device of their stream."""
        return draw_latents(n, self.latent_dim, stream, self.prior)


class RowGenerator(Generator):
    """A generator of encoded rows: what a sampler draws with, and a model file keeps.

    Attributes
    ----------
    kind
        The name of the class in model files, which is that of the method.
    """

    kind: ClassVar[str]

    evaluations: int = 1
    """How often the network is evaluated for each row that is drawn."""

    @abstractmethod
    def draw(self, z: Tensor, labels: Tensor | None, stream: torch.Generator) -> Tensor:
        """Map any number of latents to the logits of rows, without gradients.

        Only the ranks of the numbers count; levels are logits.

        **Shape**: (rows, latent_dim) → (rows, width)

        Parameters
        ----------
        z
            The latents.
        labels
            One-hot labels side by side; None where there are none.
        stream
            Randomness beyond the latents.
        """

    @abstractmethod
    def sizes(self) -> dict[str, Any]:
        """Return the JSON values that `of_sizes` makes the same network from."""

    @classmethod
    @abstractmethod
    def of_sizes(cls, sizes: Mapping[str, Any], layout: RowLayout, labels: Sequence[int]) -> Self:
        """Make a network that has not been trained.

        Parameters
        ----------
        sizes
            As `sizes` returns them.
        layout
            Layout of an encoded row.
        labels
            Number of levels of each label.

        Raises
        ------
        KeyError, TypeError, ValueError
            If a size is missing, or can't be.
        """


@dataclass(kw_only=True)
class GeneratorState:
    """What the training of a generator changes, whatever it is trained against."""

    generator: Generator
    averaged: MovingAverage[Generator]
    generator_optimizer: torch.optim.Optimizer
    n_steps: int
    step: int = 0

    def state_dict(self) -> dict[str, Any]:
        """Return the state; its tensors are those that go on to change."""
        return {
            "step": self.step,
            "generator": self.generator.state_dict(),
            "averaged": self.averaged.state_dict(),
            "generator_optimizer": self.generator_optimizer.state_dict(),
        }

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self.step = int(saved["step"])
        self.generator.load_state_dict(saved["generator"])
        self.averaged.load_state_dict(saved["averaged"])
        self.generator_optimizer.load_state_dict(saved["generator_optimizer"])


class Checkpoints(Protocol):
    """Where a training puts its state now and then, and takes it from to go on."""

    def saved_training(self) -> Mapping[str, Any] | None:
        """Return the state to go on from; None to begin."""
        ...

    def is_due(self, step: int) -> bool:
        """Return whether the state is to be saved after a step."""
        ...

    def save_training(self, state: Mapping[str, Any]) -> None:
        """Save a state: nested dictionaries and lists of JSON values and tensors."""
        ...


@dataclass(frozen=True, kw_only=True)
class GeneratorTraining:
    """Sizes, budget, device and randomness of a training; the base of all trainings.

    Parameters
    ----------
    latent_dim, prior
        Size of the latent, and what it is drawn from.
    n_steps, batch_size
        The budget.
    device, dtype
        Where to train, and the number format of matrix products.
    seed
        Root of all streams of randomness.
    """

    latent_dim: int
    prior: Prior
    n_steps: int
    batch_size: int
    device: torch.device
    dtype: torch.dtype
    seed: int

    def stream(self, name: str) -> torch.Generator:
        """Return a stream of randomness of this training, on its device."""
        return torch_stream(self.seed, name, device=self.device)

    @contextmanager
    def isolated(self, *, threads: bool = False) -> Iterator[None]:
        """Train within a ``with`` block: seeded, and without a trace in torch's global state.

        Parameters
        ----------
        threads
            Whether torch may use several threads; one is faster but for large matrices.
        """
        with nullcontext() if threads else one_thread(), torch.random.fork_rng(devices=[]):
            # torch's initializers draw from the global generator: seed a fork of it.
            torch.default_generator.manual_seed(torch_stream(self.seed, "init").initial_seed())
            yield

    def make_networks(self, make: Callable[[], Networks], **sizes: float) -> Networks:
        """Return the networks that a function makes.

        Parameters
        ----------
        make
            Makes the networks, on the device.
        sizes
            The options that their size follows from, for the message.

        Raises
        ------
        OptionError
            If there is no memory for them.
        """
        try:
            return make()
        except RuntimeError as error:
            named = ", ".join(f"{name}={value!r}" for name, value in sizes.items())
            raise OptionError(
                f"{named}, latent_dim={self.latent_dim}: networks of this size can't be made here "
                f"({str(error)[:100]}); take smaller ones"
            ) from error


def learning_rate_factor(progress: float, final: float = 0.02) -> float:
    """Constant for the first half of training, then linear down to `final`.

    Examples
    --------
    >>> [round(learning_rate_factor(progress), 2) for progress in (0, 0.5, 0.75, 1)]
    [1.0, 1.0, 0.51, 0.02]
    """
    return min(1.0, final + (1 - final) * 2 * (1 - progress))


def set_learning_rate(rate: float, *optimizers: torch.optim.Optimizer) -> None:
    """Set the learning rate of all parameters."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate


def used_share(state: GeneratorState, began: float, seconds: float | None) -> float:
    """Return the share of a training's budget that is used up: of its steps or of its time.

    Parameters
    ----------
    state
        The training.
    began
        When it began, by `time.monotonic`.
    seconds
        The wall time that it may take; None for no limit.
    """
    steps = state.step / state.n_steps if state.n_steps else 1.0
    if seconds is None or state.step == 0:
        return steps  # at least one step is taken, however little time there is
    return max(steps, (time.monotonic() - began) / max(seconds, 1e-9))


def save_if_due(
    checkpoints: Checkpoints | None,
    state: GeneratorState,
    progress: float,
    capture: Callable[[], Mapping[str, Any] | None],
) -> None:
    """Save the state of a training now and then, and at its end.

    Parameters
    ----------
    checkpoints
        Where it goes; None for nowhere.
    state
        The training.
    progress
        The share of the budget that is used up.
    capture
        Returns the state; None if it is not worth to be saved.
    """
    if checkpoints is None:
        return
    # Of a training that was cut short no state is saved: it has a record more than one that is not.
    at_end = state.step == state.n_steps
    if at_end or (progress < 1 and checkpoints.is_due(state.step)):
        saved = capture()
        if saved is not None:
            checkpoints.save_training(saved)


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Let torch take denormal floats for zero within a ``with`` block."""
    # Adam's moments of rarely seen levels decay into denormal floats, which slow a CPU down
    # several times.
    before = (torch.tensor(1e-38) * 1e-2).item() == 0.0
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
