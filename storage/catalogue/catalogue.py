"""The catalogue as ``storage/schema/catalogue.toml`` describes it: the views of an engine, and what comments say."""

import tomllib
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from storage.catalogue import dialects
from storage.catalogue.dialects import Dialect, expand

FILE = Path(__file__).parents[1] / "schema" / "catalogue.toml"


class HistoryView(msgspec.Struct, frozen=True, kw_only=True):
    """A view of one engine; ``select`` is what it shows."""

    name: str
    select: str


class DescribedRelation(msgspec.Struct, frozen=True, kw_only=True):
    """What a table or view is and what each of its columns is."""

    name: str
    kind: str
    comment: str
    columns: Mapping[str, str]


class TableCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A condition that every new row of a table must meet."""

    table: str
    name: str
    condition: str


@cache
def _read() -> Mapping[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


def views(dialect: Dialect) -> tuple[HistoryView, ...]:
    """Return the views in an order in which they can be made."""
    found = _read()
    parts = found["parts"]
    made = []
    for name, view in found["views"].items():
        columns = ", ".join(f"{sql} AS {column}" for column, (sql, _) in view["columns"].items())
        where = f" WHERE {view['where']}" if "where" in view else ""
        made.append(
            HistoryView(name=name, select=expand(f"SELECT {columns} FROM {view['source']}{where}", parts, dialect))
        )
    return tuple(made)


def described(columns_of: Mapping[str, tuple[str, ...]]) -> tuple[DescribedRelation, ...]:
    """Return what every view is, and every table of these, whose columns are given.

    A column that the catalogue does not describe is left out.
    """
    found = _read()
    common = found["columns"]
    tables = [
        DescribedRelation(
            name=name,
            kind="TABLE",
            comment=found["tables"][name]["comment"],
            columns={
                column: known[column]
                for known in [common | found["tables"][name]["columns"]]
                for column in columns
                if column in known
            },
        )
        for name, columns in columns_of.items()
    ]
    views = [
        DescribedRelation(
            name=name,
            kind="VIEW",
            comment=view["comment"],
            columns={column: comment for column, (_, comment) in view["columns"].items()},
        )
        for name, view in found["views"].items()
    ]
    return (*tables, *views)


def tables() -> tuple[str, ...]:
    return tuple(_read()["tables"])


def checks() -> tuple[TableCheck, ...]:
    return tuple(
        TableCheck(table=table, name=f"{table}_{name}_known", condition=" ".join(condition.split()))
        for table, conditions in _read()["checks"].items()
        for name, condition in conditions.items()
    )


def fingerprint(program: str) -> str:
    """Return what changes when the file does, or what is made of it: the dialects, and ``program`` of the engine."""
    return sha256(FILE.read_bytes() + Path(dialects.__file__).read_bytes() + program.encode()).hexdigest()[:16]
