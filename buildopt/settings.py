"""Settings: what holds for this call, and where each value came from.

Option > `BUILDOPT_*` > project file > user file > default. The project file is the nearest of
`buildopt.toml`, `[tool.buildopt]` in `pyproject.toml`, `"buildopt"` in `package.json`, from the
working directory up to the repository's root.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from buildopt import places
from buildopt.errors import SettingsError
from buildopt.model import CacheMode, NetworkMode
from buildopt.quantities import parse_size

PROJECT_FILES = ("buildopt.toml", "pyproject.toml", "package.json")
ROOT_FILES = PROJECT_FILES[:1]
"""A folder that holds one of these is a project's root, whatever else is in it."""
USER_FILE = "buildopt/buildopt.toml"
"""Below `XDG_CONFIG_HOME` or `~/.config`."""
LIMIT_FORMS = "a size such as `500 MB`, `10GB` or `1.5 GiB`"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSettings:
    """`[tasks.NAME]`: a command with a name, and what it reads and writes."""

    name: str = ""
    command: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    cache: CacheMode | Literal[""] = ""
    """Empty: as for every other command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set; each default is the value that suits a stranger's project."""

    observe: str = "auto"
    """`auto`, `seccomp`, `declared` or `off`."""
    cache: CacheMode = "read-write"
    input: tuple[str, ...] = ()
    """Further inputs of every command, as globs relative to the root."""
    output: tuple[str, ...] = ()
    ignore_input: tuple[str, ...] = ()
    ignore_output: tuple[str, ...] = ()
    ignore_env: tuple[str, ...] = ()
    strict_outputs: bool = False
    strict_private: bool = False
    network: NetworkMode = "uncacheable"
    """What a connection to a server outside the run means: the run is not stored, it does not
    matter, or it is refused."""
    allow_hosts: tuple[str, ...] = ()
    """Servers that do not matter: `HOST`, `HOST:PORT`, or the path of a socket."""
    private: tuple[str, ...] = ()
    """Further paths that are a tool's own cache: neither input nor output."""
    state: tuple[str, ...] = ()
    """Further paths that a tool keeps from run to run: they hold as found or as left."""
    quiet: bool = False
    verbose: bool = False
    cache_limit: str = "10 GB"
    """How much the cache may hold: as much as GitHub's free cache for a repository, and little
    beside what a developer's disk has."""
    cache_max_age_days: int = 30
    """How long a record may go unused: longer than most branches live."""
    tasks: tuple[TaskSettings, ...] = ()
    root: str = ""
    file: str = ""
    """The project file that was read, or empty."""
    consulted: tuple[str, ...] = ()
    """Paths, present or not, whose change could change these settings."""

    @property
    def cache_limit_bytes(self) -> int:
        """`cache_limit` as a number."""
        return parse_size(self.cache_limit)


def load(directory: str, environ: Mapping[str, str]) -> Settings:
    """Settings for a call from `directory`; raises SettingsError for what makes no sense."""
    root, consulted = find_root(directory)
    user = _user_file(environ)
    settings = Settings(root=root, consulted=(*consulted, *([user] if user else [])))
    for path in (user, _project_file(directory, root)):
        if path:
            table = _read_table(path)
            settings = _apply(settings, table, path)
    return _apply_environment(settings, environ)


def with_lists(chosen: Settings, options: Mapping[str, Any]) -> Settings:
    """Settings with the inputs, outputs and exceptions that the command line adds."""
    return replace(
        chosen,
        input=chosen.input + options["input_"],
        output=chosen.output + options["output"],
        ignore_input=chosen.ignore_input + options["ignore_input"],
        ignore_output=chosen.ignore_output + options["ignore_output"],
        ignore_env=chosen.ignore_env + options["ignore_env"],
    )


def find_root(directory: str) -> tuple[str, tuple[str, ...]]:
    """Project's root for `directory`, and every path whose appearance could move it.

    The nearest folder with settings of ours, else the git root, else `directory` itself.
    """
    consulted = []
    git_root = ""
    for folder in _upwards(directory):
        marker = os.path.join(folder, ".git")
        consulted += [os.path.join(folder, name) for name in PROJECT_FILES]
        if not os.path.lexists(marker):
            consulted.append(marker)
        if _project_file(folder, folder):
            return folder, tuple(consulted)
        if os.path.lexists(marker):
            git_root = folder
            break
    return git_root or directory, tuple(consulted)


