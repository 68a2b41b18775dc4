"""The script of the beacon as the monitor serves it, and the line that puts it into a page."""

from __future__ import annotations

from html import escape
from importlib.resources import files

PATH = "/api/v1/vitals.js"
NOT_BUILT = "the script was not built: install Node, then buildopt again"


def source() -> bytes | None:
    """The script; None where buildopt was installed without Node."""
    try:
        return files("monitor_plugins.web").joinpath("built", "vitals.js").read_bytes()
    except OSError:
        return None


def tag(url: str, token: str) -> str:
    """The line for the head of a page."""
    return f'<script src="{escape(url)}{PATH}" data-token="{escape(token)}" defer></script>'
