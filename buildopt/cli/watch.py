"""`buildopt watch`: runs what a change touches, and is silent otherwise."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from buildopt import settings
from buildopt.cli.build_choice import choose
from buildopt.cli.call import working_directory
from buildopt.cli.run_arguments import BEHIND_DASHES
from buildopt.cli.watch_rounds import WatchRounds, Wish, planned_of
from buildopt.cli.words import tell
from buildopt.errors import BuildoptError, UsageError
from buildopt.execute.environment import ACTIVE
from buildopt.execute.signals import IGNORED_BY_PYTHON
from buildopt.watch.keyboard import Key

if TYPE_CHECKING:
    from buildopt.watch.round_process import RoundEnd
    from buildopt.watch.screen import Note, Screen
    from buildopt.watch.session import After

EPILOG = """\b
Examples:
  buildopt watch                        the project's own build, as `buildopt build` finds it
  buildopt watch -- npm run build
  buildopt watch build test             tasks of the settings, or scripts of a workspace
  buildopt watch dev build              with `persistent = true` a task is a server, kept running
  buildopt watch --on-change restart -- npm test
  buildopt watch build --then deploy    after each good round
  buildopt watch --live-reload 35729 -- npx vite build    pages load themselves anew
  buildopt watch --json -- make         one event a line; what make prints goes to stderr
  buildopt watch --once -- make         as `buildopt run`, for scripts that know but `watch`
"""
_SHOWN: dict[Key, tuple[str, ...]] = {
    "explain": ("explain",), "report": ("report", "--open", "--html"),
    "bundle": ("bundle", "--last"),
}  # fmt: skip
_CLEAR = "\x1b[2J\x1b[3J\x1b[H"


class WatchCommand(click.Command):
    """Takes a command only behind `--`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the words apart."""
        end = args.index("--") if "--" in args else len(args)
        ctx.meta[BEHIND_DASHES] = tuple(args[end + 1 :])
        return super().parse_args(ctx, args[:end])


@click.command("watch", cls=WatchCommand, epilog=EPILOG)
@click.option(
    "--on-change",
    type=click.Choice(["queue", "restart", "ignore"]),
    default="queue",
    show_default=True,
    help="A change while it runs: run once more afterwards, stop and start anew, or nothing.",
)
@click.option("--once", is_flag=True, help="End after the first result, with its status.")
@click.option("--poll", is_flag=True, help="Ask for each input again and again; trust no events.")
@click.option("--clear", is_flag=True, help="Clear the terminal before each run.")
@click.option("--bell", is_flag=True, help="Ring when it breaks, and when it is mended.")
@click.option("--notify", is_flag=True, help="A note on the desktop then, by notify-send.")
@click.option("--then", multiple=True, metavar="TASK", help="Run it after each good round.")
@click.option(
    "--live-reload",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Tell pages to load themselves anew, by `http://localhost:PORT/reload.js`.",
)
@click.option("--json", "as_json", is_flag=True, help="One event a line on stdout.")
@click.option("--jobs", type=click.IntRange(min=0), metavar="N", help="Tasks at once.")
@click.option("--filter", multiple=True, metavar="PACKAGE", help="Packages whose tasks are run.")
@click.option(
    "--continue", "continue_", is_flag=True, help="A failure stops only what depends on it."
)
@click.option("--quiet", "-q", is_flag=True, help="No line of ours.")
@click.argument("names", nargs=-1, metavar="[TASK…] [-- COMMAND [ARG…]]")
@click.pass_context
def command(context: click.Context, /, names: tuple[str, ...], **options: Any) -> int:
    """Run TASKs or COMMAND, watch what they really read, and run again what a change touches.

    What runs is answered from its record where that holds, as with `buildopt run`. A save that
    changes no input does nothing; a new file that would be found before another one does. It
    ends with Ctrl-C, SIGTERM or the key q.
    """
    if ACTIVE in os.environ:
        raise UsageError(
            "`buildopt watch` cannot stand inside a watched command",
            hint="start it by itself",
            slug="watch-inside",
        )
    of_run = {name: options[name] for name in ("jobs", "filter", "continue_", "quiet")}
    wish = _wish(names, context.meta[BEHIND_DASHES], of_run, quiet=options["quiet"])
    wish = wish._replace(then=options["then"])
    planned = planned_of(wish)
    if wish.then:
        planned_of(wish._replace(names=wish.then, command=()))
    return _watch(wish, planned.chosen, options)


def _wish(
    names: tuple[str, ...], behind: tuple[str, ...], options: dict[str, Any], *, quiet: bool
) -> Wish:
    """What is asked for; the project's own build where nothing is named."""
    directory = working_directory()
    if names or behind:
        return Wish(names, behind, directory, options)
    choice = choose(settings.load(directory, os.environ), directory, (), os.environ)
    if not quiet:
        for line in choice.told:
            tell(line)
    words = choice.run_words
    os.chdir(choice.folder)
    if words[0] == "--":
        return Wish((), words[1:], choice.folder, options)
    return Wish(words, (), choice.folder, options)