def cache_folder(environ: Mapping[str, str]) -> str:
    """Folder of the cache, by the user's environment or the system's custom."""
    found = places.cache_folder(_bytes(environ))
    return os.fsdecode(found) if found else _platform_folder("user_cache_dir")


def state_folder(environ: Mapping[str, str]) -> str:
    """Folder of journal, index and plugins' files."""
    found = places.state_folder(_bytes(environ))
    return os.fsdecode(found) if found else _platform_folder("user_state_dir")


def task_named(settings: Settings, name: str) -> TaskSettings:
    """The task called `name`; raises SettingsError with the nearest name."""
    for task in settings.tasks:
        if task.name == name:
            return task
    names = [task.name for task in settings.tasks]
    hint = _did_you_mean(name, names) or (
        f"write the command behind `--`: buildopt run -- {name}"
        if not names
        else f"tasks are {', '.join(names)}; a command goes behind `--`"
    )
    raise SettingsError(f"no task `{name}`", hint=hint, slug="unknown-task")


def is_possible_limit(text: str) -> bool:
    """Whether a text is a size to which a cache can be limited."""
    try:
        return parse_size(text) > 0
    except ValueError:
        return False


def _platform_folder(function: str) -> str:
    if sys.platform == "linux":  # neither HOME nor a folder was set
        raise SettingsError(
            "no place for the cache: neither `HOME` nor `BUILDOPT_CACHE_DIR` is set",
            hint="set BUILDOPT_CACHE_DIR and BUILDOPT_STATE_DIR to folders that can be written",
            slug="no-place",
        )
    import platformdirs  # type: ignore[import-not-found,unused-ignore]  # not on Linux

    return str(getattr(platformdirs, function)("buildopt", appauthor=False))


def _bytes(environ: Mapping[str, str]) -> dict[bytes, bytes]:
    return {os.fsencode(name): os.fsencode(value) for name, value in environ.items()}


def _upwards(directory: str) -> Iterator[str]:
    while True:
        yield directory
        parent = os.path.dirname(directory)
        if parent == directory:
            return
        directory = parent


def _user_file(environ: Mapping[str, str]) -> str:
    base = environ.get("XDG_CONFIG_HOME") or os.path.join(environ.get("HOME", ""), ".config")
    return os.path.join(base, USER_FILE) if base.startswith("/") else ""


def _project_file(directory: str, root: str) -> str:
    for folder in _upwards(directory):
        for name in PROJECT_FILES:
            path = os.path.join(folder, name)
            if os.path.exists(path) and (name in ROOT_FILES or _read_table(path)):
                return path
        if folder == root:
            break
    return ""


def _read_table(path: str) -> Mapping[str, Any]:  # Any: TOML or JSON
    """Our part of a settings file; empty where the file or the part is missing."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(
            f"cannot read settings `{path}`: {error.strerror}",
            hint="make the file readable, or move it away",
            slug="unreadable-settings",
        ) from error
    if path.endswith(".json"):
        return _read_package_json(content)
    if path.endswith("pyproject.toml") and b"buildopt" not in content:
        return {}  # spares every Python project the parse
    table = _parse_toml(path, content)
    if path.endswith("pyproject.toml"):
        tool = table.get("tool", {})
        return tool.get("buildopt", {}) if isinstance(tool, dict) else {}
    return table


def _read_package_json(content: bytes) -> Mapping[str, Any]:
    if b'"buildopt"' not in content:
        return {}
    import json

    try:
        table = json.loads(content)
    except ValueError:
        return {}  # npm will say it better
    part = table.get("buildopt", {}) if isinstance(table, dict) else {}
    if isinstance(part, str):  # "buildopt": "^1.0" among the dependencies' cousins
        return {}
    return part if isinstance(part, dict) else {}


def _parse_toml(path: str, content: bytes) -> Mapping[str, Any]:
    import tomllib

    try:
        return tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        if path.endswith("pyproject.toml"):
            return {}  # its own tools will say it better
        raise SettingsError(
            f"cannot read settings `{path}`: {error}",
            hint="mend the TOML at that place",
            slug="broken-settings",
        ) from error


def _apply(settings: Settings, table: Mapping[str, Any], path: str) -> Settings:
    known = {f.name for f in fields(Settings)} - {"root", "file", "consulted"}
    changes: dict[str, Any] = {"file": path}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in known:
            raise _unknown_key(path, key, known)
        if name == "tasks":
            changes[name] = _tasks(path, value)
        else:
            changes[name] = _value(path, key, value, getattr(settings, name))
    settings = replace(settings, **changes)
    _check_choices(settings, path)
    return settings


def _tasks(path: str, table: Any) -> tuple[TaskSettings, ...]:
    if not isinstance(table, dict):
        raise _impossible(path, "tasks", table, "a table `[tasks.NAME]`")
    return tuple(_task(path, name, part) for name, part in table.items())


def _task(path: str, name: str, table: Any) -> TaskSettings:
    known = {f.name for f in fields(TaskSettings)} - {"name"}
    if not isinstance(table, dict):
        raise _impossible(path, f"tasks.{name}", table, "a table")
    values: dict[str, Any] = {"name": name}
    for key, value in table.items():
        if key not in known:
            raise _unknown_key(path, f"tasks.{name}.{key}", {f"tasks.{name}.{k}" for k in known})
        if key == "command" and isinstance(value, str):
            values[key] = _words(value)
            continue
        values[key] = _value(path, f"tasks.{name}.{key}", value, getattr(TaskSettings(), key))
    if not values.get("command"):
        raise _impossible(path, f"tasks.{name}.command", "", "the words of a command")
    return TaskSettings(**values)


def _words(command: str) -> tuple[str, ...]:
    """A command's words; one that only a shell understands goes to the shell."""
    if set(command) & set("|&;<>$`\n*?~"):
        return ("/bin/sh", "-c", command)
    import shlex

    return tuple(shlex.split(command))


