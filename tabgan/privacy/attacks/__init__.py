"""Attacks on synthetic tables, one a file; each says what its attacker knows and gains."""

from tabgan.privacy.attacks.closest import closest
from tabgan.privacy.attacks.copies import copies
from tabgan.privacy.attacks.inference import inference
from tabgan.privacy.attacks.linkability import linkability
from tabgan.privacy.attacks.lira import Generator, lira
from tabgan.privacy.attacks.membership import membership
from tabgan.privacy.attacks.singling_out import singling_out
from tabgan.privacy.attacks.tables import AuditTables, read_tables

__all__ = [
    "AuditTables",
    "Generator",
    "closest",
    "copies",
    "inference",
    "linkability",
    "lira",
    "membership",
    "read_tables",
    "singling_out",
]
