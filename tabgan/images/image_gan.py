"""`ImageGAN`: learns images with a GAN; `ImageEstimator`: the base class of image estimators."""

import os
import time
from abc import abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from tabgan.base.errors import ModelFileError, OptionError, TrainingWarning, warn_caller
from tabgan.base.model_file import assembling, parameters_from_json
from tabgan.base.option_checks import check_number
from tabgan.base.random_streams import RandomStateLike, resolve_seed
from tabgan.base.registry import UnregisteredError
from tabgan.fitting.fit_session import FitSession, NotFittedError
from tabgan.fitting.options import current_options
from tabgan.generators.gan.diagnosis import Finding, SnapshotRows
from tabgan.generators.gan.losses_and_penalties import AdversarialLoss, Penalty
from tabgan.generators.gan.stabilizers import Stabilizer
from tabgan.generators.gan.training_config import TrainingPreset
from tabgan.generators.generator_training import choose_device
from tabgan.generators.optimizers import Optimizer
from tabgan.generators.training_callbacks import Callback
from tabgan.images.fit_images import GANLearner, ImageLearner, fit_images
from tabgan.images.image_arrays import Images, as_classes, code_of
from tabgan.images.image_model import ImageModel

__all__ = ["ImageEstimator", "ImageGAN", "ImageNetworkEstimator", "ImageSnapshot", "NetworkOptions"]


