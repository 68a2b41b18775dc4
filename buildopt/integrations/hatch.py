"""Hatchling's build hook `buildopt`: makes what a wheel needs by a command, cached.

    [tool.hatch.build.hooks.buildopt]
    command = "npm run build"            # a text for the shell, or a list of words
    inputs = ["frontend/**"]             # besides those that are found out by watching
    outputs = ["src/demo/static"]        # or {"../web/dist" = "demo/static"}: where in the wheel
    ensured-targets = ["src/demo/static/index.html"]

A file that is there already is no reason to skip the command: the cache decides.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from glob import iglob
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from buildopt.errors import EXIT_NOT_STARTED, SettingsError
from buildopt.integrations.backend.environment import build_environment

TABLE = "tool.hatch.build.hooks.buildopt"


class Options(NamedTuple):
    """The hook's table, checked."""

    command: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    placed: Mapping[str, str]
    """Outputs that have a place of their own in the wheel."""
    ensured: tuple[str, ...]


class BuildoptHook(BuildHookInterface[Any]):  # Any: the configuration of whatever is built
    """Runs the command before hatchling collects files."""

    PLUGIN_NAME = "buildopt"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Run the command or answer it; what it makes goes into wheel and sdist."""
        try:
            options = options_of(self.config)
        except SettingsError as error:
            self.app.abort(f"buildopt: {error.message}\nhint: {error.hint}")
        root = Path(self.root)
        if not brings_outputs_only(root, options.inputs):
            status = run_cached(options, root)
            if status:
                self.app.abort(f"buildopt: the command of [{TABLE}] failed with status {status}")
        if missing := [path for path in options.ensured if not _is_there(root, path)]:
            self.app.abort(f"buildopt: the command did not make {', '.join(missing)}")
        build_data["artifacts"] += [f"/{path}" for path in options.outputs]
        build_data["force_include"] |= {
            os.path.normpath(root / path): place for path, place in options.placed.items()
        }


@hookimpl
def hatch_register_build_hook() -> type[BuildoptHook]:
    """Tell hatchling of the hook."""
    return BuildoptHook


def options_of(table: Mapping[str, Any]) -> Options:  # Any: as TOML has it
    """The hook's table; raises SettingsError for what makes no sense."""
    command = table.get("command")
    words = ("/bin/sh", "-c", command) if isinstance(command, str) else _texts(table, "command")
    if not command:
        raise _wrong("command", "is missing", 'add `command = "npm run build"`, or yours')
    outputs = table.get("outputs", [])
    placed: dict[str, str] = {}
    if isinstance(outputs, list):
        for entry in outputs:
            placed |= entry if isinstance(entry, dict) else {}
        outputs = [entry for entry in outputs if not isinstance(entry, dict)]
    options = Options(
        command=words,
        inputs=_texts(table, "inputs"),
        outputs=_texts({"outputs": outputs}, "outputs"),
        placed=placed,
        ensured=_texts(table, "ensured-targets"),
    )
    for path in options.outputs:
        if os.path.isabs(path) or os.path.normpath(path).startswith(".."):
            hint = f'say where it goes in the wheel: `outputs = [{{"{path}" = "demo/static"}}]`'
            raise _wrong("outputs", f"has `{path}`, which is outside the project", hint)
    return options


def brings_outputs_only(root: Path, inputs: tuple[str, ...]) -> bool:
    """Whether it is an unpacked sdist that has what the command made, and not what it was made
    from.
    """
    is_sdist = bool(inputs) and (root / "PKG-INFO").is_file()
    return is_sdist and not any(_is_there(root, pattern) for pattern in inputs)


def run_cached(options: Options, root: Path) -> int:
    """Run the command through the cache, or plainly where that cannot start; its status."""
    around = build_environment(os.environ)
    made = (*options.outputs, *options.placed)
    words = around.run_command()
    for option, paths in (("--input", options.inputs), ("--output", made)):
        for path in paths:
            words += [option, os.path.normpath(root / path)]
    environment = around.environment(os.environ, root=str(root))
    status = _status([*words, "--", *options.command], root, environment)
    if status == EXIT_NOT_STARTED:
        return _status(list(options.command), root, os.environ)
    return status


def _is_there(root: Path, pattern: str) -> bool:
    found = iglob(pattern, root_dir=root, recursive=True, include_hidden=True)
    return any((root / path).exists() for path in found)  # `a/**` finds an `a` that is not there


def _status(words: list[str], root: Path, environment: Mapping[str, str]) -> int:
    done = subprocess.run(
        words, cwd=root, env=dict(environment), stdin=subprocess.DEVNULL, check=False
    )
    return done.returncode


def _texts(table: Mapping[str, Any], name: str) -> tuple[str, ...]:  # Any: as TOML has it
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise _wrong(name, f"is `{value}`", "write a list of texts")
    return tuple(value)


def _wrong(name: str, what: str, hint: str) -> SettingsError:
    return SettingsError(f"`{name}` of `[{TABLE}]` {what}", hint=hint, slug="hatch-hook")
