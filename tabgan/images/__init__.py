"""Estimators of images; image files and scores."""

from collections.abc import Mapping

from tabgan.images.image_gan import ImageEstimator, ImageGAN
from tabgan.images.image_sources import read_images
from tabgan.images.image_vae_and_diffusion import ImageDiffusion, ImageVAE

__all__ = ["METHODS", "ImageDiffusion", "ImageEstimator", "ImageGAN", "ImageVAE", "read_images"]

METHODS: Mapping[str, type[ImageEstimator]] = {
    estimator.method: estimator for estimator in (ImageGAN, ImageDiffusion, ImageVAE)
}
"""The estimator of each ``--method`` of ``tabgan images``."""
