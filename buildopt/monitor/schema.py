"""The tables of the index, and how its file is opened.

The index holds nothing that the journal does not: it may be deleted. One process writes it, who
holds the importer's lock; all others open it read-only.
"""

from __future__ import annotations

import os
import sqlite3

VERSION = 1
"""`user_version` of the file; one of another version is moved aside and made anew."""
APPLICATION_ID = 0x62756F70
"""`buop` in ASCII, so that no other database is taken for the index."""

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- position: behind the last record here; passed: behind what was no record; both as text
-- raw_from: the first day whose samples are all here

CREATE TABLE sources (           -- who emits
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,          -- /host/project/process
  environment TEXT NOT NULL,     -- deployment.environment.name
  machine TEXT NOT NULL,         -- its class
  host TEXT NOT NULL,
  project TEXT NOT NULL,
  last_n INTEGER NOT NULL DEFAULT 0,
  missing INTEGER NOT NULL DEFAULT 0,        -- numbers that never came
  UNIQUE (source, environment, machine)
);
CREATE TABLE events (            -- in the order of the stream
  id INTEGER PRIMARY KEY,
  position TEXT NOT NULL,        -- reading goes on here
  source INTEGER NOT NULL,       -- sources.id
  event_id TEXT NOT NULL,
  time_ns INTEGER NOT NULL,
  type TEXT NOT NULL,
  run TEXT NOT NULL,
  n INTEGER NOT NULL,
  severity TEXT NOT NULL,
  subject TEXT NOT NULL,
  parent TEXT NOT NULL,
  schema INTEGER NOT NULL,
  data TEXT NOT NULL,            -- JSON
  UNIQUE (source, event_id)
);
CREATE INDEX events_by_type ON events (type, time_ns);
CREATE INDEX events_by_run ON events (run) WHERE run != '';

CREATE TABLE runs (              -- calls of `run` that ended, or whose process is gone
  run TEXT PRIMARY KEY,
  event INTEGER NOT NULL,        -- events.id
  time_ns INTEGER NOT NULL,      -- when it ended
  source INTEGER NOT NULL,
  task TEXT NOT NULL,
  outcome TEXT NOT NULL,         -- fresh, restored, executed; lost
  exit_code INTEGER,
  signal INTEGER,
  stored INTEGER,
  duration_s REAL,
  time_saved_s REAL,
  cpu_s REAL,
  peak_memory_bytes INTEGER,
  hit_ratio REAL,
  root TEXT NOT NULL
);
CREATE INDEX runs_by_time ON runs (time_ns);
CREATE TABLE tasks (             -- steps and named tasks of runs; a plain run is its own task
  run TEXT NOT NULL,
  task TEXT NOT NULL,
  inside TEXT NOT NULL,
  directory TEXT NOT NULL,
  time_ns INTEGER NOT NULL,
  source INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  exit_code INTEGER,
  stored INTEGER,
  duration_s REAL,
  time_saved_s REAL,
  PRIMARY KEY (run, task, inside, directory)
) WITHOUT ROWID;
CREATE INDEX tasks_by_time ON tasks (time_ns);
CREATE TABLE lookups (           -- tasks that no record answered
  event INTEGER PRIMARY KEY,     -- events.id
  run TEXT NOT NULL,
  time_ns INTEGER NOT NULL,
  source INTEGER NOT NULL,
  task TEXT NOT NULL,
  result TEXT NOT NULL,          -- miss, bypass
  reason TEXT NOT NULL,          -- kind of the first reason
  subject TEXT NOT NULL          -- and its subject
);
CREATE INDEX lookups_by_time ON lookups (time_ns);
CREATE TABLE unfinished (        -- runs that began: lost where their processes are gone
  run TEXT NOT NULL,
  source INTEGER NOT NULL,
  boot TEXT NOT NULL,
  mono_ns INTEGER NOT NULL,
  time_ns INTEGER NOT NULL,
  PRIMARY KEY (run, source)
) WITHOUT ROWID;

CREATE TABLE series (            -- what is measured; its samples: a table a day (sample_rows.py)
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,            -- metric{attribute=value}
  metric TEXT NOT NULL,
  host TEXT NOT NULL,
  project TEXT NOT NULL,         -- the source's name, as `system`
  environment TEXT NOT NULL,
  machine TEXT NOT NULL,
  UNIQUE (name, host, project, environment, machine)
);
CREATE TABLE rollups (           -- what samples of a span come to
  level TEXT NOT NULL,           -- minute, hour, day
  day TEXT NOT NULL,             -- YYYYMMDD of its start: a day that expires is one piece
  series INTEGER NOT NULL,
  start_s INTEGER NOT NULL,
  n INTEGER NOT NULL,
  sum REAL NOT NULL,
  min REAL NOT NULL,
  max REAL NOT NULL,
  sketch BLOB NOT NULL,          -- sketch.py
  PRIMARY KEY (level, day, series, start_s)
) WITHOUT ROWID;
CREATE TABLE unrolled (          -- hours and days with samples that are in no roll-up yet
  level TEXT NOT NULL,
  start_s INTEGER NOT NULL,
  PRIMARY KEY (level, start_s)
) WITHOUT ROWID;

CREATE TABLE skipped (           -- lines that are no events, and those of a newer version
  stem TEXT NOT NULL,
  segment TEXT NOT NULL,
  trouble TEXT NOT NULL,
  lines INTEGER NOT NULL,
  told INTEGER NOT NULL DEFAULT 0,           -- how many of them an event has told of
  PRIMARY KEY (stem, segment, trouble)
) WITHOUT ROWID;
CREATE TABLE carried (           -- what came too late for its segment, and is carried behind
  stem TEXT NOT NULL,
  segment TEXT NOT NULL,
  end_bytes INTEGER NOT NULL,
  PRIMARY KEY (stem, segment)
) WITHOUT ROWID;
"""

_BUSY_MS = 1_000
_WAL_LIMIT_BYTES = 64 * 1024 * 1024


def open_to_write(path: str) -> sqlite3.Connection:
    """The one connection that writes; makes the tables of a new file.

    Raises sqlite3.DatabaseError for a file that is damaged, or is no index of this version.
    """
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    if not os.path.exists(path):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_to_read(path: str) -> sqlite3.Connection:
    """A connection that only reads; raises sqlite3.Error where there is no index yet."""
    connection = sqlite3.connect(
        f"file:{_quoted(path)}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA mmap_size=0")
    is_new = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if is_new:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint=1000")
    connection.execute(f"PRAGMA journal_size_limit={_WAL_LIMIT_BYTES}")
    if is_new:
        connection.executescript(
            f"BEGIN; {TABLES} PRAGMA application_id={APPLICATION_ID};"
            f"PRAGMA user_version={VERSION}; COMMIT;"
        )
        return
    marks = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in _MARKS]
    if marks != list(_MARKS.values()):
        raise sqlite3.DatabaseError("it is no index of this version")
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(str(found))


_MARKS = {"application_id": APPLICATION_ID, "user_version": VERSION}


def _quoted(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
