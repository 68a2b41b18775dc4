"""What is said about a settings file or a variable that makes no sense: where, what, and how else.

What finds the place and the nearest word is imported when there is something to say.
"""

from __future__ import annotations

from collections.abc import Iterable

from buildopt.errors import SettingsError
from buildopt.settings.files import Part
from buildopt.settings.keys import Key

LONGEST_SHOWN = 60
"""Characters of a value in a message: enough to find it again."""


def unknown_key(part: Part, path: tuple[str, ...], known: Iterable[str]) -> SettingsError:
    """A key that is none of ours; `known` are the last parts of those beside it."""
    names = [".".join((*path[:-1], name)) for name in known]
    return SettingsError(
        f"cannot read settings `{part.shown}`: {place(part, path)}unknown key `{'.'.join(path)}`",
        hint=did_you_mean(".".join(path), names) or f"known keys: {', '.join(sorted(names))}",
        slug="unknown-key",
    )


def not_for_files(part: Part, key: Key) -> SettingsError:
    """A key of ours that no file sets."""
    by = f"`{key.variable}`" + (f" or `{key.option}`" if key.option else "")
    return SettingsError(
        f"cannot read settings `{part.shown}`: {place(part, (key.name,))}"
        f"`{key.name}` is no key of a file",
        hint=f"it is set by {by}",
        slug="unknown-key",
    )


def impossible_name(part: Part, path: tuple[str, ...], expected: str) -> SettingsError:
    """A table that cannot be called so."""
    *above, name = path
    return SettingsError(
        f"cannot read settings `{part.shown}`: {place(part, path)}"
        f"`{shown_value(name)}` cannot be a name in `{'.'.join(above)}`",
        hint=f"it takes {expected}",
        slug="impossible-value",
    )


def impossible(part: Part, path: tuple[str, ...], value: object, expected: str) -> SettingsError:
    """A value that its key does not take."""
    name = ".".join(path or part.prefix)
    return SettingsError(
        f"cannot read settings `{part.shown}`: {place(part, path)}"
        f"`{name}` cannot be `{shown_value(value)}`",
        hint=f"it takes {expected}",
        slug="impossible-value",
    )


def impossible_variable(name: str, text: str, expected: str) -> SettingsError:
    """A variable whose text means nothing."""
    return SettingsError(
        f"cannot use the variable `{name}`: it cannot be `{shown_value(text)}`",
        hint=f"it takes {expected}; unset it for the default",
        slug="impossible-value",
    )


def missing_key(part: Part, path: tuple[str, ...]) -> SettingsError:
    """A table without the key that it must have."""
    *table, name = path
    return SettingsError(
        f"cannot read settings `{part.shown}`: {place(part, tuple(table))}"
        f"`{'.'.join(table)}` has no `{name}`",
        hint=f"add `{name}` to it",
        slug="missing-key",
    )


def require_single_keys(part: Part) -> None:
    """Raise SettingsError for a JSON object of ours with a name that stands twice in it."""
    from buildopt.settings.lines import repeated_key

    found = repeated_key(part)
    if found is None:
        return
    path, line = found
    name = ".".join(path or part.prefix)
    raise SettingsError(
        f"cannot read settings `{part.shown}`: line {line}: `{name}` is there twice",
        hint="keep one of them",
        slug="broken-settings",
    )


def broken(shown: str, content: bytes, error: Exception) -> SettingsError:
    """A file that is no TOML, no JSON or no UTF-8."""
    kind = "JSON" if shown.endswith(".json") else "TOML"
    return SettingsError(
        f"cannot read settings `{shown}`: {why_broken(content, error)}",
        hint="save the file as UTF-8"
        if isinstance(error, UnicodeDecodeError)
        else f"mend the {kind} at that place",
        slug="broken-settings",
    )


def place(part: Part, path: tuple[str, ...]) -> str:
    """`line N: ` of what sets the key `path`, where it can be told."""
    from buildopt.settings.lines import line_of

    line = line_of(part, path)
    return f"line {line}: " if line else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question with the nearest of the known words, or nothing."""
    import difflib

    close = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean `{close[0]}`?" if close else ""


def shown_value(value: object) -> str:
    """A value as a settings file writes it, short and on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, int) and value.bit_length() > LONGEST_SHOWN * 3:
        return "a number of more than fifty digits"
    text = value if isinstance(value, str) else _listed(value)
    printable = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return printable if len(printable) <= LONGEST_SHOWN else printable[:LONGEST_SHOWN] + "…"


def _listed(value: object) -> str:
    if not isinstance(value, list):
        return str(value)
    items = (f'"{item}"' if isinstance(item, str) else shown_value(item) for item in value[:9])
    return f"[{', '.join(items)}]"


def why_broken(content: bytes, error: Exception) -> str:
    """`line 3, column 9: Invalid value`, in the words of the parser."""
    if isinstance(error, UnicodeDecodeError):
        line = content.count(b"\n", 0, error.start) + 1
        return f"line {line}: it is not UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    said = str(error)
    if hasattr(error, "lineno") and hasattr(error, "msg"):  # JSON, and TOML from Python 3.14 on
        return f"line {error.lineno}, column {error.colno}: {error.msg}"  # type: ignore[attr-defined]  # as asked
    what, mark, where = said.rstrip(")").rpartition(" (at ")
    return f"{where}: {what}" if mark else said
