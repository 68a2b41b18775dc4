"""Fills the index from the journal: batch by batch, each record once, by one process at a time.

    importer = Importer(folder)
    while importer.step(): ...      all that is there is in the index; call it again later

A batch's rows and the position behind it are one transaction, so that a kill at any point loses
and doubles nothing. When all is read, a step sees to what the stream needs: lines that were no
events are told once, late records are carried on, runs whose processes are gone are told as
lost, hours that are over are rolled up. Trouble never raises: it stands in `trouble`, and the
next step tries again. An index that is damaged is moved aside by name and made anew.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable

from filelock import FileLock, Timeout

from buildopt.journal import Journal, source_of
from buildopt.monitor import bookkeeping, carrying, lost_runs, rollups, schema
from buildopt.monitor.batch import BatchWriter
from buildopt.monitor.bookkeeping import LINES_SKIPPED
from buildopt.monitor.chain import Chain
from buildopt.monitor.position import START, Place, Position
from buildopt.monitor.rows import RUN_LOST, Origin
from buildopt.monitor.stream import Reader, Skipped

BATCH_RECORDS = 2_000
INDEX_REBUILT = "buildopt.index.rebuilt"


class Importer:
    """The importer of one state folder; holds its lock from the first step on."""

    def __init__(
        self,
        folder: str,
        *,
        batch_records: int = BATCH_RECORDS,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.folder = folder
        self.path = index_path(folder)
        self.trouble = ""
        """Why the last step could do nothing; empty where it could."""
        self.is_importing = False
        """Whether this process is the one that imports."""
        self.position = START
        self.journal = Journal(state=os.fsencode(folder), source=source_of("monitor"), run_id="")
        self._batch_records = batch_records
        self._now_ns = now_ns
        self._lock = FileLock(f"{self.path}.lock", mode=0o600)
        self._reader = Reader(folder)
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._is_stale = False
        self._carried_records = 0
        self._gone: frozenset[str] = frozenset()

    def step(self) -> int:
        """Take the next batch in; how many records. 0: there is nothing more to take in now."""
        if not self._may_import():
            return 0
        try:
            return self._step()
        except sqlite3.Error as error:
            self._roll_back()
            self.trouble = f"cannot write the index `{self.path}`: {error}"
        except OSError as error:
            self._roll_back()
            self.trouble = f"cannot read the journal of `{self.folder}`: {error.strerror}"
        return 0

    def catch_up(self) -> int:
        """Step until all is read, what the importer itself has told included; how many records."""
        taken, appended = 0, -1
        while (step := self.step()) or appended != self._appended:
            taken += step
            appended = self._appended
        return taken

    @property
    def _appended(self) -> int:
        """How many records it has itself added to the journal."""
        return self.journal.counter + self._carried_records

    def connection(self) -> sqlite3.Connection | None:
        """The connection that writes, for retention; None where this process does not import."""
        return self._connection

    def forget_numbers(self) -> None:
        """Look up numbers of sources and series anew: some of them may be gone."""
        if self._connection:
            self._writer.forget()

    def close(self) -> None:
        """Let another process import."""
        self._disconnect()
        self._lock.release()
        self.is_importing = False

    def _may_import(self) -> bool:
        if self.is_importing:
            return True
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        except OSError as error:
            self.trouble = f"cannot write the index `{self.path}`: {error.strerror}"
            return False
        self.is_importing = True
        return True

    def _step(self) -> int:
        try:
            connection = self._opened()
            taken = self._take(connection)
            if not taken:
                self._see_to_stream(connection)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._move_aside(error)
            return self._take(self._opened())
        self.trouble = ""
        return taken

    def _opened(self) -> sqlite3.Connection:
        """The connection to the file that is there now: it may have been deleted meanwhile."""
        if self._connection and self._inode == _inode(self.path):
            if self._is_stale:
                self._stand_where_index_is(self._connection)
            return self._connection
        self._disconnect()
        connection = self._connection = schema.open_to_write(self.path)
        self._inode = _inode(self.path)
        self._writer = BatchWriter(connection)
        select = "SELECT 1 FROM meta WHERE key = 'position'"
        if not connection.execute(select).fetchone():
            self._begin_index(connection)
        self._stand_where_index_is(connection)
        return connection

    def _stand_where_index_is(self, connection: sqlite3.Connection) -> None:
        known = dict(connection.execute("SELECT key, value FROM meta"))
        self.position = Position.parse(known["position"])
        self._reader = Reader(self.folder)
        self._reader.position = self.position
        self._reader.passed = Position.parse(known.get("passed", "/"))
        self._is_stale = False

    def _begin_index(self, connection: sqlite3.Connection) -> None:
        """What an index made anew takes from elsewhere than the stream."""
        samples = Chain(self.folder, "samples", seals=False)
        samples.look()
        rolled = Chain(self.folder, "rollups-hour", seals=False)
        rolled.look()
        first = min(samples.sizes, default=None)
        is_partial = first and any(each.day < first.day for each in rolled.sizes)
        connection.execute("BEGIN IMMEDIATE")
        rollups.load(connection, self.folder)
        if first and is_partial:  # samples of days before have been dropped
            connection.execute("INSERT INTO meta VALUES ('raw_from', ?)", (first.day,))
        connection.execute("INSERT INTO meta VALUES ('position', '/')")
        connection.execute("COMMIT")

    def _take(self, connection: sqlite3.Connection) -> int:
        passed = self._reader.passed
        records, position = self._reader.read_records(self.position, self._batch_records)
        if position == self.position and passed == self._reader.passed:
            return 0
        connection.execute("BEGIN IMMEDIATE")
        self._writer.write(records)
        bookkeeping.keep_carried(connection, records)
        bookkeeping.keep_skipped(connection, bookkeeping.counted(self._reader.skipped.items()))
        bookkeeping.keep_skipped(connection, self._writer.take_late())
        bookkeeping.keep_told(connection, records)
        connection.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)",
            [("position", str(position)), ("passed", str(self._reader.passed))],
        )
        connection.execute("COMMIT")
        self._reader.skipped.clear()
        self.position = position
        return len(records)

    def _see_to_stream(self, connection: sqlite3.Connection) -> None:
        """All is read: do what only one process may do, and only then."""
        if self.journal.lost_events:
            return  # what was to be told last is not in the journal yet
        self._tell_skipped(connection)
        self._carry_late(connection)
        self._tell_lost_runs(connection)
        self._roll_up(connection)

    def _tell_skipped(self, connection: sqlite3.Connection) -> None:
        select = "SELECT stem, segment, trouble, lines - told FROM skipped WHERE lines > told"
        for stem, segment, trouble, lines in connection.execute(select).fetchall():
            data = {"stem": stem, "segment": segment, "trouble": trouble, "lines": lines}
            self.journal.emit(LINES_SKIPPED, data, severity="warning", now_ns=self._now_ns())

    def _carry_late(self, connection: sqlite3.Connection) -> None:
        places = ((self._reader.events, self.position.events.segment),
                  (self._reader.samples, self.position.samples.segment))  # fmt: skip
        for chain, here in places:
            known = bookkeeping.carried_until(connection, chain.stem)
            for done in carrying.carry(chain, here, known):
                skipped = Skipped(chain.stem, done.segment, "foreign")
                rows = bookkeeping.counted([(skipped, done.no_records)])
                end = Place(done.segment, done.end_bytes)
                connection.execute("BEGIN IMMEDIATE")
                bookkeeping.keep_end(connection, chain.stem, end)
                bookkeeping.keep_skipped(connection, rows)
                connection.execute("COMMIT")
                self._carried_records += done.records

    def _tell_lost_runs(self, connection: sqlite3.Connection) -> None:
        """Tell of runs that were gone before all was read, and have not ended in what was read."""
        gone = lost_runs.gone(connection, lost_runs.this_machine(self._now_ns()))
        for run in sorted(gone.keys() & self._gone):
            select = "SELECT task FROM lookups WHERE run = ? LIMIT 1"
            task = connection.execute(select, (run,)).fetchone()
            self._tell_lost_run(run, gone[run], task[0] if task else "")
        self._gone = frozenset(gone)

    def _tell_lost_run(self, run: str, origin: Origin, task: str) -> None:
        """Tell it in the name of who ran it, so that filters find it where the run was."""
        journal = self.journal
        own = journal.run_id, journal.environment, journal.machine
        journal.run_id, journal.environment, journal.machine = (
            run, origin.environment, origin.machine
        )  # fmt: skip
        data = {"task": task, "host": origin.host, "project": origin.project}
        journal.emit(RUN_LOST, data, subject=task, severity="error", now_ns=self._now_ns())
        journal.run_id, journal.environment, journal.machine = own

    def _roll_up(self, connection: sqlite3.Connection) -> None:
        """Roll up one span that is over; the next one in the next step."""
        span = rollups.due(connection, self._now_ns() / 1e9)
        if span:
            connection.execute("BEGIN IMMEDIATE")
            rollups.roll(connection, self.folder, *span)
            connection.execute("COMMIT")

    def _roll_back(self) -> None:
        if self._connection:
            with contextlib.suppress(sqlite3.Error):
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            self._writer.forget()
        self._is_stale = True

    def _move_aside(self, error: sqlite3.Error) -> None:
        """Move a damaged index aside, and say so: a new one is made of the journal."""
        self._disconnect()
        aside = f"{self.path}.damaged-{self._now_ns() // 1_000_000_000}"
        os.replace(self.path, aside)
        for ending in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.replace(self.path + ending, aside + ending)
        data = {"cause": str(error), "moved_to": aside}
        self.journal.emit(INDEX_REBUILT, data, severity="warning", now_ns=self._now_ns())

    def _disconnect(self) -> None:
        if self._connection:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None


def index_path(folder: str) -> str:
    """The index of a state folder."""
    return os.path.join(folder, "index.sqlite")


def _is_damage(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # said by schema.py
        return type(error) is sqlite3.DatabaseError
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _inode(path: str) -> int:
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0
