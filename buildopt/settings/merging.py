"""Settings and what else says something: the options of a call, the task that was named."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from buildopt.errors import SettingsError
from buildopt.settings.keys import KEYS
from buildopt.settings.records import Settings, TaskSettings


def with_options(chosen: Settings, options: Mapping[str, Any]) -> Settings:  # Any: click's values
    """Settings with what the command line says: lists are added to, the rest is replaced."""
    given = {
        key.name: options[key.name]
        for key in KEYS
        if key.has_option and key.kind != "list" and options.get(key.name)
    }
    overrides = chosen.overrides | given.keys()
    return with_lists(chosen, options)._replace(**given, overrides=overrides)


def with_lists(chosen: Settings, options: Mapping[str, Any]) -> Settings:  # Any: click's values
    """Settings with the inputs, outputs and exceptions that the command line adds."""
    return chosen._replace(
        input=chosen.input + options["input_"],
        output=chosen.output + options["output"],
        env=chosen.env + options.get("env", ()),
        filter=chosen.filter + options.get("filter", ()),
        ignore_input=chosen.ignore_input + options["ignore_input"],
        ignore_output=chosen.ignore_output + options["ignore_output"],
        ignore_env=chosen.ignore_env + options["ignore_env"],
    )


def with_task(chosen: Settings, task: TaskSettings) -> Settings:
    """Settings with what a task says of itself: its lists are added, the rest is replaced but for
    what a variable or an option says.
    """
    network = chosen.network if "network" in chosen.overrides else task.network
    cache = chosen.cache if "cache" in chosen.overrides else task.cache
    return chosen._replace(
        input=chosen.input + task.inputs,
        output=chosen.output + task.outputs,
        env=chosen.env + task.env,
        private=chosen.private + task.private,
        state=chosen.state + task.state,
        network=network or chosen.network,
        cache=cache or chosen.cache,
    )


def directory_of(task: TaskSettings, root: str) -> str:
    """Where a task of the project at `root` runs."""
    return os.path.normpath(os.path.join(root, task.directory))


def task_named(settings: Settings, name: str) -> TaskSettings:
    """The task called `name`; raises SettingsError with the nearest name."""
    for task in settings.tasks:
        if task.name == name:
            return task
    from buildopt.settings import mistakes

    names = [task.name for task in settings.tasks]
    hint = mistakes.did_you_mean(name, names) or (
        f"tasks are {', '.join(names)}; a command goes behind `--`"
        if names
        else f"write the command behind `--`: buildopt run -- {name}"
    )
    where = f" in `{settings.file}`" if settings.file else ""
    raise SettingsError(f"no task `{name}`{where}", hint=hint, slug="unknown-task")
