"""`ImageGAN`: an estimator that learns images by a generator and a discriminator."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

from numpy.typing import NDArray

from tabgan.base.random_streams import RandomStateLike
from tabgan.generators.gan.losses import AdversarialLoss
from tabgan.generators.gan.penalties import Penalty
from tabgan.generators.gan.stabilizers import Stabilizer
from tabgan.generators.gan.training_presets import TrainingPreset
from tabgan.generators.gan.training_snapshots import SnapshotRows
from tabgan.generators.optimization import Optimizer
from tabgan.generators.training_callbacks import Callback
from tabgan.images.fit_images import GANLearner
from tabgan.images.image_estimator import ImageEstimator
from tabgan.images.image_model import ImageModel

__all__ = ["ImageGAN", "ImageSnapshot"]


class ImageSnapshot(NamedTuple):
    """Images of one moment of training, which is counted in steps and passes over the images.

    The images have the shape and dtype of the training images.
    """

    step: int
    epoch: float
    images: NDArray[Any]


class ImageGAN(ImageEstimator):
    """Learn images with a GAN and draw new ones, of a label if there are labels.

    It trains as `tabgan.TabGAN` does, with other networks.

    Parameters
    ----------
    architecture
        The pair of networks: "mlp" (z of 64 → 256 → 512 → pixels, BatchNorm, sigmoid), "mlp_tanh"
        (z of 100 → 256 → 512 → 1024 → pixels, tanh) or "dcgan" (transposed convolutions).
    width
        Width of the hidden layers, relative to the architecture's usual one.
    latent_dim
        Size of the latent, or "auto" for the usual one of the architecture.
    steps
        Training steps, or "auto": 60 epochs, 2,000 to 50,000 steps.
    epochs
        Passes over the images in place of `steps`.
    max_time
        Seconds of wall time for the fit, or None for no limit; see `tabgan.TabGAN`.
    batch_size
        Images per step.
    loss, penalty, discriminator_steps, stabilizers, optimizer, learning_rate, training, prior
        How the networks are trained; see `tabgan.TabGAN`. ``training="lectures"`` is the recipe of
        the lectures.
    snapshots
        Number of moments of training at which images are drawn, always from the same latents and
        two of each label.
    device
        "auto" (CUDA where there is one), "cpu", "cuda" or a torch device name.
    precision
        Number format of matrix products: "auto", "float32" or "bfloat16".
    callbacks
        Further `Callback` objects to run in training.
    verbose
        Whether a progress bar is shown on standard error.
    random_state
        Seed of everything random: an integer makes fit and sample repeatable.

    Attributes
    ----------
    classes_ : ndarray
        The labels; empty if there were none.
    image_shape_ : tuple
        Shape of an image as it was given: (height, width) or (height, width, channels).
    history_ : list of dict
        Records of training, as of `tabgan.TabGAN`.
    diagnosis_ : list of Finding
        What went wrong in training, with a remedy each (`tabgan.generators.gan.diagnosis`); empty
        if all went well. `fit` also warns of each.
    snapshots_ : list of ImageSnapshot
        The images of each moment, with its step and epoch; empty after `load`.
    latent_dim_ : int
        The latent size used.
    penalty_reason_ : str
        The penalty, and how its weight changed in training.
    n_steps_ : int
        Training steps taken.

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
