"""All attacks on one synthetic table."""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial

import pandas as pd

from tabgan.base.errors import OptionError
from tabgan.base.random_streams import RandomStateLike, resolve_seed
from tabgan.base.registry import FunctionRegistry
from tabgan.evaluation.attacks.audit_tables import AuditTables, holdout_fault, prepare_tables
from tabgan.evaluation.attacks.copies_and_membership import (
    Generator,
    closest,
    copies,
    lira,
    membership,
)
from tabgan.evaluation.attacks.reidentification import (
    inference,
    linkability,
    places_of,
    singling_out,
)
from tabgan.evaluation.audit_results import PrivacyAudit, Risk
from tabgan.inference.accept_table import as_frame
from tabgan.inference.infer_schema import resolve_schema
from tabgan.table.compound_numbers import with_parts
from tabgan.table.schema import Kind, Schema

__all__ = ["ATTACKS", "Attack", "audit", "register_attack"]

ATTACKS = ("copies", "closest", "membership", "singling_out", "linkability", "inference", "lira")
"""Names of the attacks, in the order in which they run; all but the last run if none is named."""
Attack = Callable[[AuditTables], Sequence[Risk]]
"""Returns the risks that it finds in the tables; none where it can't be tried on them."""
_REGISTERED: FunctionRegistry[AuditTables] = FunctionRegistry("attack", ATTACKS)


def register_attack(name: str, function: Attack) -> None:
    """Register an attack for `audit`, which runs it if ``attacks`` names it.

    Parameters
    ----------
    name
        The name, an unused identifier.
    function
        Takes the tables of an audit and returns risks whose `attack` is the name;
        `tabgan.evaluation.audit_results` makes them from rates or scores.

    Raises
    ------
    OptionError
        If the name is taken or no identifier, or the function can't be called.
    """
    _REGISTERED.register(name, function)


def audit(
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    holdout: pd.DataFrame | None = None,
    *,
    schema: Schema | Mapping[Hashable, Kind] | None = None,
    secrets: Sequence[Hashable] | None = None,
    attacks: Sequence[str] | None = None,
    generator: Generator | None = None,
    random_state: RandomStateLike = 0,
) -> PrivacyAudit:
    """Run privacy attacks on a synthetic table, and measure what it reveals about real rows.

    Parameters
    ----------
    real
        The table that the generator was fitted on.
    synthetic
        The output of the generator.
    holdout
        Rows of the same population that the generator never saw. An attack that also succeeds on
        them shows no leak. Without a holdout, most figures can't tell a leak from a good guess, and
        "closest" and "membership" are left out. More rows give narrower intervals.
    schema
        The schema, or a dict of kinds; by default inferred from the real table. Generated columns
        (identifiers, personal data, text) are only searched for copied values.
    secrets
        Columns for the attack "inference", each with a risk of its own. By default every comparable
        column in turn, with one common risk.
    attacks
        Names from `ATTACKS`, and of registered attacks (`register_attack`); by default all of
        `ATTACKS` except "lira".
    generator
        For "lira": a function that takes a table and a seed, and returns as many synthetic rows.
    random_state
        Seed of samples and guesses; the same seed gives the same audit.

    Raises
    ------
    DataError, SchemaError
        If the tables can't be compared.
    OptionError
        If an attack or a secret is not known, or "lira" has no generator.
    TabGANError
        If a registered attack fails.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> rows = pd.DataFrame({"height": rng.normal(size=900), "weight": rng.normal(size=900)})
    >>> real, holdout = rows[:600], rows[600:]
    >>> found = audit(real, real.sample(300, random_state=0), holdout, attacks=["copies"])
    >>> [(risk.about, risk.outcome) for risk in found.leaks][0]
    ('exact copies', 'leak')
    """
    names = _names(attacks, generator)
    seed = resolve_seed(random_state)
    frames = [None if table is None else as_frame(table) for table in (real, synthetic, holdout)]
    assert frames[0] is not None
    assert frames[1] is not None
    resolved = resolve_schema(frames[0], schema)
    given, resolved = with_parts([table for table in frames if table is not None], resolved)
    unseen = given[2] if frames[2] is not None else None
    tables = prepare_tables(given[0], given[1], unseen, resolved, seed)
    if secrets is not None:
        places_of(tables, secrets)
    run = _runs(tables, secrets, generator)
    risks: list[Risk] = []
    seconds, notes = {}, _notes(tables)
    for name in names:
        start = time.perf_counter()
        own = run[name]()
        seconds[name] = time.perf_counter() - start
        risks += own
        if not own:
            notes.append(f"{name} was left out: {_reason(name, tables)}")
    rows = {
        "real": len(tables.real),
        "synthetic": len(tables.synthetic),
        "holdout": len(tables.holdout),
        "targets": len(tables.targets),
        "controls": len(tables.controls),
    }
    fault = holdout_fault(tables)
    return PrivacyAudit(
        tuple(risks), rows, seed, seconds=seconds, notes=tuple(notes), holdout_fault=fault
    )


def _runs(
    tables: AuditTables, secrets: Sequence[Hashable] | None, generator: Generator | None
) -> dict[str, Callable[[], tuple[Risk, ...]]]:
    return {
        "copies": lambda: copies(tables),
        "closest": lambda: closest(tables),
        "membership": lambda: membership(tables),
        "singling_out": lambda: singling_out(tables),
        "linkability": lambda: linkability(tables),
        "inference": lambda: inference(tables, secrets),
        "lira": lambda: lira(tables, _checked(generator)),
        **{name: partial(_run_registered, name, tables) for name in _REGISTERED.registered},
    }


def _run_registered(name: str, tables: AuditTables) -> tuple[Risk, ...]:
    risks = _REGISTERED.run(name, tables)
    if not isinstance(risks, list | tuple) or not all(
        isinstance(risk, Risk) and risk.attack == name for risk in risks
    ):
        raise _REGISTERED.error(
            name, f"returned {risks!r:.80}; it has to return a tuple of Risk with attack={name!r}"
        )
    return tuple(risks)


def _names(attacks: Sequence[str] | None, generator: Generator | None) -> list[str]:
    if attacks is None:
        return [name for name in ATTACKS if name != "lira"]
    _REGISTERED.check("attacks", attacks)
    if "lira" in attacks:
        _checked(generator)
    return [name for name in _REGISTERED.names if name in attacks]


def _checked(generator: Generator | None) -> Generator:
    if generator is None:
        raise OptionError(
            "generator=None, but the attack 'lira' trains models of its own; give a function of a "
            "table and a seed that returns synthetic rows"
        )
    return generator


def _notes(tables: AuditTables) -> list[str]:
    generated = [str(column.name) for column in tables.schema if column.is_generated]
    return [f"only searched for copied values: {', '.join(generated)}"] if generated else []


def _reason(name: str, tables: AuditTables) -> str:
    if not tables.has_holdout and name in ("closest", "membership"):
        return "it needs a holdout"
    if name not in ATTACKS:
        return "it returned no risk"
    return "the tables have too few rows or columns for it"
