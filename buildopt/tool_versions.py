"""The versions of tools on `PATH`: all asked at once, none waited for longer than the limit."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

LIMIT_S = 5.0
"""A tool that has not told its version by then hangs, or would make every build wait as long."""
MOST_BYTES = 4096
"""No version is told later than that in an output."""

STAY_OFFLINE = {
    "COREPACK_ENABLE_NETWORK": "0",
    "COREPACK_ENABLE_DOWNLOAD_PROMPT": "0",
    "NO_UPDATE_NOTIFIER": "1",
}
"""Asking for a version must not download the tool (corepack) or look for a newer one (npm)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program on `PATH`, and what it says of itself."""

    name: str
    path: str
    version: str = ""
    trouble: str = ""
    """Why it gave no version."""


def find_tools(names: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Path of each tool that is on `PATH`, by name."""
    path = environ.get("PATH", os.defpath)
    found = {name: shutil.which(name, path=path) for name in names}
    return {name: place for name, place in found.items() if place}


def ask_versions(
    found: Mapping[str, str], environ: Mapping[str, str], *, limit_s: float = LIMIT_S
) -> tuple[Tool, ...]:
    """Each tool with its version or why there is none; takes `limit_s` at most, in all."""
    started = [(name, path, _start(path, environ)) for name, path in found.items()]
    deadline_s = time.monotonic() + limit_s
    return tuple(_tool(name, path, process, deadline_s) for name, path, process in started)


def version_in(text: str) -> str:
    """The version in the first line that has one: `gcc (Debian 12.2.0-14) 12.2.0` is `12.2.0`."""
    for line in text.splitlines():
        found = re.search(r"\d+(\.\d+)+[^\s,;]*", re.sub(r"\(.*?\)", "", line))
        if found:
            return found[0]
    return ""


def _start(path: str, environ: Mapping[str, str]) -> subprocess.Popen[bytes] | OSError:
    try:
        return subprocess.Popen(
            [path, "--version"],
            env={**environ, **STAY_OFFLINE},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that what it starts can be ended with it
        )
    except OSError as error:
        return error


def _tool(
    name: str, path: str, process: subprocess.Popen[bytes] | OSError, deadline_s: float
) -> Tool:
    if isinstance(process, OSError):
        return Tool(name=name, path=path, trouble=process.strerror or str(process))
    try:
        text = _read(process, deadline_s)
        status = process.wait(max(0.0, deadline_s - time.monotonic()))
    except (TimeoutError, subprocess.TimeoutExpired):
        _end(process)
        return Tool(name=name, path=path, trouble="it did not answer in time")
    finally:
        assert process.stdout is not None
        process.stdout.close()
    version = version_in(text.decode("utf-8", "replace"))
    if status != 0:
        return Tool(name=name, path=path, trouble=f"it ended with status {status}")
    return Tool(name=name, path=path, version=version, trouble="" if version else "it told none")


def _read(process: subprocess.Popen[bytes], deadline_s: float) -> bytes:
    """What the tool prints, cut at `MOST_BYTES`; raises TimeoutError."""
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    text = b""
    while len(text) < MOST_BYTES:
        if not poll.poll(max(0.0, deadline_s - time.monotonic()) * 1000):
            raise TimeoutError
        piece = os.read(descriptor, MOST_BYTES - len(text))
        if not piece:
            break
        text += piece
    return text


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
