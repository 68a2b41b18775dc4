"""From the command line and settings to a Task, its observer and its stores."""

from __future__ import annotations

import contextlib
import os
import shlex
import time
from collections.abc import Mapping
from typing import NamedTuple

from buildopt import journal_line, settings
from buildopt.cache.layout import Layout, open_cache
from buildopt.cache.task_key import task_key
from buildopt.cache.tokens import tokens_for
from buildopt.cli import tracing
from buildopt.cli.directory import working_directory as working_directory
from buildopt.cli.identity import project_identity
from buildopt.deployment import environment_name, machine_class
from buildopt.errors import BuildoptError, SettingsError
from buildopt.journal import Journal, source_of
from buildopt.model import CacheMode, NotStored, Task
from buildopt.observe.declared import DeclaredObserver
from buildopt.observe.moved_caches import parts_of_npm
from buildopt.observe.observer import Observer
from buildopt.pipeline import UNDECLARED
from buildopt.secrets_found import secrets_of
from buildopt.session import Stores
from buildopt.steps.shell import client_program

_PASSED_FDS = NotStored(kind="settings", subject="pass-fds")
_NOT_OBSERVED = NotStored(kind="settings", subject="observe")
WAYS = ("auto", "seccomp", "declared", "off")
"""How inputs are found out: `--observe`."""


class Call(NamedTuple):
    """A call of `run` or of what looks at one: settings and options made one."""

    task: Task
    observer: Observer | None
    stores: Stores
    cache: CacheMode
    trouble: NotStored | None
    """Why the cache cannot be used, if so."""
    unobserved: NotStored
    """Why nothing is looked up or watched, where there is no observer."""


class Place(NamedTuple):
    """What all tasks of one call share; `here` is the working directory."""

    chosen: settings.Settings
    environ: Mapping[str, str]
    umask: int
    project: str
    here: str
    stores: Stores
    trouble: NotStored | None
    observers: dict[bool, Observer | None]
    """By whether inputs or outputs are declared."""


def make_call(
    chosen: settings.Settings,
    command: tuple[str, ...],
    *,
    task_name: str = "",
    cache_dir: str = "",
    environ: Mapping[str, str] | None = None,
    directory: str = "",
    umask: int | None = None,
) -> Call:
    """The call for `command`; raises BuildoptError for what cannot work.

    `directory` and `umask` are those of the process that calls, where that is another.
    """
    environ = os.environ if environ is None else environ
    directory = directory or working_directory()
    named = _task_settings(chosen, task_name, command, directory)
    place = open_place(chosen, cache_dir=cache_dir, environ=environ, here=directory, umask=umask)
    named = named._replace(
        name=named.name or shlex.join(command),
        command=named.command or command,
        directory=settings.directory_of(named, chosen.root) if task_name else directory,
    )
    return call_at(place, named)


def open_place(
    chosen: settings.Settings,
    *,
    cache_dir: str = "",
    environ: Mapping[str, str],
    here: str,
    umask: int | None = None,
) -> Place:
    """What all tasks of one call share."""
    layout, secret, trouble = _open(cache_dir, environ)
    project = project_identity(chosen.root)
    stores = Stores(
        layout=layout,
        secret=secret,
        tokens=tokens_for(chosen.root, environ),
        journal=open_journal(project, environ, chosen),
    )
    umask = _umask() if umask is None else umask
    return Place(chosen, environ, umask, project, here, stores, trouble, {})


def call_at(place: Place, named: settings.TaskSettings) -> Call:
    """The call for a task whose directory is absolute; raises BuildoptError."""
    chosen = settings.with_task(place.chosen, named)
    environment = dict(place.environ)
    if named.directory != place.here and "PWD" in environment:
        environment["PWD"] = named.directory  # as `cd` would
    task = Task(
        name=named.name,
        argv=named.command,
        directory=named.directory,
        root=chosen.root,
        project=place.project,
        environment=environment,
        umask=place.umask,
        inputs=chosen.input,
        outputs=chosen.output,
        ignored_inputs=chosen.ignore_input,
        ignored_outputs=chosen.ignore_output,
        variables=chosen.env,
        ignored_variables=chosen.ignore_env,
        strict_outputs=chosen.strict_outputs,
        strict_private=chosen.strict_private,
        network=chosen.network,
        allowed_hosts=chosen.allow_hosts,
        private=(*chosen.private, *_npm_caches(chosen, named.directory)),
        state=chosen.state,
        told_files=() if chosen.strict_outputs else _told_files(chosen),
    )
    _require_inside(task)
    observer = None
    if not place.trouble:
        is_declared = bool(task.inputs or task.outputs)
        if is_declared not in place.observers:
            place.observers[is_declared] = _observer(place, is_declared=is_declared)
        observer = place.observers[is_declared]
    way = observer.name if observer else "off"
    task = task._replace(key=task_key(task, place.stores.tokens, way))
    return Call(
        task=task,
        observer=observer,
        stores=place.stores,
        cache=chosen.cache,
        trouble=place.trouble,
        unobserved=place.trouble or (_NOT_OBSERVED if chosen.observe == "off" else UNDECLARED),
    )


