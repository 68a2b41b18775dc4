"""The monitor itself, its plugins and its problems as answers of the API hold them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Consumer(Struct, kw_only=True):
    """A consumer of a plugin, and how it stands."""

    name: str
    status: str = ""
    position: str = ""
    behind_s: float = 0.0
    events: int = 0
    failures: int = 0
    dead_letters: int = 0
    last_error: str = ""


class Plugin(Struct, kw_only=True):
    """A plugin that was found."""

    name: str
    status: str
    reason: str
    distribution: str
    version: str
    place: str
    import_s: float
    hooks: list[str]
    consumers: list[Consumer]


class Component(Struct, kw_only=True):
    """A part of the monitor."""

    name: str
    status: str
    since: str
    output: str
    observed: float | None = None
    looked: str = ""


class Health(Struct, kw_only=True):
    """How the monitor is."""

    status: Literal["pass", "warn", "fail"]
    components: list[Component]


class Panel(Struct, kw_only=True):
    """A panel that a plugin brings."""

    id: str
    title: str
    kind: Literal["line", "bar", "number", "table"]
    metrics: list[str]
    unit: str
    path: str
    view: str


class Origin(Struct, kw_only=True):
    """Who tells: what filters can ask for."""

    environment: str
    host: str
    project: str
    machine: str


class Wrong(Struct, kw_only=True):
    """A problem as RFC 9457 has it."""

    status: int
    title: str
    detail: str = ""
