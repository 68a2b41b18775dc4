"""One hook: answered from the cache, or run by the wrapped backend in a watched process.

    hook.answer                      in the front end's process
      buildopt run -- python -m buildopt.integrations.backend.process HOOK BACKEND KEY
        process.main                 the wrapped backend's hook -> STAGING/NAME, STAGING/made.json
      STAGING/NAME -> where the front end wants it

Arguments hold no path of one build alone: `KEY` is a digest of what the hook depends on and is not
seen by watching. Whatever goes wrong with us ends in a direct call of the wrapped backend.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, NamedTuple

from buildopt.integrations.backend.environment import BuildEnvironment, build_environment
from buildopt.integrations.backend.metadata import is_of_metadata
from buildopt.integrations.backend.process import ASKED, FAILED, MADE, STAGING
from buildopt.integrations.backend.wrapped import Wrapping, backend_of, wrapping


class Asked(NamedTuple):
    """A call of a hook: name, folder for what it makes, and the rest of its arguments."""

    hook: str
    directory: str
    config_settings: dict[str, Any] | None = None  # Any: as the front end passes them on
    metadata_directory: str | None = None


class Unanswered(Exception):
    """Our own trouble, or a record that does not serve here: the wrapped backend is asked."""


def answer(asked: Asked) -> str:
    """What the hook returns; raises what the wrapped backend raises, or SystemExit if it failed."""
    wrapped = wrapping(".")
    try:
        return _by_a_task(asked, wrapped)
    except Exception as trouble:  # noqa: BLE001 - promise 3: our trouble fails no build
        if not isinstance(trouble, Unanswered):
            _tell(trouble)
    arguments = [asked.directory, asked.config_settings]
    if asked.hook == "build_wheel":
        arguments.append(asked.metadata_directory)
    return str(getattr(backend_of(wrapped), asked.hook)(*arguments))


def _by_a_task(asked: Asked, wrapped: Wrapping) -> str:
    root = os.getcwd()
    around = build_environment(os.environ)
    with _alone():
        try:
            shutil.rmtree(STAGING, ignore_errors=True)
            ended = subprocess.run(
                _command(asked, wrapped, around, root),
                env=_environment(asked, around, root),
                stdin=subprocess.DEVNULL,
                check=False,
            )
            if ended.returncode == FAILED:
                raise SystemExit(1)
            if ended.returncode:
                raise Unanswered
            return _take(asked, (root, around.folder))
        finally:
            shutil.rmtree(STAGING, ignore_errors=True)


def _command(asked: Asked, wrapped: Wrapping, around: BuildEnvironment, root: str) -> list[str]:
    theirs = [sys.executable, "-P", "-m", "buildopt.integrations.backend.process"]
    key = key_of(asked, wrapped, around, root)
    return [*around.run_command(), "--", *theirs, asked.hook, wrapped.backend, key]


def key_of(asked: Asked, wrapped: Wrapping, around: BuildEnvironment, root: str) -> str:
    """A digest without a path of one build alone."""
    facts = {
        "wrapped": wrapped,
        "config settings": asked.config_settings,
        "has build environment": bool(around.folder),
        **around.facts(),
    }
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False)
    for folder, token in ((around.folder, "$BUILDENV"), (root, "$PROJECT")):
        text = text.replace(folder, token) if folder else text
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _environment(asked: Asked, around: BuildEnvironment, root: str) -> Mapping[str, str]:
    told = {"config_settings": asked.config_settings, "path": around.path, "folder": around.folder}
    return around.environment(os.environ, root=root) | {
        ASKED: json.dumps(told),
        "BUILDOPT_BUNDLE_ANALYSIS": "false",  # the file is moved away at once
    }


def _take(asked: Asked, places: tuple[str, ...]) -> str:
    """Move what was made to where the front end wants it; its name."""
    with open(os.path.join(STAGING, MADE), encoding="utf-8") as file:
        made = json.load(file)
    if not set(made["holds"]) <= set(places):
        raise Unanswered  # a path of another build is inside
    name = str(made["name"])
    path = os.path.join(STAGING, name)
    if asked.metadata_directory and not is_of_metadata(path, asked.metadata_directory):
        raise Unanswered
    target = os.path.join(asked.directory, name)
    if os.path.lexists(target):
        os.unlink(target)
    shutil.move(path, target)
    return name


@contextmanager
def _alone() -> Iterator[None]:
    """Two hooks of one project at the same time would share their folder."""
    import fcntl  # is not everywhere, and where it is not the backend builds without us

    with open("pyproject.toml", "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unanswered from None
        yield


def _tell(trouble: Exception) -> None:
    print(f"buildopt: the build backend runs without a cache: {trouble}", file=sys.stderr)  # noqa: T201 - a front end shows it
