"""Whether another `PATH` means the same programs to a run that was traced.

Its observation is the digest of the text, followed by what each name meant that the run looked
for in one of its folders: `DIGEST NUL NAME NUL PLACE NUL NAME NUL PLACE …`. A PLACE is all files
of that name up to the first that can be run, and empty where there are none. With another text
the record holds where every name means the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from buildopt.cache import files
from buildopt.cache.tokens import Tokens

NAME = "PATH"
FOLDER_OF_YARN = re.compile(r"/yarn--[0-9]+-0\.[0-9]+/?(?=:|$)")
"""Yarn 1 makes such a folder for each of its runs and puts it first. In it are `node` and `yarn`,
scripts of a line that start those by which yarn itself was started. Observers do not see it."""
SCRIPTS_OF_YARN = ("node", "yarn")
_SEPARATOR = "\0"


class SearchPath(NamedTuple):
    """A `PATH` as it is now, for a command that starts in `directory`."""

    text: str
    directory: str
    tokens: Tokens

    def folders(self) -> list[str]:
        """Its folders as absolute paths; an empty one is the working directory."""
        return [os.path.join(self.directory, name) for name in self.text.split(os.pathsep)]

    def candidates(self, name: str) -> Iterator[str]:
        """Paths that `name` may mean, in their order."""
        return (f"{folder.rstrip('/')}/{name}" for folder in self.folders())

    def met(self, name: str) -> list[str]:
        """Those of them that are there, up to the first that can be run."""
        found = []
        for path in self.candidates(name):
            if os.path.lexists(path):
                found.append(path)
                if os.path.isfile(path) and os.access(path, os.X_OK):
                    break
        return found

    def place_of(self, name: str) -> str:
        """The same, tokenised, as one text; empty where none is."""
        return os.pathsep.join(map(self._shown, self.met(name)))

    def _shown(self, path: str) -> str:
        """A place; of yarn's own scripts, what they start."""
        if FOLDER_OF_YARN.search(os.path.dirname(path)):
            try:
                return self.tokens.shorten_text(os.fsdecode(files.read(path)))
            except OSError:
                pass
        return self.tokens.shorten(path)

    def is_absolute(self) -> bool:
        """Whether all its folders are the same wherever the command goes."""
        return all(name.startswith("/") for name in self.text.split(os.pathsep))

    def value(self, digest: str, names: Iterable[str]) -> str:
        """`Observation.value` for a run that looked for `names`."""
        meanings = [piece for name in sorted(names) for piece in (name, self.place_of(name))]
        return _SEPARATOR.join((digest, *meanings))

    def names_among(self, paths: Iterable[str]) -> set[str]:
        """Names of those `paths` that lie in one of the folders themselves."""
        folders = {folder.rstrip("/") for folder in self.folders()}
        folders |= {os.path.realpath(folder) for folder in folders}
        split = (path.rpartition("/") for path in paths)
        always = SCRIPTS_OF_YARN if FOLDER_OF_YARN.search(self.text) else ()
        return {name for folder, _, name in split if folder in folders}.union(always)


def meanings(value: str) -> dict[str, str]:
    """What each name meant, of an observation's value."""
    pieces = value.split(_SEPARATOR)[1:]
    return dict(zip(pieces[::2], pieces[1::2], strict=True))


def is_bare(value: str) -> bool:
    """Whether an observation knows of no meanings, so that only the same text will do."""
    return _SEPARATOR not in value


def digest(value: str) -> str:
    """The digest of the text, of an observation's value."""
    return value.partition(_SEPARATOR)[0]
