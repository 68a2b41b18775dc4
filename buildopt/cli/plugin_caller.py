"""What commands of plugins have: settings with their lines, tables of consumers, the journal."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from buildopt import settings
from buildopt.cli.call import open_journal, working_directory
from buildopt.cli.identity import project_identity
from buildopt.deployment import machine_class
from buildopt.errors import BuildoptError, SettingsError, UsageError
from buildopt.events import Event
from buildopt.monitor import plugin_file, plugin_file_reading
from buildopt.monitor.hookspecs import Running, Serving, Table
from buildopt.settings.files import Part, read_part
from buildopt.settings.lines import line_of
from buildopt.settings.project import find_place, user_file

if TYPE_CHECKING:
    from buildopt.monitor.loading import Placed, Plugins


class PluginCaller:
    """The `Caller` of hookspecs.py for the process of one command."""

    @cached_property
    def project(self) -> str:
        """Identity of the project here."""
        return project_identity(self._chosen.root)

    @property
    def machine(self) -> str:
        """Class of this machine."""
        return machine_class(self._chosen.machine)

    @cached_property
    def _chosen(self) -> settings.Settings:
        return settings.load(working_directory(), os.environ)

    def catch_up(self, plugin: str) -> None:
        """Have the consumers of a plugin take all that has happened; raises BuildoptError."""
        from buildopt.cli.plugin_options import chosen
        from buildopt.monitor.catching_up import catch_up
        from buildopt.monitor.loading import load

        state = os.path.abspath(settings.state_folder(os.environ))
        loaded = load(chosen((), only=(plugin,)))
        try:
            for placed in _consumers(loaded, plugin):
                trouble = catch_up(state, placed)
                if trouble:
                    raise BuildoptError(
                        f"plugin `{plugin}` cannot take what has happened: {trouble}",
                        hint="`buildopt monitor plugins` shows its status",
                        slug="plugin-failed",
                    )
        except OSError as error:
            raise BuildoptError(
                f"cannot write the state folder `{state}`: {error.strerror}",
                hint="set BUILDOPT_STATE_DIR to a folder that can be written",
                slug="no-place",
            ) from error
        finally:
            loaded.close()

    def running(self) -> Running | None:
        """The monitor of the state folder, where one answers."""
        from buildopt.cli.monitor_health import ask, reachable

        state = os.path.abspath(settings.state_folder(os.environ))
        answer = ask(state, "/healthz")
        if answer is None:
            return None
        return Running(reachable(answer.url), answer.token, answer.pid)

    def serve(self, serving: Serving) -> int:
        """Run a monitor in this process."""
        from buildopt.cli.monitor import run

        return run(serving)

    def settings(self, name: str) -> Table:
        """The table of that name; that of the project's file goes before the user's."""
        table = (self._chosen.namespaces or {}).get(name, {})
        user = user_file(os.environ)
        users_part = read_part(user, shown=user) if user else None
        for part in (find_place(working_directory()).part, users_part):
            if part is not None and name in part.table:
                return _table(part, table)
        return Table(table, "settings", lambda _: 0)

    def read_settings(self, path: str, name: str) -> Table:
        """The table of one file."""
        part = read_part(os.path.abspath(path), shown=path)
        if part is None:
            is_there = os.path.exists(path)
            why = "there is nothing of ours in it" if is_there else "there is no such file"
            raise SettingsError(
                f"cannot read settings `{path}`: {why}",
                hint="name a TOML file with a table `[alert]`",
                slug="broken-settings",
            )
        table = part.table.get(name, {})
        return _table(part, table if isinstance(table, Mapping) else {})

    def read(
        self, consumer: str, sql: str, parameters: Sequence[Any] = ()
    ) -> Sequence[tuple[Any, ...]]:
        """Rows of a consumer's tables as they were last committed; raises BuildoptError for a
        file that cannot be read.
        """
        path = plugin_file.path_of(settings.state_folder(os.environ), consumer)
        try:
            with plugin_file_reading.read_only(path) as connection:
                return connection.execute(sql, parameters).fetchall()
        except FileNotFoundError:
            return ()
        except (OSError, sqlite3.DatabaseError) as error:
            raise BuildoptError(
                f"cannot read `{path}`: {getattr(error, 'strerror', None) or error}",
                hint="`buildopt doctor` looks at the state folder; a damaged file is moved aside "
                "and made anew by `buildopt monitor`",
                slug="plugin-file",
            ) from error

    def emit(self, event: Event) -> Event:
        """Write an event of the project to the journal; raises BuildoptError where it is lost."""
        journal = open_journal(self.project, os.environ, self._chosen)
        journal.run_id = event.run
        told = journal.emit(event.type, event.data, subject=event.subject, severity=event.severity)
        if journal.lost_events:
            raise BuildoptError(
                f"cannot write the event to the journal in `{os.fsdecode(journal.state)}`",
                hint="an event holds at most 64 KiB; `buildopt doctor` looks at the state folder",
                slug="event-lost",
            )
        return told


def _table(part: Part, table: Mapping[str, Any]) -> Table:  # Any: as in TOML
    return Table(table, part.shown, partial(line_of, part))


def _consumers(loaded: Plugins, plugin: str) -> Sequence[Placed]:
    found = [each for each in loaded.consumers() if each.described.plugin == plugin]
    if found:
        return found
    why = next((row.reason for row in loaded.rows if row.name == plugin and row.reason), "")
    raise UsageError(
        f"plugin `{plugin}` is not loaded" + (f": {why}" if why else ""),
        hint="`buildopt monitor plugins` says what is, and why something is not",
        slug="unknown-plugin",
    )
