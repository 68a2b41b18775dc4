"""Which commands start scripts, and what makes them start those through us."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping

from buildopt.script_starters import starts_scripts
from buildopt.steps.client import LISTS, SCRIPT_SHELL, USER_SHELL

CONFIGURATIONS = (".npmrc", ".yarnrc", "pnpm-workspace.yaml")
"""Where a package manager lets its user choose another script shell."""
CHOICES = (b"script-shell", b"scriptShell")
PROGRAM_NAME = "buildopt"


def script_environment(
    words: Iterable[str], environment: Mapping[str, str], folders: Iterable[str]
) -> dict[str, str]:
    """What is added to a command's environment so that its scripts become steps; or nothing.

    `folders` are those whose configuration a package manager would read. A script shell that is
    set there is not known to us without parsing it as the manager does: then all stays as it is.
    """
    program = client_program()
    if not program or not starts_scripts(" ".join(words)):
        return {}
    home = environment.get("HOME", "")
    if any(_chooses_a_shell(folder) for folder in (*folders, home) if folder):
        return {}
    ours, users = os.fsdecode(SCRIPT_SHELL), os.fsdecode(USER_SHELL)
    chosen = environment.get(ours)
    return {ours: program} | ({users: chosen} if chosen and chosen != program else {})


def renamed_shell(environment: Mapping[str, str]) -> tuple[bytes, bytes] | None:
    """How a package manager names the script shell in an error, and how it would without us.

    `environment` is the command's; None where scripts are not started through us.
    """
    program = environment.get(os.fsdecode(SCRIPT_SHELL), "")
    if os.path.basename(program) != PROGRAM_NAME:
        return None
    usual = environment.get(os.fsdecode(USER_SHELL)) or "sh"
    return os.fsencode(f"{program} -c "), os.fsencode(f"{usual} -c ")


def lists_environment(*, is_on: bool) -> dict[str, str]:
    """What tells the clients whether a list is taken apart, wherever the setting comes from."""
    return {os.fsdecode(LISTS): "1" if is_on else "0"}


def client_program() -> str:
    """The path of the program that stands in for a script shell; empty where there is none."""
    beside_us = os.path.abspath(sys.argv[0])
    beside_python = os.path.join(os.path.dirname(sys.executable), PROGRAM_NAME)
    for path in (beside_us, beside_python):
        if os.path.basename(path) == PROGRAM_NAME and os.access(path, os.X_OK):
            return path
    return ""


def _chooses_a_shell(folder: str) -> bool:
    for name in CONFIGURATIONS:
        try:
            with open(os.path.join(folder, name), "rb") as file:
                content = file.read()
        except FileNotFoundError:
            continue
        except OSError:
            return True
        if any(choice in content for choice in CHOICES):
            return True
    return False
