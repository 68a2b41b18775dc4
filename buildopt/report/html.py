"""The view as one HTML file that needs nothing else: no script, no address, no font."""

from __future__ import annotations

import os
import shlex
from base64 import b64encode
from hashlib import sha256

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from buildopt import __version__, quantities
from buildopt.report.chart import chart_of, spans_of
from buildopt.report.history import SHAPES
from buildopt.report.view import RunView

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_STYLES = ("tokens.css", "report.css")


def page_of(view: RunView) -> bytes:
    """The page, UTF-8."""
    style = _style()
    template = _environment().get_template("report.html.j2")
    text = template.render(
        view=view,
        command=shlex.join(view.command),
        chart=chart_of(view.history),
        spans=spans_of(view.steps),
        shapes=SHAPES,
        policy=_policy(style),
        style=Markup(style),  # our own files, without a closing tag
        version=__version__,
    )
    return text.encode("utf-8", "backslashreplace")


def _policy(style: str) -> str:
    """Nothing may load or run; the one style sheet is known by its digest."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _style() -> str:
    parts = []
    for name in _STYLES:
        with open(os.path.join(_FOLDER, name), encoding="utf-8") as file:
            parts.append(file.read())
    return "".join(parts)


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
    return environment
