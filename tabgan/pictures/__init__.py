"""Pictures of a training and of what it made; they need the extra ``plots`` (matplotlib).

Every picture is written whole or not at all, and no state of matplotlib is touched.
"""

from tabgan.pictures.canvas import check_pictures
from tabgan.pictures.images import save_gif, save_grid, save_strip
from tabgan.pictures.marginals import choose_columns, plot_marginals
from tabgan.pictures.training import plot_losses

__all__ = [
    "check_pictures",
    "choose_columns",
    "plot_losses",
    "plot_marginals",
    "save_gif",
    "save_grid",
    "save_strip",
]
