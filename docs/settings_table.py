"""Writes the tables of docs/settings.md from the table of keys; a test holds them against it.

python docs/settings_table.py
"""

import json
from collections.abc import Mapping
from pathlib import Path

from buildopt.settings.keys import KEYS, TASK_KEYS, Key
from buildopt.settings.records import Settings, TaskSettings

PAGE = Path(__file__).with_name("settings.md")
MARKS = ("<!-- {}: written by docs/settings_table.py -->\n", "<!-- end of {} -->\n")
FORMS = {
    "flag": "`true` or `false`",
    "size": 'a size: `"500 MB"`, `"10GB"`, `"1.5 GiB"`',
    "text": "a text",
    "file": "`true`, `false` or a path",
    "list": "a list of texts",
    "words": "a text or a list of words",
}
FOLDERS = {"cache_dir": "the user's cache folder", "state_dir": "the user's state folder"}


def tables() -> Mapping[str, str]:
    """The tables by the names of their marks."""
    return {
        "keys": table(tuple(key for key in KEYS if key.in_files)),
        "keys of a call": table(tuple(key for key in KEYS if not key.in_files)),
        "keys of a task": task_table(),
    }


def table(keys: tuple[Key, ...]) -> str:
    """Keys with their values, defaults, variables, options and meanings."""
    rows = [
        f"| `{key.name}` | {form(key)} | {default(key)} | `{key.variable}` | {option(key)} |"
        f" {meaning(key)} |"
        for key in keys
    ]
    head = ["| key | takes | default | variable | option | meaning |", "| --- " * 6 + "|"]
    return "\n".join([*head, *rows]) + "\n"


def task_table() -> str:
    """Keys of a task with their values and meanings."""
    rows = [f"| `{key.name}` | {form(key)} | {meaning(key)} |" for key in TASK_KEYS]
    return "\n".join(["| key | takes | meaning |", "| --- " * 3 + "|", *rows]) + "\n"


def form(key: Key) -> str:
    """What it takes, in words."""
    if key.kind == "number":
        return f"a whole number, {key.least:,} to {key.most:,}"
    if key.kind == "choice":
        return " ".join(f'`"{choice}"`' for choice in key.choices)
    return FORMS[key.kind]


def default(key: Key) -> str:
    """The value that holds where nothing is set."""
    value = getattr(Settings(), key.name)
    return FOLDERS.get(key.name, "none") if value == "" else f"`{json.dumps(value)}`"


def option(key: Key) -> str:
    """The option of `run`, or a stroke."""
    return f"`{key.option}`" if key.option else "-"


def meaning(key: Key) -> str:
    """What it means; what nothing reads yet says so."""
    planned = ". Checked and kept; nothing reads it yet" if key.is_planned else ""
    return key.meaning.replace("|", "\\|") + planned


def with_tables(page: str) -> str:
    """The page with the tables as they should be."""
    for name, text in tables().items():
        begin, end = (mark.format(name) for mark in MARKS)
        before, _, rest = page.partition(begin)
        page = before + begin + text + end + rest.partition(end)[2]
    return page


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text()))
    assert set(TaskSettings._fields) == {"name", *(key.name for key in TASK_KEYS)}
