"""One HTML file that needs nothing else: its policy lets run and show what is in it, by digest."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from buildopt import __version__, quantities
from buildopt.phrases import printable

_FOLDER = os.path.dirname(os.path.abspath(__file__))


def render(
    template: str, facts: Mapping[str, object], *, styles: tuple[str, ...], script: str = ""
) -> bytes:
    """The page of a template, UTF-8; style sheets and the script are files of this folder's."""
    style = "".join(_read(name) for name in styles)
    text = (
        _environment()
        .get_template(template)
        .render(
            facts,
            policy=_policy(style, script),
            style=Markup(style),  # our own files, without a closing tag
            script=Markup(script),
            version=__version__,
        )
    )
    return text.encode("utf-8", "backslashreplace")


def asset(name: str) -> str:
    """What the front end's build made, or nothing where it was not built."""
    try:
        return _read(os.path.join("assets", name))
    except FileNotFoundError:
        return ""


def stylesheet(name: str) -> str:
    """A style sheet that all pages of ours have."""
    return _read(name)


def coded(words: str) -> Markup:
    """Words whose names stand in backticks: names as code, and all of it as text only."""
    parts = printable(words).split("`")
    if len(parts) % 2 == 0:
        return escape(printable(words))
    marked = [
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    ]
    return Markup("").join(marked)


def _policy(style: str, script: str) -> str:
    """Nothing may load; the one style sheet and the one script are known by their digests."""
    scripts = f"script-src 'sha256-{_digest(script)}'; " if script else ""
    return (
        f"default-src 'none'; {scripts}style-src 'sha256-{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _read(name: str) -> str:
    with open(os.path.join(_FOLDER, name), encoding="utf-8") as file:
        return file.read()


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = ("duration", "size", "exact_bytes", "share", "moment", "counted")
    environment.filters.update({name: getattr(quantities, name) for name in names})
    environment.filters["coded"] = coded
    return environment
