"""What commands of plugins have: settings with their lines, tables of consumers, the journal."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from buildopt import settings
from buildopt.cli.call import open_journal, working_directory
from buildopt.errors import SettingsError
from buildopt.events import Event
from buildopt.monitor import plugin_file, plugin_file_reading
from buildopt.monitor.hookspecs import Table
from buildopt.settings.files import Part, read_part
from buildopt.settings.lines import line_of
from buildopt.settings.project import find_place, user_file


class PluginCaller:
    """The `Caller` of hookspecs.py for the process of one command."""

    def settings(self, name: str) -> Table:
        """The table of that name; that of the project's file goes before the user's."""
        chosen = settings.load(working_directory(), os.environ)
        table = (chosen.namespaces or {}).get(name, {})
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
            raise SettingsError(
                f"cannot read settings `{path}`: there is nothing of ours in it",
                hint="name a TOML file with a table `[alert]`",
                slug="broken-settings",
            )
        table = part.table.get(name, {})
        return _table(part, table if isinstance(table, Mapping) else {})

    def read(
        self, consumer: str, sql: str, parameters: Sequence[Any] = ()
    ) -> Sequence[tuple[Any, ...]]:
        """Rows of a consumer's tables as they were last committed."""
        path = plugin_file.path_of(settings.state_folder(os.environ), consumer)
        try:
            with plugin_file_reading.read_only(path) as connection:
                return connection.execute(sql, parameters).fetchall()
        except FileNotFoundError:
            return ()

    def emit(self, event: Event) -> Event:
        """Write an event to the journal."""
        journal = open_journal("", os.environ)
        return journal.emit(event.type, event.data, subject=event.subject, severity=event.severity)


def _table(part: Part, table: Mapping[str, Any]) -> Table:  # Any: as in TOML
    return Table(table, part.shown, partial(line_of, part))
