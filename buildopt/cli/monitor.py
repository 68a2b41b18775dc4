"""`buildopt monitor`: watch what happens on this machine, and tell of it."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from buildopt import settings
from buildopt.cli.call import open_journal, working_directory
from buildopt.cli.words import tell, tell_error
from buildopt.errors import EXIT_FAILED, UsageError

if TYPE_CHECKING:
    from buildopt.cli.monitor_terminal import Telling
    from buildopt.monitor.hookspecs import Serving
    from buildopt.monitor.manager import Monitor
    from buildopt.monitor.place import Place

SUBCOMMANDS = {
    "plugins": ("buildopt.cli.monitor_plugins", "List the plugins, each with its status."),
    "replay": ("buildopt.cli.monitor_replay", "Have a plugin tell again what it told."),
    "health": ("buildopt.cli.monitor_health", "Say how each component is."),
    "tail": ("buildopt.cli.monitor_tail", "Tell what a server's access log says."),
    "export": ("buildopt.cli.monitor_export", "Print runs, tasks or samples of the index."),
}
"""Name -> module that holds a click command, one line; imported when chosen."""
MEASURING = ("system", "builds")
"""Plugins that `--only` leaves on: what is measured serves all others."""
LEAST_TOKEN = 16
"""Characters of a token that lets other machines in: 64 bits of hex."""

EPILOG = """\b
Examples:
  buildopt monitor                        until Ctrl-C or SIGTERM
  buildopt monitor --only alert,baseline  these plugins, and what is measured
  buildopt monitor --port 0 --ready-file ready.json
  buildopt monitor --until-idle           take in what is there, then end
  buildopt monitor health                 how the running one is
"""


class Group(click.Group):
    """Its commands by the table, imported when chosen."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in SUBCOMMANDS:
            return None
        command = getattr(import_module(SUBCOMMANDS[cmd_name][0]), "command")  # noqa: B009
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in SUBCOMMANDS.items()])


@click.group("monitor", cls=Group, invoke_without_command=True, epilog=EPILOG)
@click.option("--host", metavar="ADDRESS", help="Where to listen; unix:FILE: a socket.")
@click.option("--port", type=click.IntRange(0, 65_535), help="0: any that is free.")
@click.option("--token", metavar="TEXT", help="What opens the server; default a random one.")
@click.option("--ready-file", metavar="FILE", help="Gets {url, token, pid} once it answers.")
@click.option("--only", metavar="NAME,…", help="Run these plugins alone.")
@click.option("-p", "switches", metavar="no:NAME", multiple=True, help="Leave a plugin out.")
@click.option("--until-idle", is_flag=True, help="Take in what is there, then end.")
@click.pass_context
def command(
    context: click.Context,
    *,
    host: str | None,
    port: int | None,
    token: str | None,
    ready_file: str | None,
    only: str | None,
    switches: tuple[str, ...],
    until_idle: bool,
) -> int:
    """Follow all builds of this user: index, measurements, plugins, health, one local server.

    One monitor runs on a state folder. SIGTERM and Ctrl-C end it in order, and nothing is lost.
    """
    if context.invoked_subcommand is not None:
        _refuse_options(context)
        return 0
    from buildopt.monitor.hookspecs import Serving

    serving = Serving(host=host, port=port, token=token, ready_file=ready_file)
    return run(serving, only=only, switches=switches, until_idle=until_idle)


def run(
    serving: Serving,
    *,
    only: str | None = None,
    switches: tuple[str, ...] = (),
    until_idle: bool = False,
) -> int:
    """Run a monitor until it is told to end; the exit status."""
    from buildopt.monitor.place import Place

    chosen = settings.load(working_directory(), os.environ)
    place = Place(
        state=os.path.abspath(settings.state_folder(os.environ)),
        cache=os.path.abspath(settings.cache_folder(os.environ)),
        host=_host(serving.host or chosen.monitor_host),
        port=chosen.monitor_port if serving.port is None else serving.port,
        token=serving.token or chosen.monitor_token,
        ready_file=os.path.abspath(serving.ready_file) if serving.ready_file else "",
    )
    _require_token(place)
    plugins = _plugins(only, switches, place.state)
    journal = open_journal("monitor", os.environ, chosen)
    if until_idle:
        from buildopt.monitor.manager import evaluate

        if trouble := evaluate(place.state, plugins):
            tell_error(trouble, "`buildopt doctor` looks at the state folder", slug="not-taken-in")
            return EXIT_FAILED
        return 0
    return _serve(place, plugins, journal, serving)


