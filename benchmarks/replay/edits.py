"""Edits as a developer makes them, drawn from a seed: each leads from one state to the next.

Either each kind is drawn as often as any other, or half of all edits go to sources (`MIXES`). A
source edit that breaks the types is mended by the next one, and whoever switches to another branch
comes back with the next.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from sources import more_exports
from workspace import DEPENDENCY_VERSIONS, USES

Kind = Literal["source", "style", "test", "documentation", "lock file", "branch", "revert"]

SOURCES: Mapping[Kind, int] = {
    "source": 50,
    "test": 15,
    "style": 10,
    "documentation": 9,
    "revert": 7,
    "branch": 5,
    "lock file": 4,
}
MIXES: Mapping[str, Mapping[Kind, int]] = {"even": dict.fromkeys(SOURCES, 1), "sources": SOURCES}
"""How often each is drawn. A branch makes two edits: there, and back."""
SOURCE_WEIGHTS = {"body": 55, "comment": 15, "export": 15, "module": 10, "mistake": 5}
"""What an edit of a source does."""
BRANCH_EDITS: tuple[Kind, ...] = ("source", "source", "test", "style")
REVERTED_AMONG = 10
"""How many edits a developer looks back to find the one to take back."""

NUMBER_IN_BODY = r"(?<=const limit = )\d+|(?<=const step = )\d+|(?<=\['first )\d+"
"""Numbers on which the result depends and no test does."""
NUMBER_IN_STYLE = r"\d+(?=px|rem|ch)"


class State(NamedTuple):
    """All sources, and which version of the dependency is installed."""

    files: Mapping[str, str]
    dependency: str


class Edit(NamedTuple):
    """One edit: what it is, and the state after it."""

    kind: Kind
    what: str
    state: State


class Change(NamedTuple):
    """An edit that can be taken back: the files that it changed, before and after; None: absent."""

    before: Mapping[str, str | None]
    after: Mapping[str, str | None]


class Developer:
    """Makes the edits of one seed, in order."""

    def __init__(self, files: Mapping[str, str], seed: int, mix: str = "even") -> None:
        self._weights = MIXES[mix]
        self.state = State(files, DEPENDENCY_VERSIONS[0])
        self._random = random.Random(seed)
        self._count = 0
        self._changes: list[Change] = []
        self._broken: Change | None = None
        self._home: State | None = None

    def next(self) -> Edit:
        """The next edit."""
        if self._broken:
            edit = self._mend(self._broken)
        elif self._home:
            edit = Edit("branch", "back", self._home)
            self._home = None
        else:
            edit = self._draw()
        self.state = edit.state
        return edit

    def _draw(self) -> Edit:
        while True:
            (kind,) = self._random.choices(list(self._weights), list(self._weights.values()))
            edit = self._make(kind)
            if edit is not None:
                return edit

    def _make(self, kind: Kind) -> Edit | None:
        """None where there is nothing to take back."""
        if kind == "revert":
            return self._revert()
        if kind == "branch":
            return self._switch()
        if kind == "lock file":
            others = [name for name in DEPENDENCY_VERSIONS if name != self.state.dependency]
            version = self._random.choice(others)
            return Edit(kind, version, self.state._replace(dependency=version))
        what, after = self._edited(kind, self.state.files)
        return self._remember(kind, what, after)

    def _remember(self, kind: Kind, what: str, after: Mapping[str, str]) -> Edit:
        before = {name: self.state.files.get(name) for name in after}
        change = Change(before, after)
        self._changes.append(change)
        if what.startswith("mistake"):
            self._broken = change
        return Edit(kind, what, self._with(after))

    def _edited(self, kind: Kind, files: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
        """What is done, and the files with their new texts."""
        if kind == "source":
            (way,) = self._random.choices(list(SOURCE_WEIGHTS), list(SOURCE_WEIGHTS.values()))
            return self._edit_source(way, files)
        if kind == "style":
            name = self._one_of(files, r".*(?<!reset)\.css")
            return name, {name: self._other_number(files[name], NUMBER_IN_STYLE)}
        self._count += 1
        if kind == "test":
            name = self._one_of(files, r".*/test/.*\.mjs")
            case = f"\ntest('case {self._count}', () => {{\n  assert.ok({self._count})\n}})\n"
            return name, {name: files[name] + case}
        name = self._one_of(files, r".*\.md")
        return name, {name: files[name] + f"\nSee also note {self._count}.\n"}

    def _edit_source(self, way: str, files: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
        package = self._random.choice(list(USES))
        below = f"packages/{package}/src/"
        name = self._one_of(files, rf"{below}(?!index|main).*\.tsx?")
        text = files[name]
        self._count += 1
        if way == "module" and below + "index.ts" in files:
            index = below + "index.ts"
            line = f"export * from './extra{self._count}.js'\n"
            new = more_exports(f"extra{self._count}").lstrip()
            name = f"{below}extra{self._count}.ts"
            return f"module {name}", {name: new, index: files[index] + line}
        if way == "mistake":
            return f"mistake {name}", {name: text + "export const broken: number = 'text'\n"}
        if way == "comment":
            return f"comment {name}", {name: f"// Looked at again, {self._count}.\n{text}"}
        if way == "body" and re.search(NUMBER_IN_BODY, text):
            return f"body {name}", {name: self._other_number(text, NUMBER_IN_BODY)}
        return f"export {name}", {name: text + more_exports(f"extra{self._count}")}

    def _other_number(self, text: str, pattern: str) -> str:
        """The text with one of the numbers found made one larger."""
        found = self._random.choice([*re.finditer(pattern, text)])
        return f"{text[: found.start()]}{int(found[0]) + 1}{text[found.end() :]}"

    def _one_of(self, files: Mapping[str, str], pattern: str) -> str:
        return self._random.choice(sorted(name for name in files if re.fullmatch(pattern, name)))

    def _revert(self) -> Edit | None:
        """Take back one of the last edits whose files have not been changed since."""
        files = self.state.files
        fit = [
            change
            for change in self._changes[-REVERTED_AMONG:]
            if all(files.get(name) == text for name, text in change.after.items())
        ]
        if not fit:
            return None
        change = self._random.choice(fit)
        self._changes.remove(change)
        return Edit("revert", ", ".join(change.after), self._with(change.before))

    def _mend(self, change: Change) -> Edit:
        self._broken = None
        self._changes.remove(change)
        return Edit("source", "mend " + ", ".join(change.after), self._with(change.before))

    def _switch(self) -> Edit:
        """A branch on which some other edits were made."""
        files = dict(self.state.files)
        for kind in BRANCH_EDITS:
            what, after = self._edited(kind, files)
            if not what.startswith("mistake"):
                files |= after
        self._home = self.state
        return Edit("branch", "there", self.state._replace(files=files))

    def _with(self, changed: Mapping[str, str | None]) -> State:
        files = {**self.state.files, **changed}
        present = {name: text for name, text in files.items() if text is not None}
        return self.state._replace(files=present)
