"""Views, comments and checks of a PostgreSQL history: made after the tables, made anew when the program's differ.

A desk goes on without what its role may not make. A check of another version would refuse rows of this one, so that one
alone keeps a desk from starting.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg

from storage.catalogue import catalogue
from storage.catalogue.catalogue import DescribedRelation, TableCheck
from storage.catalogue.dialects import POSTGRES
from storage.errors import HistoryError
from storage.postgres.address import DatabaseAddress
from storage.postgres.migrations import LOCK

log = logging.getLogger(__name__)

OURS = " (Made by the desk.)"
"""Ends the comment of each view, by which the desk knows it from one that somebody else made under the same name."""

LOCK_MS = 1_000
VALIDATE_MS = 20_000
"""How long a start may look through old rows; without that a check holds for new rows only."""

_FUNCTIONS = """
CREATE OR REPLACE FUNCTION history_time(ns BIGINT) RETURNS TIMESTAMPTZ LANGUAGE SQL STABLE PARALLEL SAFE
AS $$ SELECT timestamptz '1970-01-01 00:00:00+00' + ns / 1000 * interval '1 microsecond' $$;
CREATE OR REPLACE FUNCTION history_ns(at TIMESTAMPTZ) RETURNS BIGINT LANGUAGE SQL STABLE PARALLEL SAFE
AS $$ SELECT (EXTRACT(EPOCH FROM at) * 1000000)::BIGINT * 1000 $$;
COMMENT ON FUNCTION history_time(BIGINT) IS 'The time of UTC ns.';
COMMENT ON FUNCTION history_ns(TIMESTAMPTZ) IS 'UTC ns of a time: at_ns >= history_ns(…) uses the index by time.';
"""
_FOREIGN = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY($1)
AND (c.relkind <> 'v' OR RIGHT(COALESCE(obj_description(c.oid, 'pg_class'), ''), $2) <> $3)
"""
_COLUMNS = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped
GROUP BY 1
"""
_CHECKS = """
SELECT n.conname, obj_description(n.oid, 'pg_constraint') FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
WHERE n.contype = 'c' AND c.relnamespace = current_schema()::regnamespace
"""
_MADE = "SELECT obj_description(to_regclass('history_schema'), 'pg_class')"


async def make_catalogue(db: Any, where: DatabaseAddress) -> None:
    """Make what is missing or differs. What cannot be made is logged, and tried again by the next start.

    Raises HistoryError when a check of another version stays that this program's rows might break; asyncpg's errors as
    they come when the connection ends.
    """
    wanted = catalogue.fingerprint(_FUNCTIONS + OURS)
    if (await db.fetchval(_MADE) or "").endswith(wanted):
        return
    done = [await _tried(db, where, what, make) for what, make in _PARTS]
    if all(done):
        [relation] = [one for one in catalogue.described({"history_schema": ("version",)}) if one.kind == "TABLE"]
        await db.execute(_comment("TABLE", "history_schema", f"{relation.comment} Catalogue {wanted}"))
        await _validate(db, where)
    await _check_outdated(db, where)


async def _tried(db: Any, where: DatabaseAddress, what: str, make: Any) -> bool:
    try:
        async with db.transaction():
            await db.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            await db.execute(f"SET LOCAL lock_timeout = {LOCK_MS}")
            await make(db)
    except (asyncpg.PostgresError, HistoryError) as error:
        if db.is_closed():
            raise
        log.warning("%s", not_made(where, what, error))
        return False
    return True


def not_made(where: object, what: str, error: BaseException) -> str:
    """Say what a database has to do without, why, and what to do."""
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        remedy = "let the owner of its tables start a desk once, or grant CREATE on the schema"
    else:
        remedy = "the next start tries again"
    why = _first_line(error)
    return f"the {what} of the history {where} could not be made ({why}): the desk goes on without; {remedy}"


def _first_line(error: BaseException) -> str:
    return str(error).split("\n")[0]


async def _make_views(db: Any) -> None:
    views = catalogue.views(POSTGRES)
    names = [view.name for view in views]
    foreign = [row[0] for row in await db.fetch(_FOREIGN, names, len(OURS), OURS)]
    if foreign:
        raise HistoryError(f"{', '.join(sorted(foreign))}: made by somebody else; rename it")
    await db.execute(_FUNCTIONS)
    create = "".join(f"CREATE OR REPLACE VIEW {view.name} AS {view.select};\n" for view in views)
    try:
        async with db.transaction():
            await db.execute(create)
    except asyncpg.InvalidTableDefinitionError:
        # Columns went away or changed their order.
        await db.execute("".join(f"DROP VIEW IF EXISTS {name};\n" for name in reversed(names)) + create)
    await db.execute(_comments(one for one in catalogue.described({}) if one.kind == "VIEW"))


async def _describe_tables(db: Any) -> None:
    columns = {name: tuple(found) for name, found in await db.fetch(_COLUMNS, catalogue.tables())}
    await db.execute(_comments(one for one in catalogue.described(columns) if one.kind == "TABLE"))


async def _add_checks(db: Any) -> None:
    found = dict(await db.fetch(_CHECKS))
    script = ""
    for table, changed in _by_table(one for one in catalogue.checks() if found.get(one.name) != one.condition).items():
        drops = [f"DROP CONSTRAINT {one.name}" for one in changed if one.name in found]
        adds = [f"ADD CONSTRAINT {one.name} CHECK ({one.condition}) NOT VALID" for one in changed]
        script += f"ALTER TABLE {table} {', '.join([*drops, *adds])};\n"
        script += "".join(
            f"COMMENT ON CONSTRAINT {one.name} ON {table} IS {_literal(one.condition)};\n" for one in changed
        )
    if script:
        await db.execute(script)


_PARTS = (("views", _make_views), ("comments", _describe_tables), ("checks", _add_checks))


async def _validate(db: Any, where: DatabaseAddress) -> None:
    for table, ours in _by_table(catalogue.checks()).items():
        validate = ", ".join(f"VALIDATE CONSTRAINT {one.name}" for one in ours)
        try:
            async with db.transaction():
                await db.execute(f"SET LOCAL lock_timeout = {LOCK_MS}; SET LOCAL statement_timeout = {VALIDATE_MS}")
                await db.execute(f"ALTER TABLE {table} {validate}")
        except asyncpg.PostgresError as error:
            if db.is_closed():
                raise
            log.warning(
                "old rows of %s in the history %s were not checked: %s", table, where, str(error).split("\n")[0]
            )


async def _check_outdated(db: Any, where: DatabaseAddress) -> None:
    found = dict(await db.fetch(_CHECKS))
    outdated = [one.name for one in catalogue.checks() if found.get(one.name, one.condition) != one.condition]
    if outdated:
        raise HistoryError(
            f"the history {where} has checks of another version ({', '.join(outdated)}), which might refuse what this "
            "desk records: let the owner of its tables start a desk once"
        )


def _by_table(checks: Iterable[TableCheck]) -> Mapping[str, list[TableCheck]]:
    found: dict[str, list[TableCheck]] = {}
    for one in checks:
        found.setdefault(one.table, []).append(one)
    return found


def _comments(relations: Iterable[DescribedRelation]) -> str:
    return "".join(
        _comment(one.kind, one.name, one.comment + (OURS if one.kind == "VIEW" else ""))
        + "".join(_comment("COLUMN", f"{one.name}.{column}", comment) for column, comment in one.columns.items())
        for one in relations
    )


def _comment(kind: str, name: str, comment: str) -> str:
    return f"COMMENT ON {kind} {name} IS {_literal(comment)};\n"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