def _npm_caches(chosen: settings.Settings, directory: str) -> tuple[str, ...]:
    """What counts for nothing where an `.npmrc` has npm, started in `directory`, keep it.

    Part of the task's key: a record does not hold any more once npm keeps it elsewhere.
    """
    folders = (os.path.join(directory, folder) for folder in chosen.npm_caches)
    return parts_of_npm(map(os.path.normpath, folders))


def _open(named: str, environ: Mapping[str, str]) -> tuple[Layout, bytes, NotStored | None]:
    """The cache; one that cannot be used costs the build nothing but the hit."""
    try:
        top = named or settings.cache_folder(environ)
    except SettingsError:
        nowhere = "neither HOME nor BUILDOPT_CACHE_DIR is set"
        return Layout(""), b"", NotStored(kind="storage", subject=nowhere)
    try:
        return *open_cache(os.path.abspath(top)), None
    except BuildoptError as error:
        cause = getattr(error.__cause__, "strerror", None) or "it cannot be used"
        return Layout(top), b"", NotStored(kind="storage", subject=f"{top}: {cause}")


def trouble_of(call: Call, chosen: settings.Settings) -> NotStored | None:
    """Why a call is neither looked up nor watched, if so."""
    if chosen.pass_fds:
        return _PASSED_FDS
    return call.unobserved if call.observer is None else None


def open_journal(
    project: str, environ: Mapping[str, str], chosen: settings.Settings | None = None
) -> Journal:
    """The journal of this process, under a new run's id; it is lost where there is no place."""
    run_id = journal_line.uuid7(time.time_ns(), os.urandom(10))
    state = b""
    with contextlib.suppress(SettingsError):
        state = os.fsencode(settings.state_folder(environ))
    return Journal(
        state=state,
        source=source_of(project),
        run_id=run_id,
        secrets=secrets_of(environ),
        environment=environment_name(environ, chosen.environment if chosen else ""),
        machine=machine_class(chosen.machine if chosen else ""),
    )


def _task_settings(
    chosen: settings.Settings, task_name: str, command: tuple[str, ...], directory: str
) -> settings.TaskSettings:
    """The named task, or the one whose command is this very command, or none."""
    if task_name:
        return settings.task_named(chosen, task_name)
    for task in chosen.tasks:
        if task.command == command and directory == settings.directory_of(task, chosen.root):
            return task
    return settings.TaskSettings()


def _told_files(chosen: settings.Settings) -> tuple[str, ...]:
    """What we write about the run into the project, once it is over."""
    paths = [chosen.result_file] if chosen.result_file else []
    if chosen.report:
        from buildopt.cli.run_endings import report_path

        paths.append(report_path(chosen))
    return tuple(map(_resolved, paths))


def _resolved(path: str) -> str:
    folder, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(folder), name)


def _require_inside(task: Task) -> None:
    """Outputs outside the project are nobody's to restore."""
    for pattern in task.outputs:
        path = os.path.realpath(os.path.join(task.root, pattern))
        if path == task.root or not path.startswith(task.root.rstrip("/") + "/"):
            raise SettingsError(
                f"cannot take the output `{pattern}`: it is not below the project `{task.root}`",
                hint="name a file or folder inside the project",
                slug="output-outside",
            )


def _observer(place: Place, *, is_declared: bool) -> Observer | None:
    """The way of observing that was asked for; raises SettingsError where it cannot be had."""
    way, layout = place.chosen.observe, place.stores.layout
    if way == "off" or (way == "declared" and not is_declared):
        return None
    if way == "declared":
        return DeclaredObserver()
    trouble = tracing.why_not(layout)
    if not trouble:
        from buildopt.observe.traced import TracedObserver

        return TracedObserver(
            settings.own_places(layout.top, os.fsdecode(place.stores.journal.state)),
            in_thread=tracing.in_thread(),
            client=client_program(),
            journal=place.stores.journal,
        )
    if way == "seccomp":
        raise SettingsError(
            f"cannot observe by `seccomp`: {trouble}",
            hint="use --observe declared with --input and --output",
            slug="no-seccomp",
        )
    return DeclaredObserver() if is_declared else None


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
