"""One round of `buildopt watch`: what `buildopt run` of the same tasks would do, and the check."""

from __future__ import annotations

import os
import shlex
import time
from typing import Any, NamedTuple

from buildopt import settings
from buildopt.cli.call import open_place
from buildopt.cli.run_graph import run_plan, works_of
from buildopt.cli.words import tell_error
from buildopt.errors import EXIT_USAGE, BuildoptError
from buildopt.events import data_of
from buildopt.settings import TaskSettings
from buildopt.tasks.graph import plan as plan_of
from buildopt.tasks.model import GraphTask, Plan
from buildopt.tasks.workspaces import load_project
from buildopt.watch.checker import Checker
from buildopt.watch.loop import Checked
from buildopt.watch.polling import Signature, signature
from buildopt.watch.round_process import RoundEnd, Server

Options = dict[str, Any]  # Any: click's values
NO_LISTS: Options = dict.fromkeys(
    ("input_", "output", "env", "ignore_input", "ignore_output", "ignore_env", "filter"), ()
)


class Wish(NamedTuple):
    """What is to be watched: names of tasks, a command, or both."""

    names: tuple[str, ...]
    command: tuple[str, ...]
    directory: str
    options: Options


class Planned(NamedTuple):
    """A wish as the settings and manifests of this moment have it."""

    chosen: settings.Settings
    plan: Plan
    servers: tuple[Server, ...]
    consulted: tuple[str, ...]


class WatchRounds:
    """Runs the tasks of a wish, again and again. See `round_process.Rounds`."""

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self._checker: Checker | None = None
        self._consulted: dict[str, Signature | None] = {}

    def run(self) -> RoundEnd:
        """Plan anew, run, and take stock of what was looked at."""
        started_s = time.monotonic()
        os.environ["PWD"] = self._wish.directory
        known = self._consulted or settings.find_root(self._wish.directory)[1]
        before = {path: signature(path) for path in known}  # before they are read
        self._consulted = before
        try:
            planned = planned_of(self._wish)
            now = {path: signature(path) for path in planned.consulted}
            self._consulted = now | {path: before[path] for path in before.keys() & now.keys()}
            chosen = planned.chosen
            place = open_place(
                chosen, cache_dir=chosen.cache_dir, environ=os.environ, here=self._wish.directory
            )
            works = works_of(planned.plan, place, keeps_seen=True)
            shown = self._wish.names or tuple(task.id for task in planned.plan.tasks)
            ran = run_plan(planned.plan, place, works, shown, started_s)
        except BuildoptError as error:
            tell_error(error.message, error.hint, error.slug)
            return self._failed()
        self._checker = Checker(works, place.stores, ran.end)
        return RoundEnd(
            result=data_of(ran.result),
            exit_code=ran.result.exit_code,
            signal=ran.result.signal or 0,
            rows=tuple(self._checker.rows()),
            made=self._checker.made(),
            unknown=bool(self._checker.unknown),
            consulted=planned.consulted,
            servers=planned.servers,
        )

    def check(self, paths: frozenset[str]) -> Checked:
        """What differs from the last round; of tasks that nobody saw, whatever was told."""
        changed = {path for path, before in self._consulted.items() if signature(path) != before}
        if self._checker is None:
            return Checked(frozenset(changed))
        checked = self._checker.check()
        if self._checker.unknown:
            changed |= paths
        return Checked(checked.differing | changed, checked.by_run - changed)

    def _failed(self) -> RoundEnd:
        """A round that did not begin; a change of what was read so far makes another."""
        self._checker = None
        return RoundEnd(
            result=None,
            exit_code=EXIT_USAGE,
            signal=0,
            rows=(),
            made=frozenset(),
            unknown=False,
            consulted=tuple(self._consulted),
            servers=(),
        )


def planned_of(wish: Wish) -> Planned:
    """The plan of a wish, now; raises BuildoptError."""
    chosen, workspace = load_project(wish.directory, os.environ)
    chosen = settings.with_options(chosen, {**NO_LISTS, **wish.options})
    plan = Plan(chosen.root, (), ())
    if wish.names:
        plan = plan_of(
            wish.names,
            settings=chosen,
            workspace=workspace,
            directory=wish.directory,
            filters=chosen.filter,
        )
    if wish.command:
        task = _of_command(wish)
        plan = plan._replace(tasks=(*plan.tasks, task), requested=(*plan.requested, task.id))
    consulted = (*chosen.consulted, *(workspace.consulted if workspace else ()))
    return Planned(
        chosen=chosen,
        plan=plan._replace(tasks=tuple(t for t in plan.tasks if not t.is_persistent)),
        servers=tuple(_server(task) for task in plan.tasks if task.is_persistent),
        consulted=tuple(dict.fromkeys(consulted)),
    )


def _of_command(wish: Wish) -> GraphTask:
    name = shlex.join(wish.command)
    task = TaskSettings(name=name, command=wish.command, directory=wish.directory)
    return GraphTask(id=name, name=name, package="", settings=task)


def _server(task: GraphTask) -> Server:
    named = task.settings
    return Server(task.id, named.command, named.directory, named.inputs)