def _value(path: str, key: str, value: Any, default: Any) -> Any:
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise _impossible(path, key, value, "true or false")
        return value
    if isinstance(default, tuple):
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise _impossible(path, key, value, "a list of texts")
        return tuple(value)
    if isinstance(default, int):
        if not isinstance(value, int) or isinstance(value, bool):
            raise _impossible(path, key, value, "a whole number")
        return value
    if not isinstance(value, str):
        raise _impossible(path, key, value, "a text")
    return value


def _check_choices(settings: Settings, path: str) -> None:
    if settings.observe not in ("auto", "seccomp", "declared", "off"):
        raise _impossible(path, "observe", settings.observe, "auto, seccomp, declared or off")
    if settings.network not in get_args(NetworkMode):
        raise _impossible(path, "network", settings.network, ", ".join(get_args(NetworkMode)))
    if not is_possible_limit(settings.cache_limit):
        raise _impossible(path, "cache_limit", settings.cache_limit, LIMIT_FORMS)
    if settings.cache_max_age_days < 1:
        raise _impossible(path, "cache_max_age_days", settings.cache_max_age_days, "1 or more")
    for mode in (settings.cache, *(task.cache for task in settings.tasks)):
        if mode and mode not in get_args(CacheMode):
            raise _impossible(path, "cache", mode, ", ".join(get_args(CacheMode)))


def _apply_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    changes: dict[str, Any] = {}
    for f in fields(Settings):
        text = environ.get(f"BUILDOPT_{f.name.upper()}")
        if text is None or f.name in ("tasks", "root", "file", "consulted"):
            continue
        default = getattr(settings, f.name)
        if isinstance(default, bool):
            changes[f.name] = text.lower() not in ("", "0", "false", "no", "off")
        elif isinstance(default, tuple):
            changes[f.name] = tuple(text.split())
        elif isinstance(default, int):
            changes[f.name] = _whole_number(f.name, text)
        else:
            changes[f.name] = text
    settings = replace(settings, **changes)
    _check_choices(settings, "the environment")
    return settings


def _whole_number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise _impossible("the environment", name, text, "a whole number") from None


def _unknown_key(path: str, key: str, known: set[str]) -> SettingsError:
    where = _line_of(path, key)
    return SettingsError(
        f"cannot read settings `{path}`: {where}unknown key `{key}`",
        hint=_did_you_mean(key, sorted(known)) or f"known keys: {', '.join(sorted(known))}",
        slug="unknown-key",
    )


def _impossible(path: str, key: str, value: Any, expected: str) -> SettingsError:
    return SettingsError(
        f"cannot use setting `{key}` = `{value}` of `{path}`",
        hint=f"it takes {expected}",
        slug="impossible-value",
    )


def _line_of(path: str, key: str) -> str:
    """`line N: ` of the first line that sets `key`, where it can be found."""
    last = key.rpartition(".")[2]
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if line.lstrip().lstrip('"').startswith(last):
                    return f"line {number}: "
    except OSError:
        pass
    return ""


def _did_you_mean(word: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean `{close[0]}`?" if close else ""
