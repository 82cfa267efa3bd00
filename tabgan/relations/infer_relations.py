"""Infers keys between tables from names, uniqueness and inclusion."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from tabgan.inference.column_cells import names_rows
from tabgan.inference.infer_schema import infer_schema
from tabgan.inference.key_columns import names_other_row, names_things
from tabgan.relations.relations import (
    ForeignKey,
    Relations,
    Tables,
    are_few_orphans,
    parent_rows,
)
from tabgan.table.level_codes import are_filled

__all__ = ["find_borrowed_keys", "find_lists", "infer_orders", "infer_relations", "is_of_people"]

ROWS_OF_KIND = 1_000  # by which a column of dates is told
LEAST_GROUP = 1.2  # rows of a parent on average, from which their order is looked for
LEAST_VALUES = 3  # of a key that only its name and the inclusion of its values speak for
MOST_UNUSED = 20  # times the rows of a table, of one that it refers to by several columns
MOST_PARTS = 3  # columns of a primary key
LEAST_ABBREVIATION = 3  # letters of a short form of a table's name
SHORTEST_TEXT = 2  # letters of texts that tell a key, whatever the column is called
MOST_DENSE = 0.1  # share of the numbers up to the largest key, of keys that their values tell
CHANCE = 1e-6  # that other numbers are all among such keys
FEWEST_KEYS = 20  # values of a column that its name alone tells to be a key
LONGEST_LIST = 200  # rows of a table that may be one of countries, kinds, departments
LIST_ROWS = 10  # times the rows of a list, of a table that refers to it
LEAST_BORROWED = 0.5  # share of a column's rows that hold keys of another table
_ROLE = re.compile(r"(?:by|owner|author|creator|assignee|assignedto|sender|receiver|recipient)$")
_PERSONAL = re.compile(  # a column of people
    r"(?:first|last|full|sur|middle|maiden|user|contact)_?name|birth|\bdob\b|(?:^|_)born(?:_|$)|"
    r"gender|(?:^|_)sex$|e?mail|phone|mobile|(?:^|_)ssn|salary|hired|vorname|nachname|geburt|prenom|"
    r"apellido|nacimiento",
    re.IGNORECASE,
)
_ID = re.compile(r"(?:id|key|code|no|nr|num|number|uuid|guid|ref|sk|pk|fk)$")


def infer_relations(tables: Tables, declared: Relations | None = None) -> Relations:
    """Infer the primary and foreign keys of tables.

    Parameters
    ----------
    tables
        The tables, by name.
    declared
        Keys that a database declares. Further ones are inferred: primary keys of other tables, and
        foreign keys of other columns.

    Examples
    --------
    >>> users = pd.DataFrame({"id": [1, 2, 3, 4], "age": [30, 40, 30, 20]})
    >>> visits = pd.DataFrame({"visit": [7, 8, 9], "user_id": [1, 1, 4]})
    >>> for line in infer_relations({"users": users, "visits": visits}).describe():
    ...     print(line)
    users: primary key id (unique, by its name)
    visits: primary key visit (unique, by its name)
    visits.user_id -> users.id (all 2 values are there, by its name)
    """
    known = declared or Relations()
    keys = {table: known.key_of(table) for table in tables}
    why = {table: known.why.get(table, "declared") for table in tables if keys[table]}
    for table, frame in tables.items():
        if not keys[table] and (name := _own_key(table, frame)) is not None:
            keys[table], why[table] = (name,), "unique, by its name"
    new = _without_twins(tables, [*_foreign_keys(tables, keys, known)])
    found = _without_circles(tables, known.foreign_keys, new)
    for table, frame in tables.items():
        if not keys[table]:
            own = [name for key in found if key.table == table for name in key.columns]
            joint = _joint_key(frame, own)
            if joint:
                keys[table], why[table] = joint, "together unique"
    joined = _joint_foreign_keys(tables, keys, found)
    for key in joined:
        if not keys[key.parent]:
            keys[key.parent], why[key.parent] = key.parent_columns, "together unique"
    found += joined
    relations = replace(
        known,
        keys={table: key for table, key in keys.items() if key},
        foreign_keys=tuple(found),
        why=why,
    )
    orders = infer_orders(tables, tables, relations)
    return replace(relations, orders={**orders, **known.orders})


def _plain(text: object) -> str:
    return re.sub(r"[\W_]", "", str(text)).casefold()


def _singulars(name: str) -> tuple[str, ...]:
    """Return a table's name as its keys may have it.

    Examples
    --------
    >>> _singulars("categories"), _singulars("users"), _singulars("dim_address")
    (('category', 'categorie'), ('user',), ('address',))
    >>> _singulars("movies")
    ('movy', 'movie')
    """
    plain = _plain(re.sub(r"^(?:dim|fact|tbl|tb|t)_", "", str(name), flags=re.IGNORECASE))
    if plain.endswith("ies") and len(plain) > 4:
        return f"{plain[:-3]}y", plain[:-1]
    if plain.endswith(("sses", "xes", "ches", "shes")):
        return (plain[:-2],)
    return (plain.removesuffix("s") if not plain.endswith("ss") else plain,)


def _may_name_rows(values: pd.Series) -> bool:
    """Return whether a column may be a key by its dtype: whole numbers or texts."""
    dtype = values.dtype
    if pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_datetime64_any_dtype(dtype):
        return False
    if pd.api.types.is_float_dtype(dtype):
        there = values.dropna()
        return bool((there % 1 == 0).all())
    return (
        bool(pd.api.types.is_integer_dtype(dtype)) or dtype.kind in "OSU" or str(dtype) == "string"
    )


def _own_key(table: str, frame: pd.DataFrame) -> str | None:
    """Return the column that names the rows of a table."""
    singulars = _singulars(table)
    exact = {"id", f"{_plain(table)}id", *singulars}
    exact |= {name for own in singulars for name in (f"{own}id", f"id{own}")}
    ranked = []
    for place, name in enumerate(frame.columns):
        values, plain = frame[name], _plain(name)
        if not _may_name_rows(values) or values.isna().any() or not values.is_unique:
            continue
        if plain in exact:
            rank = 0
        elif plain.startswith(singulars) and _ID.search(plain):
            rank = 1
        elif names_rows(name) or (_ID.search(plain) and place == 0):
            rank = 2
        else:
            continue
        ranked.append((rank, place, str(name)))
    return min(ranked)[2] if ranked else None


def _joint_key(frame: pd.DataFrame, own: Sequence[str]) -> tuple[str, ...]:
    """Return the columns, some of which refer to other tables, that are unique together."""
    names = list(dict.fromkeys(own))
    others = [str(n) for n in frame.columns if n not in names and _may_name_rows(frame[n])]
    others = [name for name in others if _ID.search(_plain(name)) or "line" in _plain(name)]
    for size in range(2, MOST_PARTS + 1):
        for parts in combinations([*names, *others], size):
            columns = frame.loc[:, [*parts]]
            is_full = set(parts) & set(names) and not columns.isna().any(axis=None)
            if is_full and not columns.duplicated().any():
                return parts
    return ()


def _foreign_keys(
    tables: Tables, keys: Mapping[str, tuple[str, ...]], known: Relations
) -> Iterator[ForeignKey]:
    """Find the columns whose values are those of another table's key.

    Of tables with the same key, such as movies and their links, the one that the column names is
    referred to.
    """
    values = {
        table: _distinct(tables[table][key[0]]) for table, key in keys.items() if len(key) == 1
    }
    for table, frame in tables.items():
        declared = {name for key in known.of(table) for name in key.columns}
        referring = {key.table for key in known.into(table)}
        for name in frame.columns:
            if name in declared or not _may_name_rows(frame[name]):
                continue
            is_key, distinct = keys[table] == (name,), _distinct(frame[name])
            fits = []
            for parent, there in values.items():
                if is_key and parent in (table, *referring):
                    continue
                rank = _name_rank(str(name), table, parent, keys[parent][0], is_key=is_key)
                if rank is None and distinct <= there and _are_telling(distinct, there):
                    rank = 4
                own = ForeignKey(table, (str(name),), parent, keys[parent])
                if rank is not None and (why := _evidence(tables, own, rank)):
                    is_named = _plain(name).startswith(_singulars(parent))
                    fits.append((rank, not is_named, len(there), parent, why))
            if fits:
                _, _, _, parent, why = min(fits)
                yield ForeignKey(table, (str(name),), parent, keys[parent], why)


def _distinct(values: pd.Series) -> frozenset[str]:
    """Return the values of a column as texts; whole floats, which stand for integers, as such."""
    cells = values[are_filled(values)].unique()
    texts = (str(cell) for cell in cells if not isinstance(cell, bytes))
    return frozenset(text.removesuffix(".0") for text in texts)


def _are_telling(values: Collection[str], key: Collection[str]) -> bool:
    """Return whether values that are those of a key can hardly be so by chance.

    Texts are, and numbers where keys are sparse: other numbers would not all be keys.
    """
    if len(values) < LEAST_VALUES:
        return False
    numbers = pd.to_numeric(pd.Series([*values]), errors="coerce")
    if numbers.isna().any():
        return sum(len(text) >= SHORTEST_TEXT for text in values) > len(values) / 2
    share = len(key) / max(float(numbers.abs().max()), 1.0)
    return bool(share <= MOST_DENSE and share ** len(values) < CHANCE)


def _evidence(tables: Tables, key: ForeignKey, rank: int) -> str | None:
    """Return why a column refers to a key, in words; None if its values are not there.

    Parameters
    ----------
    tables, key
        The tables, and the key.
    rank
        How well the name of the column speaks for it; see `_name_rank`.
    """
    cells = tables[key.table][key.columns[0]]
    values = cells[are_filled(cells)]
    distinct, by = values.nunique(), "by its name" if rank < 3 else "no other column has them"
    if not distinct:
        return None
    rows = parent_rows(tables, key)
    orphans = int((rows == -2).sum())
    if not orphans:
        return f"all {distinct} values are there, {by}"
    if rank > 2 or not are_few_orphans(rows):
        return None
    return f"all but {orphans} of {len(values):,} rows have a value that is there, {by}"


def _without_twins(tables: Tables, found: Sequence[ForeignKey]) -> list[ForeignKey]:
    """Leave one of two keys by which tables refer to each other one to one, and refer to that.

    The table that is referred to is the one whose name the key has, else the larger one.
    """
    twins = {key for key in found if _back(key) in found}
    if not twins:
        return [*found]

    def rank(table: str, column: str) -> tuple[bool, int, int]:
        names_it = _plain(column).startswith(_singulars(table))
        return not names_it, -len(tables[table]), [*tables].index(table)

    instead = {}
    for key in twins:
        if rank(key.table, key.columns[0]) < rank(key.parent, key.parent_columns[0]):
            instead[key.parent, key.parent_columns] = (key.table, key.columns)
    dropped = {key for key in twins if (key.table, key.columns) in instead.values()}
    kept = [key for key in found if key not in dropped]
    return [_redirected(key, instead) for key in kept]


def _without_circles(
    tables: Tables, declared: Sequence[ForeignKey], new: Sequence[ForeignKey]
) -> list[ForeignKey]:
    """Add keys to those that are declared, but for those by which no table could be first."""
    keys = [*declared]
    for key in new:
        above, seen = [key.parent], set[str]()
        while above:
            table = above.pop()
            seen.add(table)
            above += [own.parent for own in keys if own.table == table and own.parent not in seen]
        is_circle = key.table in seen and key.parent != key.table
        if not is_circle or tables[key.table][key.columns[0]].isna().any():
            keys.append(key)
    return keys


def _back(key: ForeignKey) -> ForeignKey:
    return ForeignKey(key.parent, key.parent_columns, key.table, key.columns)


def _redirected(
    key: ForeignKey, instead: Mapping[tuple[str, tuple[str, ...]], tuple[str, tuple[str, ...]]]
) -> ForeignKey:
    parent = instead.get((key.parent, key.parent_columns))
    if parent is None or parent[0] == key.table:
        return key
    return replace(key, parent=parent[0], parent_columns=parent[1])


def _joint_foreign_keys(
    tables: Tables, keys: Mapping[str, tuple[str, ...]], found: Sequence[ForeignKey]
) -> list[ForeignKey]:
    """Find columns of one name in two tables that are unique together in one of them."""
    joint = list[ForeignKey]()
    for table, frame in tables.items():
        for parent, other in tables.items():
            if parent == table or len(keys[parent]) == 1:
                continue
            taken = {name for key in found if key.table == table for name in key.columns}
            common = [
                str(name)
                for name in frame.columns
                if name in other.columns and name not in taken and _may_name_rows(frame[name])
            ]
            if not 2 <= len(common) <= MOST_PARTS or other[common].duplicated().any():
                continue
            if other[common].isna().any(axis=None) or len(other) > len(frame) * MOST_UNUSED:
                continue
            key = ForeignKey(table, tuple(common), parent, tuple(common), "of the same names")
            both = {table: frame, parent: other}
            if (parent_rows(both, key) >= 0).any() and (parent_rows(both, key) != -2).all():
                joint.append(key)
    one_to_one = [key for key in joint if _is_larger_side(tables, key, joint)]
    left = [key for key in joint if key not in one_to_one]
    return [
        key
        for key in left
        if not any(o.table == key.table and set(o.columns) > set(key.columns) for o in left)
    ]


def _is_larger_side(tables: Tables, key: ForeignKey, others: Sequence[ForeignKey]) -> bool:
    """Return whether two tables have the same key, and this is not the one that refers."""
    return _back(key) in others and len(tables[key.table]) >= len(tables[key.parent])


def _name_rank(name: str, table: str, parent: str, key: str, *, is_key: bool) -> int | None:
    """Rank how well the name of a column is that of another table's key; None if it is not.

    Examples
    --------
    >>> _name_rank("customer_id", "orders", "customers", "id", is_key=False)
    0
    >>> _name_rank("billing_address_id", "orders", "address", "address_id", is_key=False)
    1
    >>> _name_rank("quantity", "orders", "customers", "id", is_key=False)
    """
    plain, own, called = _plain(name), _plain(key), {*_singulars(parent), _plain(parent)}
    names = {f"{what}{end}" for what in called for end in (own, "id", "")}
    names |= set() if own in ("id", "key") else {own}
    if is_key:  # a table whose rows go one to one with another's
        singulars = _singulars(table)
        about_itself = plain in {"id", *(f"{one}id" for one in singulars)}
        about_itself |= plain == own and plain in singulars
        return 0 if plain in names and not about_itself and parent != table else None
    if plain in names:
        return 0
    if any(len(other) > 3 and plain.endswith(other) for other in names):
        return 1
    stem = _ID.sub("", plain)
    if stem != plain and any(_abbreviates(stem, one) for one in _singulars(parent)):
        return 2
    if parent == table and names_other_row(name):  # manager_id
        return 3
    return None


def _abbreviates(stem: str, word: str) -> bool:
    """Return whether letters are a short form of a word.

    Examples
    --------
    >>> _abbreviates("cust", "customer"), _abbreviates("dept", "department")
    (True, True)
    >>> _abbreviates("ship", "customer"), _abbreviates("cr", "customer")
    (False, False)
    """
    if not LEAST_ABBREVIATION <= len(stem) < len(word) or stem[0] != word[0]:
        return False
    letters = iter(word)
    return all(letter in letters for letter in stem)


def find_borrowed_keys(tables: Tables, relations: Relations) -> dict[str, dict[str, ForeignKey]]:
    """Find columns with keys of another table that are not declared as foreign keys.

    Their name, or their values, tell that they name rows. They must not be learned as they are, or
    the new rows would hold real keys.

    Parameters
    ----------
    tables, relations
        The tables, and how they belong together.

    Returns
    -------
    For each table its columns of this kind, with the key that they may be.
    """
    found: dict[str, dict[str, ForeignKey]] = {}
    named = {(own.parent, own.parent_columns) for own in relations.foreign_keys}
    named |= {(table, relations.key_of(table)) for table in tables}
    single = [(parent, key) for parent, key in sorted(named) if len(key) == 1]
    single = [(parent, key) for parent, key in single if parent not in relations.references]
    every = {(parent, key): _distinct(tables[parent][key[0]]) for parent, key in single}
    for table, frame in tables.items():
        others = [name for name in frame.columns if name not in relations.key_columns(table)]
        for name in others if table not in relations.references else ():
            if not _may_name_rows(frame[name]):
                continue
            is_named = names_things(name) or names_rows(name) or bool(_ROLE.search(_plain(name)))
            distinct = _distinct(frame[name])
            for (parent, key), there in every.items():
                common = distinct & there
                by_name = is_named and len(distinct) >= FEWEST_KEYS
                if not common or not (by_name or _are_telling(common, there)):
                    continue
                own = ForeignKey(table, (str(name),), parent, key)
                rows = parent_rows(tables, own)
                if (rows >= 0).sum() >= LEAST_BORROWED * (rows != -1).sum():
                    found.setdefault(table, {}).setdefault(str(name), own)
    return found


def find_lists(tables: Tables, relations: Relations) -> tuple[str, ...]:
    """Find short tables to which many rows refer, and which refer to no other table.

    They may refer to themselves. They may be lists of countries or kinds, if they are not of
    people (`is_of_people`).

    Parameters
    ----------
    tables, relations
        The tables, and how they belong together.
    """
    return tuple(
        name
        for name, frame in tables.items()
        if 0 < len(frame) <= LONGEST_LIST
        and all(own.parent == name for own in relations.of(name))
        and any(len(tables[own.table]) >= LIST_ROWS * len(frame) for own in relations.into(name))
    )


def is_of_people(table: str, frame: pd.DataFrame) -> bool:
    """Return whether a table may be about people, by its name, columns or values.

    Parameters
    ----------
    table, frame
        The name of the table, and its rows.
    """
    if any(names_things(one) for one in _singulars(table)):
        return True
    if any(_PERSONAL.search(str(name)) for name in frame.columns):
        return True
    personal = ("email", "name", "first_name", "last_name", "phone", "address")
    return any(column.kind in personal for column in infer_schema(frame))


def infer_orders(some: Collection[str], tables: Tables, relations: Relations) -> dict[str, str]:
    """Find the date columns that order the rows of a parent.

    Parameters
    ----------
    some
        The tables that are looked at.
    tables, relations
        All tables, and how they belong together.
    """
    return dict(_orders(some, tables, relations))


def _orders(
    some: Collection[str], tables: Tables, relations: Relations
) -> Iterator[tuple[str, str]]:
    for table in some:
        frame, keys = tables[table], relations.key_columns(table)
        sizes = [
            len(rows) / max(len(np.unique(rows)), 1)
            for key in relations.of(table)
            if key.parent != table and len(rows := _present(tables, key))
        ]
        if not sizes or min(sizes) < LEAST_GROUP or len(frame) < 2:
            continue
        names = [name for name in frame.columns if name not in keys]
        if names:
            schema = infer_schema(frame.loc[:, names].head(ROWS_OF_KIND))
            dated = [c.name for c in schema if c.kind == "datetime" and not c.missing]
            dated = [name for name in dated if frame[name].notna().all()]
            if dated:
                yield table, str(dated[0])


def _present(tables: Tables, key: ForeignKey) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    rows = parent_rows(tables, key)
    return rows[rows >= 0]
