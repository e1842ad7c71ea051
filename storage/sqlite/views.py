"""The views of a SQLite history: made after the tables, made anew when the program's differ."""

import logging
import sqlite3
from pathlib import Path

import aiosqlite

from storage.catalogue import catalogue
from storage.catalogue.dialects import SQLITE

log = logging.getLogger(__name__)

OURS = "/* Made by the desk"
"""In each view's text, by which the desk knows it from one that somebody else made under the same name."""

_FOUND = "SELECT name, type, sql FROM sqlite_master WHERE type IN ('view', 'table')"


async def make_views(db: aiosqlite.Connection, path: Path) -> None:
    """Make the views that are missing or differ; a desk goes on without those that cannot be made."""
    mark = f"{OURS}: {catalogue.fingerprint('sqlite')}. */"
    found = {name: (kind, sql or "") for name, kind, sql in await db.execute_fetchall(_FOUND)}
    ours = [name for name, (kind, sql) in found.items() if kind == "view" and OURS in sql]
    if ours and all(mark in found[name][1] for name in ours):
        return
    views = {view.name: view.select for view in catalogue.views(SQLITE)}
    foreign = [name for name in views if name in found and (found[name][0] != "view" or OURS not in found[name][1])]
    if foreign:
        log.warning("the history %s has %s, made by somebody else: rename it", path, ", ".join(foreign))
    drops = "".join(f"DROP VIEW {name};\n" for name in ours)
    creates = "".join(f"CREATE VIEW {name} AS {mark} {views[name]};\n" for name in views if name not in foreign)
    try:
        await db.executescript(f"BEGIN IMMEDIATE;\n{drops}{creates}COMMIT;")
    except sqlite3.Error as error:
        await db.rollback()
        log.warning("the views of the history %s could not be made (%s): the desk goes on without", path, error)