def _watch(wish: Wish, chosen: settings.Settings, options: dict[str, Any]) -> int:
    from buildopt.watch import round_process

    rounds = round_process.start(WatchRounds(wish), output_to_stderr=options["as_json"])
    # Only now, as threads do not survive a fork.
    from buildopt import journal
    from buildopt.watch import tally
    from buildopt.watch.changes import Watcher
    from buildopt.watch.inbox import Inbox
    from buildopt.watch.screen import Screen
    from buildopt.watch.session import Manner, Session

    inbox = Inbox()
    own = (settings.cache_folder(os.environ), settings.state_folder(os.environ))
    watcher = Watcher(chosen.root, inbox, own, poll=options["poll"])
    screen = Screen(
        as_json=options["as_json"],
        quiet=options["quiet"],
        clear=options["clear"],
        bell=options["bell"],
        keys=sys.stdin is not None and sys.stdin.isatty(),
        note=_desktop_note() if options["notify"] else None,
    )
    events = journal.read_backwards(os.fsencode(settings.state_folder(os.environ)))
    today = tally.of_today(events, chosen.root, datetime.now())
    show = _shower(wish.directory)
    with _live_reload(options["live_reload"], screen) as after:
        manner = Manner(chosen.root, options["on_change"], options["once"], show, after)
        return Session(manner, rounds, watcher, inbox, screen, today).run()


def _desktop_note() -> Note | None:
    from buildopt.watch.desktop import Desktop, is_there

    if is_there(os.environ):
        return Desktop().note
    tell("buildopt: no notes: there is no desktop here, or no `notify-send`")
    return None


@contextmanager
def _live_reload(port: int | None, screen: Screen) -> Iterator[tuple[After, ...]]:
    """What tells pages of a good round; its libraries are imported only where it is wished."""
    if port is None:
        yield ()
        return
    from buildopt.watch.live_reload import LiveReload

    try:
        server = LiveReload(port)
    except OSError as error:
        raise BuildoptError(
            f"cannot listen on port `{port}`: {error.strerror}",
            hint="name another one, or 0 for any that is free",
            slug="live-reload-port",
        ) from error
    server.start()
    screen.say(f'pages with <script src="{server.address}"></script> load themselves anew')
    screen.event("listening", address=server.address)

    def tell_pages(end: RoundEnd) -> None:
        if end.exit_code == 0 and end.result is not None and end.result["outcome"] != "fresh":
            server.reload()

    try:
        yield (tell_pages,)
    finally:
        server.stop()


def _shower(directory: str) -> Callable[[Key], None]:
    """Shows what a key asks for. To be made before signals are blocked, which none inherits."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())

    def show(key: Key) -> None:
        if key == "clear":
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
        elif key in _SHOWN:
            page = (os.path.join(settings.state_folder(os.environ), "watch-report.html"),)
            words = (*_SHOWN[key], *(page if key == "report" else ()))
            words = (sys.executable, "-m", "buildopt", *words)
            with suppress(OSError):
                os.chdir(directory)  # the folder may be another one by now
            pid = os.posix_spawn(
                sys.executable, words, os.environ, setsigmask=mask, setsigdef=IGNORED_BY_PYTHON
            )
            os.waitpid(pid, 0)
        elif key == "help":
            from buildopt.watch.keyboard import HELP

            tell(f"buildopt: {HELP}")

    return show