class ImageEstimator(BaseEstimator):
    """Base class of estimators of images: fit, sample, save and load.

    A subclass names its method, has the parameters of that, and documents all of them.
    """

    method: ClassVar[str]
    _of_method: ClassVar[dict[str, type["ImageEstimator"]]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "method" in vars(cls):
            cls._of_method[cls.method] = cls

    @abstractmethod
    def _learner(self, options: Mapping[str, Any]) -> ImageLearner:
        """Return how images are learned, from this method's options, and check these."""

    def fit(self, X: Images, y: Iterable[Hashable] | None = None) -> Self:  # noqa: N803
        """Learn images.

        Parameters
        ----------
        X
            Images of shape (n, height, width) or (n, height, width, channels): whole numbers from
            0 (as bytes), booleans, or floats from 0 to 1; or a list of such images, of paths, or of
            Pillow's images. Bytes are not copied, also if they are mapped from a file.
        y
            A label for each, or None to learn them without.

        Raises
        ------
        DataError
            If the images or labels can't be used.
        OptionError
            If a parameter has a value that it can't have.
        TrainingError
            If training diverges.
        """
        began = time.monotonic()
        options: Any = current_options(self)
        learner = self._learner(options)
        seed = resolve_seed(options["random_state"])
        with FitSession(
            options["callbacks"] or (),
            max_time=options["max_time"],
            verbose=options["verbose"],
            began=began,
        ) as session:
            fitted = fit_images(X, y, learner, seed=seed, session=session)
        self._set_model(fitted.model, fitted.taken)
        for finding in self.diagnosis_:
            warn_caller(str(finding), TrainingWarning)
        return self

    def _set_model(
        self,
        model: ImageModel,
        taken: Sequence[SnapshotRows] = (),  # noqa: ARG002
    ) -> Self:
        facts = model.facts
        self._model = model
        self.classes_ = as_classes(model.classes)
        self.image_shape_ = tuple(int(side) for side in facts["image_shape"])
        self.history_ = list(facts["history"])
        self.n_steps_ = int(facts["n_steps"])
        self.n_images_ = int(facts["n_images"])
        self.diagnosis_ = [Finding.from_json(state) for state in facts["diagnosis"]]
        return self

    def sample(
        self,
        n: int | None = None,
        *,
        label: Hashable | Sequence[Hashable] = None,
        random_state: RandomStateLike = None,
    ) -> NDArray[Any]:
        """Draw images.

        Parameters
        ----------
        n
            Number of images; that of the training images if None, or that of the labels.
        label
            The label that all images are to have, or a list with one for each. None draws labels
            by their shares of the training images; `sample_labelled` tells them.
        random_state
            Seed of this draw; as of `tabgan.TabGAN.sample`.

        Returns
        -------
        ndarray
            Of n images, with the shape and dtype of the training images.

        Raises
        ------
        OptionError
            If n is negative, or if a label was not among the training labels.
        NotFittedError
            If there is no model yet.
        """
        return self.sample_labelled(n, label=label, random_state=random_state)[0]

    def sample_labelled(
        self,
        n: int | None = None,
        *,
        label: Hashable | Sequence[Hashable] = None,
        random_state: RandomStateLike = None,
    ) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """Draw images as `sample` does; return them and their labels (None without labels).

        Parameters
        ----------
        n, label, random_state
            As of `sample`.
        """
        model = self._fitted()
        seed = self._sample_seed(random_state)
        n, codes = self._codes(n, label)
        if n is None:
            n = self.n_images_
        check_number("n", n, Integral, 0)
        if codes is None and model.classes:
            codes = model.draw_codes(int(n), seed)
        blocks = model.draw(int(n), codes, seed)
        images = self._as_given(torch.cat([torch.zeros(0, *model.size[:3]), *blocks]))
        return images, None if codes is None else self.classes_[codes]

    def _codes(
        self, n: int | None, label: Hashable | Sequence[Hashable]
    ) -> tuple[int | None, NDArray[np.int64] | None]:
        """Return the number of images, and their classes if the call names labels."""
        if label is None:
            return n, None
        if not self._model.classes:
            raise OptionError(
                f"label={label!r}: the model was trained without labels; give y to fit",
                on_command_line=f"--label {label}: the model was trained without labels; leave "
                "--label out",
            )
        if isinstance(label, np.ndarray | torch.Tensor):
            label = label.tolist()
        if isinstance(label, str) or not isinstance(label, Iterable):
            wanted = self.n_images_ if n is None else n
            check_number("n", wanted, Integral, 0)
            return wanted, np.full(wanted, code_of(label, self._model.classes))
        codes = np.array([code_of(one, self._model.classes) for one in label], np.int64)
        if n is not None and n != len(codes):
            raise OptionError(
                f"n={n!r} images and {len(codes)} labels; leave n out, or give n labels"
            )
        return len(codes), codes

    def _as_given(self, images: torch.Tensor) -> NDArray[Any]:
        """Return images with the shape and the dtype of those that were learned."""
        channels_last = images.permute(0, 2, 3, 1).contiguous().numpy()
        shaped: NDArray[Any] = channels_last.reshape(len(images), *self.image_shape_)
        return self._model.scale.from_shares(shaped, np.dtype(self._model.facts["dtype"]))

    def _fitted(self) -> ImageModel:
        if not hasattr(self, "_model"):
            name = type(self).__name__
            raise NotFittedError(
                f"This {name} has not been fitted; call fit, or load a model with {name}.load"
            )
        return self._model

    def _sample_seed(self, random_state: RandomStateLike) -> int:
        return resolve_seed(
            self.get_params()["random_state"] if random_state is None else random_state
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to one file, atomically; it holds no training image."""
        self._fitted().save(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, device: str = "auto") -> Self:
        """Read a model file, onto any device; raises as `ImageModel.load` does.

        Parameters
        ----------
        path
            The file.
        device
            Where the model is put.
        """
        model = ImageModel.load(path, choose_device(device))
        own: Any = cls._of_method[model.method]
        if cls is not ImageEstimator and not issubclass(cls, own):
            raise ModelFileError(
                f"{path}: the model was fitted by {own.__name__}; load it with {own.__name__}.load"
            )
        with assembling(path):
            kind = own if cls is ImageEstimator else cls
            estimator = kind(**parameters_from_json(model.facts["parameters"]), device=device)
            resolve_seed(estimator.get_params()["random_state"])
            with suppress(UnregisteredError):  # a loss of one's own is needed to fit, not to draw
                estimator._learner(current_options(estimator))
            return estimator._set_model(model)


@dataclass(eq=False, repr=False, kw_only=True)
class NetworkOptions(BaseEstimator):
    """Parameters of estimators with a single loss; `ImageVAE` documents them."""

    width: float = 1.0
    steps: int | str = "auto"
    epochs: float | None = None
    max_time: float | None = None
    batch_size: int = 128
    learning_rate: float = 1e-3
    device: str = "auto"
    precision: str = "auto"
    callbacks: Sequence[Callback] | None = None
    verbose: bool = True
    random_state: RandomStateLike = None


class ImageNetworkEstimator(NetworkOptions, ImageEstimator):
    """Base class of image estimators with a single loss."""


class ImageSnapshot(NamedTuple):
    """Sampled images from one moment of the training, with its step and epoch.

    The images have the shape and dtype of the training images.
    """

    step: int
    epoch: float
    images: NDArray[Any]


class ImageGAN(ImageEstimator):
    """Learn images with a GAN, and sample new ones, with a given label if there are labels.

    The training is that of `tabgan.TabGAN`, with other networks.

    Parameters
    ----------
    architecture
        The networks: "mlp" (z of 64 → 256 → 512 → pixels, BatchNorm, sigmoid), "mlp_tanh"
        (z of 100 → 256 → 512 → 1024 → pixels, tanh) or "dcgan" (transposed convolutions).
    width
        Factor for the width of the architecture's hidden layers.
    latent_dim
        Size of the latent vector; "auto" is the usual size of the architecture.
    steps
        Number of training steps; "auto" is 60 epochs, but at least 2,000 and at most 50,000 steps.
    epochs
        Number of passes over the images, instead of `steps`.
    max_time
        Limit for the wall time of the fit, in seconds; see `tabgan.TabGAN`.
    batch_size
        Images per step.
    loss, penalty, discriminator_steps, stabilizers, optimizer, learning_rate, training, prior
        As in `tabgan.TabGAN`; ``training="lectures"`` trains as in the lectures.
    snapshots
        Number of moments of the training at which images are sampled, always from the same latents
        and two of each label.
    device
        "cpu", "cuda", another torch device, or "auto": CUDA if there is a GPU, otherwise the CPU.
    precision
        Number format of matrix products: "auto", "float32" or "bfloat16".
    callbacks
        List of `Callback` to run during the training.
    verbose
        Whether to show a progress bar on standard error.
    random_state
        Seed of all randomness; an integer makes `fit` and `sample` repeatable.

    Attributes
    ----------
    classes_ : ndarray
        The labels; empty if there were none.
    image_shape_ : tuple
        Shape of a training image: (height, width) or (height, width, channels).
    history_ : list of dict
        Records of the training, as in `tabgan.TabGAN`, without their ``seconds``: a seed gives the
        same model file, byte for byte.
    diagnosis_ : list of Finding
        Problems of the training, each with a remedy (`tabgan.generators.gan.diagnosis`); empty
        without any. `fit` also warns of each.
    snapshots_ : list of ImageSnapshot
        The images of each moment, with its step and epoch; empty after `load`.
    latent_dim_ : int
        The latent size used.
    penalty_reason_ : str
        The penalty, and how its weight changed during the training.
    n_steps_ : int
        Number of training steps taken.

    Examples
    --------
    >>> from tabgan.images.idx import embedded_digits
    >>> images, labels = embedded_digits()
    >>> gan = ImageGAN(steps=5, verbose=False, random_state=0).fit(images, labels)
    >>> gan.sample(3, label=7).shape
    (3, 8, 8)
    """

    method: ClassVar[str] = "gan"

    def __init__(
        self,
        *,
        architecture: str = "mlp",
        width: float = 1.0,
        latent_dim: int | str = "auto",
        steps: int | str = "auto",
        epochs: float | None = None,
        max_time: float | None = None,
        batch_size: int = 128,
        loss: str | AdversarialLoss = "non_saturating",
        penalty: str | Penalty = "auto",
        discriminator_steps: int | str = "auto",
        stabilizers: Sequence[str | Stabilizer] | None = None,
        optimizer: str | Optimizer = "adam",
        training: str | TrainingPreset = "usual",
        learning_rate: float = 5e-4,
        prior: str = "gaussian",
        snapshots: int = 0,
        device: str = "auto",
        precision: str = "auto",
        callbacks: Sequence[Callback] | None = None,
        verbose: bool = True,
        random_state: RandomStateLike = None,
        stabilisers: Sequence[str | Stabilizer] | str | None = "deprecated",
    ) -> None:
        self.architecture = architecture
        self.width = width
        self.latent_dim = latent_dim
        self.steps = steps
        self.epochs = epochs
        self.max_time = max_time
        self.batch_size = batch_size
        self.loss = loss
        self.penalty = penalty
        self.discriminator_steps = discriminator_steps
        self.stabilizers = stabilizers
        self.stabilisers = stabilisers
        self.optimizer = optimizer
        self.training = training
        self.learning_rate = learning_rate
        self.prior = prior
        self.snapshots = snapshots
        self.device = device
        self.precision = precision
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state

    def _learner(self, options: Mapping[str, Any]) -> GANLearner:
        return GANLearner.of(options)

    def _set_model(self, model: ImageModel, taken: Sequence[SnapshotRows] = ()) -> Self:
        super()._set_model(model)
        self.latent_dim_ = model.generator.latent_dim
        self.penalty_reason_ = str(model.facts["penalty_reason"])
        self.snapshots_ = [
            ImageSnapshot(step, epoch, self._as_given(model.pixels_of(rows)))
            for step, epoch, rows in taken
        ]
        return self
