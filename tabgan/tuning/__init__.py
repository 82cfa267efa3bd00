"""The lectures' empirical rule for the latent size: try several and compare metrics."""

from tabgan.tuning.plot import check_plot
from tabgan.tuning.result import Trial, TuningResult
from tabgan.tuning.search import tune
from tabgan.tuning.space import Candidate, candidate_latent_dims

__all__ = [
    "Candidate",
    "Trial",
    "TuningResult",
    "candidate_latent_dims",
    "check_plot",
    "tune",
]
