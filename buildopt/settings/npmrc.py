"""Where an `.npmrc` puts npm's cache: one plain line, which can mean one thing only.

What npm keeps there counts for nothing, as in its usual place (`observe/moved_caches.py`). Quotes,
comments behind the value, sections, a second line, a variable that is not set: whatever else is
left alone, which costs an answer and never makes a wrong one.

A file that names a folder is watched as the settings are: a record that left something out must not
be found once it names another. One that names none left nothing out, and need not be watched.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

NAME = ".npmrc"
USER_VARIABLE = "npm_config_userconfig"
LARGEST = 64 * 1024
"""Characters that are read of one; they have some lines."""
_VALUE = re.compile(r"cache\s*=\s*((?:[\w./~@+-]|\$\{[A-Za-z_]\w*\})+)", re.ASCII)
_VARIABLE = re.compile(r"\$\{(\w+)\}", re.ASCII)


def npm_caches(directory: str, root: str, environ: Mapping[str, str]) -> dict[str, str]:
    """File -> folder that it names, from `directory` up to the `root`, and the user's own.

    A folder may be relative: to where npm starts.
    """
    found = {path: _cache(path, environ) for path in _files(directory, root, environ)}
    return {path: folder for path, folder in found.items() if folder}


def _files(directory: str, root: str, environ: Mapping[str, str]) -> Iterator[str]:
    folder = directory
    while folder != root and folder.startswith(root):
        yield os.path.join(folder, NAME)
        folder = os.path.dirname(folder)
    yield os.path.join(root, NAME)
    home = environ.get("HOME", "")
    if os.path.isabs(home) and not any(name.lower() == USER_VARIABLE for name in environ):
        yield os.path.join(home, NAME)


def _cache(path: str, environ: Mapping[str, str]) -> str:
    """The folder that a file names; empty for none."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", _text(path))]
    about = [line for line in lines if line.partition("=")[0].strip(" \t\"'[]") == "cache"]
    plain = _VALUE.fullmatch(about[0]) if len(about) == 1 else None
    if plain is None or any(line.startswith("[") for line in lines):
        return ""
    return _expanded(plain[1], environ)


def _text(path: str) -> str:
    if not os.path.isfile(path):
        return ""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(LARGEST + 1)
    except (OSError, UnicodeDecodeError):
        return ""
    return text if len(text) <= LARGEST else ""


def _expanded(value: str, environ: Mapping[str, str]) -> str:
    """As npm does it; empty where a variable is not set, or `~` is somebody else's."""
    if not all(environ.get(name) for name in _VARIABLE.findall(value)):
        return ""
    value = _VARIABLE.sub(lambda match: environ[match[1]], value)
    if not value.startswith("~"):
        return value
    home = environ.get("HOME", "")
    return home + value[1:] if home and value.startswith("~/") else ""
