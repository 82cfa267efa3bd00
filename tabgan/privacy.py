"""Privacy attacks: what a synthetic table reveals about single rows.

Names are imported on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tabgan.evaluation.attacks.audit import ATTACKS, audit
    from tabgan.evaluation.audit_results import PrivacyAudit, Risk

__all__ = ["ATTACKS", "PrivacyAudit", "Risk", "audit"]

_HOMES = {
    "ATTACKS": "tabgan.evaluation.attacks.audit",
    "PrivacyAudit": "tabgan.evaluation.audit_results",
    "Risk": "tabgan.evaluation.audit_results",
    "audit": "tabgan.evaluation.attacks.audit",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'tabgan.privacy' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
