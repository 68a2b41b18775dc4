"""Whether a value is one that a key takes, and what it becomes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from buildopt.quantities import parse_size
from buildopt.settings.keys import Key

LIMIT_FORMS = "a size such as `500 MB`, `10GB` or `1.5 GiB`"
SHELL_CHARACTERS = "|&;<>$`\n*?~"
"""What only a shell understands: a command with one of them is given to it."""
TRUE_WORDS = ("1", "true", "yes", "on")
FALSE_WORDS = ("0", "false", "no", "off")


class Impossible(ValueError):
    """A value that a key does not take; the text says what it does take."""


def checked(key: Key, value: Any) -> Any:  # Any: out of TOML or JSON, into the field of its kind
    """The value as it is kept; raises Impossible."""
    return _CHECKS[key.kind](key, value)


def checked_text(key: Key, text: str) -> Any:  # Any: into the field of its kind
    """What the text of a variable means; raises Impossible."""
    if key.kind == "flag":
        return _flag_of(text)
    if key.kind == "number":
        try:
            return checked(key, int(text))
        except ValueError:
            raise Impossible(_number_form(key)) from None
    if key.kind == "list":
        return checked(key, _words_of(text))
    return checked(key, text)


def is_possible_limit(text: str) -> bool:
    """Whether a text is a size to which a cache can be limited."""
    try:
        return parse_size(text) > 0
    except ValueError:
        return False


def is_flag_word(text: str) -> bool:
    """Whether a text says yes or no."""
    return text.strip().lower() in TRUE_WORDS + FALSE_WORDS


def _flag(_: Key, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Impossible("true or false")


def _number(key: Key, value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and key.least <= value <= key.most:
        return value
    raise Impossible(_number_form(key))


def _size(_: Key, value: object) -> str:
    if isinstance(value, str) and is_possible_limit(value):
        return value
    raise Impossible(LIMIT_FORMS)


def _choice(key: Key, value: object) -> str:
    if isinstance(value, str) and value in key.choices:
        return value
    raise Impossible(f"{', '.join(key.choices[:-1])} or {key.choices[-1]}")


def _text(_: Key, value: object) -> str:
    if _is_text(value) and value:
        return str(value)
    raise Impossible("a text that is not empty")


def _file(_: Key, value: object) -> bool | str:
    if isinstance(value, bool):
        return value
    if _is_text(value) and value:
        return _flag_of(str(value)) if is_flag_word(str(value)) else str(value)
    raise Impossible("true, false or the path of a file")


def _list(_: Key, value: object) -> tuple[str, ...]:
    if isinstance(value, list) and all(_is_text(item) and item for item in value):
        return tuple(value)
    raise Impossible("a list of texts, none of them empty")


def _words(_: Key, value: object) -> tuple[str, ...]:
    """A command's words; one that only a shell understands goes to the shell."""
    form = "the words of a command, as a text or as a list of texts"
    if not _is_text(value):
        if isinstance(value, list) and all(map(_is_text, value)) and value and value[0]:
            return tuple(value)
        raise Impossible(form)
    command = str(value)
    if not command.strip():
        raise Impossible(form)
    if set(command) & set(SHELL_CHARACTERS):
        return ("/bin/sh", "-c", command)
    import shlex

    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        raise Impossible(f"{form}, and here there is {str(error).lower()}") from None
    if not words or not words[0]:
        raise Impossible(form)
    return words


_CHECKS: Mapping[str, Callable[[Key, Any], Any]] = {
    "flag": _flag,
    "number": _number,
    "size": _size,
    "choice": _choice,
    "text": _text,
    "file": _file,
    "list": _list,
    "words": _words,
}


def _is_text(value: object) -> bool:
    """Whether a value is a text that the system's calls take: paths and words become bytes."""
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        os.fsencode(value)
    except UnicodeEncodeError:  # half of a surrogate pair, which only JSON can write
        return False
    return True


def _number_form(key: Key) -> str:
    return f"a whole number from {key.least:,} to {key.most:,}"


def _flag_of(text: str) -> bool:
    if not is_flag_word(text):
        raise Impossible("1 or 0, true or false, yes or no, on or off")
    return text.strip().lower() in TRUE_WORDS


def _words_of(text: str) -> list[str]:
    """Words between blanks; quotes hold one together that has blanks in it."""
    if not set(text) & {'"', "'"}:
        return text.split()
    import shlex

    splitter = shlex.shlex(text, posix=True, punctuation_chars=False)
    splitter.whitespace_split = True
    splitter.commenters = splitter.escape = ""  # patterns have both
    try:
        return list(splitter)
    except ValueError as error:
        raise Impossible(f"texts between blanks, and here there is {str(error).lower()}") from None
