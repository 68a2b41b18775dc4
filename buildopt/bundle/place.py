"""Where the output of a build is, and what may be looked at around it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping

import msgspec

from buildopt.bundle.model import Problem
from buildopt.bundle.outputs import ARCHIVE_ENDINGS, CODE_ENDINGS, OUTPUT_FOLDERS
from buildopt.bundle.reading import note, shown
from buildopt.errors import UsageError

PROJECT_FILES = (
    "package.json",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "pyproject.toml",
    "setup.py",
    "buildopt.toml",
)
MAP_ENDING = ".map"
MOST_FILES = 50_000
"""More are no output of a build, but a home or a whole disk."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """An output folder, what it holds, and the folder of the project, if that is known."""

    output: str
    project: str
    files: Mapping[str, str]
    """Files to measure, sorted: name relative to the output folder, with `/` -> path."""
    archives: tuple[str, ...]
    """Paths of archives, where the output is made of them."""
    problems: tuple[Problem, ...]


def find_place(path: str) -> Place:
    """What `path` means: an archive, one file, an output folder, or a project with one.

    Raises UsageError where there is nothing to analyse.
    """
    path = note(os.path.abspath(path))
    if os.path.isfile(path):
        return _place_of_file(path)
    if not os.path.isdir(path):
        raise _nothing(path, "is not there")
    output = _output_folder(path)
    files, problems = _walk(output)
    archives = [name for name in files if "/" not in name and name.endswith(ARCHIVE_ENDINGS)]
    if archives and not any(name.endswith(CODE_ENDINGS) for name in files):
        paths = tuple(files[name] for name in archives)
        return Place(output=output, project="", files={}, archives=paths, problems=())
    if not files:
        raise _nothing(path, "holds no files")
    project = path if output != path else _project_of(output)
    return Place(output=output, project=project, files=files, archives=(), problems=tuple(problems))


def check_meant(folder: str) -> None:
    """Raise UsageError where nothing in a folder that nobody named tells that it is meant."""
    names = os.listdir(folder)
    has_output = any(name.endswith((*CODE_ENDINGS, *ARCHIVE_ENDINGS, ".html")) for name in names)
    if not has_output and not _is_project(folder):
        raise _nothing(folder, "is no project and holds no code")


def _place_of_file(path: str) -> Place:
    output, name = os.path.split(path)
    if name.endswith(ARCHIVE_ENDINGS):
        return Place(output=output, project="", files={}, archives=(path,), problems=())
    project = _project_of(output)
    files = {shown(name): path}
    return Place(output=output, project=project, files=files, archives=(), problems=())


def _output_folder(path: str) -> str:
    """The folder itself, unless it is a project that has one for its output."""
    has_code = any(name.endswith((*CODE_ENDINGS, ".html")) for name in os.listdir(path))
    is_project = _is_project(path)
    if has_code and not is_project:
        return path
    for name in OUTPUT_FOLDERS:
        folder = note(os.path.join(path, *name.split("/")))
        if os.path.isdir(folder) and not os.path.islink(folder):
            return folder
    if is_project:
        raise _nothing(path, f"has none of {', '.join(OUTPUT_FOLDERS)}")
    return path


def _project_of(output: str) -> str:
    """The nearest folder above that has a project's file; empty where none of three has."""
    folder = output
    for _ in range(3):
        folder = os.path.dirname(folder)
        if _is_project(folder):
            return folder
    return ""


def _is_project(folder: str) -> bool:
    found = [os.path.exists(note(os.path.join(folder, name))) for name in PROJECT_FILES]
    return any(found)  # all of them are looked at, as each may come or go


def _walk(output: str) -> tuple[dict[str, str], list[Problem]]:
    """All regular files but maps; links and devices are named and left aside."""
    problems: list[Problem] = []
    files = {}
    for count, path in enumerate(_paths(output, problems)):
        if count == MOST_FILES:
            raise _nothing(output, f"holds more than {MOST_FILES:,} files")
        note(path)
        name = shown(os.path.relpath(path, output)).replace(os.sep, "/")
        if name.endswith(MAP_ENDING):
            continue
        try:
            is_file = stat.S_ISREG(os.lstat(path).st_mode)
        except OSError as error:
            problems.append(Problem(path=name, message=error.strerror or "cannot be read"))
            continue
        if is_file:
            files[name] = path
        else:
            problems.append(Problem(path=name, message="is a link or no file; left aside"))
    return dict(sorted(files.items())), problems


def _paths(output: str, problems: list[Problem]) -> Iterator[str]:
    """Everything but folders, and links to folders too."""

    def refuse(error: OSError) -> None:
        name = shown(os.path.relpath(error.filename or output, output))
        problems.append(Problem(path=name, message=error.strerror or "cannot be listed"))

    for folder, folders, names in os.walk(output, onerror=refuse):
        note(folder)
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        yield from (os.path.join(folder, name) for name in [*names, *links])


def _nothing(path: str, why: str) -> UsageError:
    return UsageError(
        f"nothing to analyse in `{path}`: it {why}",
        hint="give the folder that the build writes, or a wheel, sdist or zip",
        slug="no-bundle",
    )
