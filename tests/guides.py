"""Follows a guide of `docs/guides` as its reader would, and compares what comes out.

    <!-- in FOLDER -->        a new project, a copy of that folder; up to the next such line
    <!-- not run: WHY -->     the next block is left out
    `NAME`: and a block       the file NAME in the project
    ```sh                     is run; a block ```text behind it is what it printed on stdout
    ```console                `$ COMMAND`, and below it what it printed on both streams

Readers see none of the marks. Times and versions may be others than those shown.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
GUIDES = ROOT / "docs" / "guides"
PIECE = re.compile(
    r"^<!-- in (?P<folder>\S+) -->$|^<!-- (?P<skip>not run): .+ -->$"
    r"|(?:^`(?P<name>[\w./-]+)`:\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
VARYING = re.compile(r"\d+(?:\.\d+)* ?(?:ms|s|min)\b|\d+(?:\.\d+)+")
RUN = ("sh", "console")


class Block(NamedTuple):
    """A fenced block; `name` is that of a file, or empty."""

    name: str
    language: str
    text: str


class Section(NamedTuple):
    """What is done in one project; `folder` is that which it begins as."""

    folder: str
    blocks: tuple[Block, ...]


def sections(page):
    """Those of a page; blocks before the first mark have no folder."""
    found, folder, blocks, is_left_out = [], "", [], False
    for piece in PIECE.finditer((GUIDES / page).read_text()):
        if piece["folder"]:
            found.append(Section(folder, tuple(blocks)))
            folder, blocks = piece["folder"], []
        elif piece["skip"]:
            is_left_out = True
        else:
            if not is_left_out:
                blocks.append(Block(piece["name"] or "", piece["language"], piece["text"]))
            is_left_out = False
    return [*found, Section(folder, tuple(blocks))]


def follow(section, project, environ):
    """Do what a section says in a new folder `project`."""
    shutil.copytree(ROOT / section.folder, project)
    printed = None
    for block in section.blocks:
        if block.name:
            (project / block.name).write_text(block.text)
        elif block.language == "sh":
            printed = shell(block.text, project, environ)
        elif block.language == "text":
            assert alike(printed) == alike(block.text)
        elif block.language == "console":
            for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block.text, re.M):
                assert alike(shell(f"{{ {command}\n}} 2>&1", project, environ)) == alike(shown)


def shell(script, project, environ):
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=project, env=environ,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, script + done.stdout + done.stderr
    return done.stdout


def alike(text):
    return VARYING.sub("#", text)
