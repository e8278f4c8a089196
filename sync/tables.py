"""The tables of a store in SQLite, and how a file is known for one."""

from __future__ import annotations

import sqlite3

from sync.errors import NotAStore

_APPLICATION = 0x43505254  # "CPRT"; tells our file from any other SQLite file
_VERSION = 4

_SCHEMA = """
CREATE TABLE link (
    id INTEGER PRIMARY KEY, flow TEXT NOT NULL, erp_id TEXT, inv_id TEXT, erp_key TEXT, inv_key TEXT, reference TEXT,
    generation INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT, waits_for TEXT, dirty INTEGER NOT NULL,
    recheck INTEGER NOT NULL, attempts INTEGER NOT NULL, next_attempt_at REAL, version INTEGER NOT NULL,
    shadow TEXT, erp TEXT, inv TEXT, diverged TEXT, children TEXT, intent TEXT, notices TEXT, conflicts TEXT,
    choices TEXT, deleted TEXT, erp_digest BLOB, inv_digest BLOB
);
CREATE UNIQUE INDEX link_erp ON link (flow, erp_id) WHERE erp_id IS NOT NULL;
CREATE UNIQUE INDEX link_inv ON link (flow, inv_id) WHERE inv_id IS NOT NULL;
CREATE INDEX link_erp_key ON link (flow, erp_key) WHERE erp_key IS NOT NULL;
CREATE INDEX link_inv_key ON link (flow, inv_key) WHERE inv_key IS NOT NULL;
CREATE INDEX link_reference ON link (flow, reference) WHERE reference IS NOT NULL;
CREATE INDEX link_dirty ON link (flow, id) WHERE dirty;
CREATE INDEX link_waits ON link (waits_for) WHERE waits_for IS NOT NULL;
CREATE INDEX link_intent ON link (id) WHERE intent IS NOT NULL;
CREATE INDEX link_deleting ON link (flow) WHERE deleted IS NOT NULL AND state <> 'tombstoned' AND erp_id IS NOT NULL;
CREATE INDEX link_retry ON link (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE TABLE cursor (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE history (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, flow TEXT NOT NULL, link INTEGER NOT NULL, key TEXT NOT NULL,
    by TEXT NOT NULL, operation TEXT NOT NULL, system TEXT, source TEXT, edited TEXT, fields TEXT NOT NULL, note TEXT
);
CREATE INDEX history_link ON history (link);
"""
_APPEND_ONLY = """
CREATE TRIGGER history_{0} BEFORE {0} ON history BEGIN SELECT RAISE(ABORT, 'the history is only added to'); END
"""


def is_fresh(db: sqlite3.Connection, path: str) -> bool:
    """Whether a database is still empty; raises NotAStore when it holds something else than a store of this version."""
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables and not application:
        return True
    if application != _APPLICATION:
        raise NotAStore(path, "a database of something else", "Name another file")
    if version != _VERSION:
        raise NotAStore(
            path,
            f"a store of version {version}; this is version {_VERSION}",
            "Use the release that wrote it, or start with a new file",
        )
    return False


def create(db: sqlite3.Connection) -> None:
    """Make an empty database a store."""
    for statement in _SCHEMA.split(";"):
        db.execute(statement)
    for change in ("UPDATE", "DELETE"):
        db.execute(_APPEND_ONLY.format(change))
    db.execute(f"PRAGMA application_id = {_APPLICATION}")
    db.execute(f"PRAGMA user_version = {_VERSION}")