def _serve(place: Place, plugins: Any, journal: Any, serving: Serving) -> int:  # Any: as in run
    from buildopt.monitor.hookspecs import Running
    from buildopt.monitor.manager import Monitor
    from buildopt.monitor.place import kept_token

    if not place.token:
        place = place._replace(token=kept_token(place.state))
    monitor = Monitor(place, plugins, journal)
    ending = _Ending()
    monitor.start()
    telling = None
    try:
        telling = _say_where(monitor, place)
        if serving.ready:
            serving.ready(Running(monitor.server.url, place.token, os.getpid()))
        ending.wait(monitor, serving.idle_s)
    finally:
        if telling:
            telling.stop()
        in_time = monitor.stop()
    if not in_time:
        tell("buildopt: not all plugins ended in time; what they have not done comes next time")
    return 0


def _refuse_options(context: click.Context) -> None:
    """Options of a monitor that is to run, before the name of a command that runs none."""
    for option in context.command.params:
        if context.params.get(option.name or "") not in (None, (), False):
            name = context.invoked_subcommand
            raise UsageError(
                f"`{option.opts[0]}` before `{name}` has no effect",
                hint=f"what it takes stands behind it: `buildopt monitor {name} --help`",
                slug="usage",
            )


class _Ending:
    """The first signal that asks for the end; a second one ends at once."""

    def __init__(self) -> None:
        from threading import Event

        self._event = Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._hear)

    def wait(self, monitor: Monitor, idle_s: float | None) -> None:
        """Sleep until then, or until nobody has asked for anything for so long."""
        if idle_s is None:
            self._event.wait()
            return
        left_s = idle_s
        while left_s > 0 and not self._event.wait(left_s):
            left_s = idle_s - monitor.server.idle_s

    def _hear(self, number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        self._event.set()


def _say_where(monitor: Monitor, place: Place) -> Telling | None:
    """Where it answers, and on a terminal from then on what happens.

    The token only on a terminal, as what is elsewhere may be a log.
    """
    from buildopt.monitor.socket_file import is_socket

    url = monitor.server.url
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    if is_socket(url) or not is_terminal:
        tell(f"buildopt: monitor at {url} (token: {os.path.join(place.state, 'monitor.json')})")
    else:
        tell(f"buildopt: monitor at {url}/enter?token={place.token}")
    if not is_terminal:
        return None
    from buildopt.cli.monitor_terminal import Telling

    tell("buildopt: runs are told here as they end; Ctrl-C ends the monitor")
    telling = Telling(place.state)
    telling.start()
    return telling


def _host(given: str) -> str:
    """The address, or the file of a socket with its whole path."""
    from buildopt.monitor.socket_file import PREFIX, is_socket

    return PREFIX + os.path.abspath(given.removeprefix(PREFIX)) if is_socket(given) else given


def _require_token(place: Place) -> None:
    from buildopt.loopback import is_loopback
    from buildopt.monitor.socket_file import is_socket

    if is_loopback(place.host) or is_socket(place.host):
        return
    if not place.token:
        raise UsageError(
            f"`--host {place.host}` lets other machines in, and there is no token",
            hint="choose one with --token or BUILDOPT_MONITOR_TOKEN",
            slug="host-needs-token",
        )
    if len(place.token) < LEAST_TOKEN:
        raise UsageError(
            f"`--host {place.host}` lets other machines in, and the token has {len(place.token)} "
            f"characters: {LEAST_TOKEN} at least",
            hint="`openssl rand -hex 16` makes a good one",
            slug="host-needs-token",
        )
    tell(f"buildopt: other machines can reach `{place.host}`; it is not encrypted")


def _plugins(only: str | None, switches: tuple[str, ...], state: str) -> Any:
    """The plugins that are wanted; raises UsageError for a name that is none's."""
    from buildopt.cli.plugin_options import chosen
    from buildopt.monitor.loading import load

    names = frozenset(name.strip() for name in (only or "").split(",") if name.strip())
    only_these = names | frozenset(MEASURING) if names else ()
    choice = chosen(switches, only=tuple(only_these), state=state)
    plugins = load(choice)
    known = {row.name for row in plugins.rows}
    if unknown := sorted(names.union(choice.off) - known) if choice.is_on else []:
        raise UsageError(
            f"no such plugin `{unknown[0]}`",
            hint=f"there are: {', '.join(sorted(known)) or 'none'}",
            slug="no-such-plugin",
        )
    return plugins
