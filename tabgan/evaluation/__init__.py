"""How near a synthetic table is to the real one, column by column, pair by pair and row by row.

The functions know nothing of the generator: they compare frames that have the columns of one
`Schema`. Identifiers and text, which a generator makes anew, are left out.
"""

from tabgan.evaluation.detection import detection_score
from tabgan.evaluation.evaluating import evaluate
from tabgan.evaluation.evaluation import Evaluation
from tabgan.evaluation.quality import QualityErrors, quality_errors, shape_error, trend_error
from tabgan.evaluation.scores import TableScores, score_table

__all__ = [
    "Evaluation",
    "QualityErrors",
    "TableScores",
    "detection_score",
    "evaluate",
    "quality_errors",
    "score_table",
    "shape_error",
    "trend_error",
]
