"""Extension points: base classes and registration of losses, penalties, constraints and more.

Register a class or function before the fit that uses it. A model file contains its name, not its
code, so a process must register it before it loads the file.
"""

from tabgan.encoding.column_encoders import (
    CategoricalEncoder,
    ColumnEncoder,
    Encoded,
    NumericEncoder,
)
from tabgan.encoding.table_encoder import register_encoder
from tabgan.evaluation.attacks.audit import Attack, register_attack
from tabgan.evaluation.attacks.audit_tables import AuditTables
from tabgan.evaluation.audit_results import Rate, Risk, risk_of_auc, risk_of_rates
from tabgan.evaluation.compared_tables import ComparedTables
from tabgan.evaluation.evaluate import Metric, register_metric
from tabgan.evaluation.evaluation_parts import Figure
from tabgan.generators.gan.losses_and_penalties import (
    AdversarialLoss,
    CrossEntropy,
    DiscriminatorBatch,
    Penalty,
    register_loss,
    register_penalty,
)
from tabgan.generators.gan.stabilizers import GeneratorBatch, Stabilizer, register_stabilizer
from tabgan.generators.optimizers import Optimizer, register_optimizer
from tabgan.generators.training_callbacks import Callback
from tabgan.inference.date_recognition import DateRecognizer, register_date_recognizer
from tabgan.inference.number_recognition import NumberRecognizer, register_number_recognizer
from tabgan.rules.base_rules import ColumnConstraint, Constraint, register_constraint
from tabgan.table.columns import TypedSeries
from tabgan.table.date_forms import DateForm, Directive, register_directive
from tabgan.table.number_forms import NumberForm

__all__ = [
    "AdversarialLoss",
    "Attack",
    "AuditTables",
    "Callback",
    "CategoricalEncoder",
    "ColumnConstraint",
    "ColumnEncoder",
    "ComparedTables",
    "Constraint",
    "CrossEntropy",
    "DateForm",
    "DateRecognizer",
    "Directive",
    "DiscriminatorBatch",
    "Encoded",
    "Figure",
    "GeneratorBatch",
    "Metric",
    "NumberForm",
    "NumberRecognizer",
    "NumericEncoder",
    "Optimizer",
    "Penalty",
    "Rate",
    "Risk",
    "Stabilizer",
    "TypedSeries",
    "register_attack",
    "register_constraint",
    "register_date_recognizer",
    "register_directive",
    "register_encoder",
    "register_loss",
    "register_metric",
    "register_number_recognizer",
    "register_optimizer",
    "register_penalty",
    "register_stabilizer",
    "risk_of_auc",
    "risk_of_rates",
]
