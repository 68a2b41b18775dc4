"""The process in which the wrapped backend runs one hook, watched by `buildopt run`.

    python -P -m buildopt.integrations.backend.process HOOK BACKEND KEY

It ends with 0 where `STAGING` holds what was made, with `FAILED` where the backend failed, and with
anything else where the backend is to be asked directly.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

from buildopt.cache.tokens import BUILD_ENVIRONMENT
from buildopt.integrations.backend.held import held_in
from buildopt.integrations.backend.wrapped import backend_of, wrapping

STAGING = ".buildopt-hook"
"""Folder in the project for what a hook makes, there only while it runs. Its files are outputs of
the task, which those of the front end's temporary folders could not be."""
MADE = "made.json"
"""`{"name": what the hook returned, "holds": [paths of this build that are inside]}`"""
ASKED = "BUILDOPT_HOOK"
"""Carries what has paths of one build alone; the key of the task has a digest of the rest."""
FAILED = 80
"""The backend raised, and its traceback is printed."""
UNSUPPORTED = 81
"""The backend says that it cannot do this: an exception that the front end knows by its class."""


def main(hook: str) -> int:
    """Run one hook here; the status to exit with."""
    told = json.loads(os.environ.pop(ASKED))
    os.environ.pop(BUILD_ENVIRONMENT, None)
    sys.path[:] = told["path"]
    try:
        os.makedirs(STAGING)
    except OSError as error:
        print(f"buildopt: cannot record this hook: {error}", file=sys.stderr)  # noqa: T201 - shown
        return UNSUPPORTED
    try:
        wrapped = backend_of(wrapping("."))
        unsupported = getattr(wrapped, "UnsupportedOperation", ())
        try:
            name = getattr(wrapped, hook)(STAGING, told["config_settings"])
        except unsupported:
            return UNSUPPORTED
    except SystemExit as error:
        return _exit(error)
    except Exception as error:  # noqa: BLE001 - whatever a backend raises
        theirs = error.__traceback__.tb_next if error.__traceback__ else None
        traceback.print_exception(type(error), error, theirs)
        return FAILED
    _write_made(str(name), [os.getcwd(), told["folder"]])
    return 0


def _exit(error: SystemExit) -> int:
    """As the interpreter ends: a text is printed."""
    code: Any = error.code  # Any: anything can be handed to sys.exit
    if code is None or code == 0:
        return UNSUPPORTED
    if not isinstance(code, int):
        print(code, file=sys.stderr)  # noqa: T201 - as the interpreter would
    return FAILED


def _write_made(name: str, places: list[str]) -> None:
    holds = held_in(os.path.join(STAGING, name), [place for place in places if place])
    with open(os.path.join(STAGING, MADE), "w", encoding="utf-8") as file:
        json.dump({"name": name, "holds": holds}, file)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
