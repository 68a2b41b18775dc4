"""Takes a script apart that is a plain list of simple commands joined by `&&`.

Whatever a shell would do more than split words and take quotes away leaves the script whole.
"""

SHELL_WORDS = frozenset((
    "!", ".", "[[", "alias", "bg", "break", "builtin", "case", "cd", "command", "continue",
    "coproc", "declare", "dirs", "disown", "do", "done", "elif", "else", "enable", "esac", "eval",
    "exec", "exit", "export", "fc", "fg", "fi", "for", "function", "getopts", "hash", "if", "in",
    "jobs", "let", "local", "logout", "mapfile", "popd", "pushd", "read", "readarray", "readonly",
    "return", "select", "set", "shift", "shopt", "source", "suspend", "then", "time", "times",
    "trap", "typeset", "ulimit", "umask", "unalias", "unset", "until", "wait", "while", "{", "}",
))  # fmt: skip
"""What changes the shell itself, so that the next part would miss it, or begins a compound."""
SPECIAL = frozenset("|;<>()$`*?[]~#\\\n\r{}!")
"""Characters that mean something to a shell outside of quotes, besides `&`."""
SPECIAL_IN_DOUBLE_QUOTES = frozenset("$`\\!")


def parts_of(script: str) -> list[str]:
    """The commands of the list, or the script itself where it is none."""
    parts = _split(script)
    if parts is None or any(not _is_simple(part) for part in parts):
        return [script]
    return [part.strip() for part in parts]


def _split(script: str) -> list[str] | None:
    """The texts between `&&`; None where the shell would do more than split words."""
    parts, start, place = [], 0, 0
    while place < len(script):
        letter = script[place]
        if letter in "'\"":
            end = script.find(letter, place + 1)
            quoted = script[place + 1 : end]
            if end < 0 or (letter == '"' and not SPECIAL_IN_DOUBLE_QUOTES.isdisjoint(quoted)):
                return None
            place = end
        elif letter == "&":
            if script[place : place + 2] != "&&":
                return None
            parts.append(script[start:place])
            place += 1
            start = place + 1
        elif letter in SPECIAL:
            return None
        place += 1
    parts.append(script[start:])
    return parts


def _is_simple(part: str) -> bool:
    words = part.split(None, 1)
    if not words or words[0] in SHELL_WORDS or words[0][0] in "&'\"":
        return False
    return "=" not in words[0]
