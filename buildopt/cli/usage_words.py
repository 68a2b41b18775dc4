"""What click says of a command line that makes no sense, in the form of our messages."""

from __future__ import annotations

import re

import click

QUOTED = re.compile(r"(?<!\w)'([^']*)'(?!\w)")
"""A name or value as click quotes it."""


def usage_words(error: click.ClickException, command: str) -> tuple[str, str]:
    """What is wrong, in one line, and what to do; `command` is what was called, where known."""
    text, _, hint = error.format_message().partition("\nhint: ")
    if isinstance(error, click.NoSuchOption):
        text, hint = f"no such option '{error.option_name}'", _nearest(error.possibilities or ())
    words = QUOTED.sub(r"`\1`", " ".join(text.split())).rstrip(".")
    context = getattr(error, "ctx", None)
    called = context.command_path if context else command
    return words[:1].lower() + words[1:], hint or f"see `{called} --help`"


def _nearest(names: list[str] | tuple[str, ...]) -> str:
    return f"did you mean {' or '.join(f'`{name}`' for name in names)}?" if names else ""
