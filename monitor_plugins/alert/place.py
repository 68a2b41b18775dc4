"""Says in which file and line a mistake of the settings stands, and what its key takes."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

from buildopt.errors import SettingsError

Path = tuple[str, ...]
LONGEST_VALUE, LONGEST_PATH = 60, 120


class Place:
    """The file that is read."""

    def __init__(self, shown: str, line_of: Callable[[Path], int | None] | None = None) -> None:
        """`shown` names the file; `line_of` gives the line of a key's path from the top."""
        self._shown = shown
        self._line_of = line_of

    def error(self, path: Path, what: str, hint: str, *, slug: str) -> SettingsError:
        """A mistake at a key."""
        line = self._nearest_line(path)
        where = f"line {line}: " if line else ""
        return SettingsError(
            f"cannot read settings `{self._shown}`: {where}{what}", hint=hint, slug=slug
        )

    def impossible(self, path: Path, value: object, expected: str) -> SettingsError:
        """A value that its key does not take."""
        shown = value if isinstance(value, str | int | float) else type(value).__name__
        what = f"`{name_of(path)}` cannot be `{_plain(str(shown), LONGEST_VALUE)}`"
        return self.error(path, what, f"it takes {expected}", slug="impossible-rule")

    def missing(self, path: Path, key: str, hint: str) -> SettingsError:
        """A table without a key that it must have."""
        return self.error(path, f"`{name_of(path)}` has no `{key}`", hint, slug="missing-key")

    def unknown(self, path: Path, known: Iterable[str]) -> SettingsError:
        """A key that is none."""
        hint = meant(path[-1], known, "keys")
        return self.error(path, f"unknown key `{name_of(path)}`", hint, slug="unknown-key")

    def _nearest_line(self, path: Path) -> int | None:
        """That of the key, or of what it stands in: a preset has the rest."""
        if self._line_of is None:
            return None
        parts = (path[:length] for length in range(len(path), 0, -1))
        return next((line for part in parts if (line := self._line_of(part))), None)


def meant(name: str, known: Iterable[str], what: str) -> str:
    """What somebody may have meant by a name that is none; `what` are the known ones."""
    names = sorted(known)
    close = closest(name, names)
    return f"did you mean `{close}`?" if close else f"known {what}: {', '.join(names)}"


def closest(name: str, known: Iterable[str], *, likeness: float = 0.6) -> str:
    """The known name that is most like this one; empty for none that is like it."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=likeness)), "")


def name_of(path: Path) -> str:
    """The path of a key on one line, and cut."""
    return _plain(".".join(path), LONGEST_PATH)


def _plain(text: str, most: int) -> str:
    return "".join(char if char.isprintable() else "?" for char in text[:most])
