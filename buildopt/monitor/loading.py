"""Finds the monitor's plugins by their entry points, one by one: a broken one is named, no more.

Those of buildopt's own distribution and those that the user trusts are imported here; any other is
imported in a process of its own, which also tells what it contributes. `BUILDOPT_PLUGINS=0` loads
none, `-p no:NAME` all but one, as with pytest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, NamedTuple

from buildopt.monitor import plugin_file
from buildopt.monitor.choice import Choice
from buildopt.monitor.claims import Claim, judge
from buildopt.monitor.consumer import Described, source_of
from buildopt.monitor.hookspecs import ENTRY_POINTS, Consumer, Route, Ticking
from buildopt.monitor.knowledge import Knowledge
from buildopt.monitor.process_seat import Origin, ProcessSeat
from buildopt.monitor.registry import Registry
from buildopt.monitor.remote_plugin import RemotePlugin
from buildopt.monitor.seat import Failed, HostSeat, Seat, told

OWN_DISTRIBUTION = "buildopt"
SLOW_IMPORT_S = 1.0
"""An import that takes longer is told: everybody waits for it when the monitor starts."""

HOOKS = (
    "alert_rules", "consumers", "dashboard_panels", "detectors", "health_checks", "http_routes",
    "metric_sources", "notification_channels", "report_sections", "workers",
)  # fmt: skip
Status = Literal["loaded", "failed", "off"]


class Row(NamedTuple):
    """One plugin, as `buildopt monitor plugins` shows it. `reason`: why it failed or is slow."""

    name: str
    value: str
    distribution: str = ""
    version: str = ""
    place: Literal["host", "process"] = "host"
    status: Status = "loaded"
    reason: str = ""
    import_s: float = 0.0
    hooks: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()


class Contribution(NamedTuple):
    """One thing of one plugin: a source, a route, a rule …"""

    plugin: str
    thing: Any  # Any: what the hook gives


class Placed(NamedTuple):
    """A consumer, and how it gets a seat on the file of its name in a state folder."""

    described: Described
    seat: Callable[[str], Seat]


class Plugins:
    """All plugins that were found. Nothing in here raises because of one of them."""

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self.knowledge = Knowledge(choice.state)
        """What routes ask; the monitor lets it go live."""
        self._rows: dict[str, Row] = {}
        self._registry = Registry()
        self._remotes: dict[str, RemotePlugin] = {}
        self._asked: dict[str, tuple[Contribution, ...]] = {}
        self._placed: tuple[Placed, ...] | None = None
        self._routes: tuple[Route, ...] | None = None

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every plugin with its status, in the order of loading."""
        return tuple(self._rows.values())

    def add(self, found: EntryPoint) -> None:
        """Load one."""
        name = found.name
        distribution = found.dist.name if found.dist else ""
        version = found.dist.version if found.dist else ""
        trusted = {OWN_DISTRIBUTION} if distribution == OWN_DISTRIBUTION else {name, distribution}
        is_host = distribution == OWN_DISTRIBUTION or bool(trusted & set(self._choice.trusted))
        row = Row(name, found.value, distribution, version, "host" if is_host else "process")
        if name in self._rows:
            first = self._rows[name].distribution
            key = f"{name} ({distribution})"
            self._rows[key] = row._replace(
                status="failed", reason=f"the name is taken by distribution `{first}`"
            )
            return
        self._rows[name] = row
        if self._is_off(name):
            self._rows[name] = row._replace(status="off", reason="switched off")
            return
        began_s = time.perf_counter()
        try:
            self._rows[name] = self._load(row)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the plugin's own code
            import_s = time.perf_counter() - began_s
            reason = error.text if isinstance(error, Failed) else told(error)
            self._rows[name] = row._replace(status="failed", reason=reason, import_s=import_s)

    def add_object(self, name: str, plugin: object) -> None:
        """A plugin that is there already, without an entry point: for tests and embedders."""
        self._registry.add_object(name, plugin, self._options(name))
        hooks = self._registry.hooks_of(name)
        self._rows[name] = Row(name, "", hooks=hooks)

    def contributions(self, hook: str) -> tuple[Contribution, ...]:
        """What all plugins give for a hook; a plugin that raises is named, and gives nothing."""
        if hook not in self._asked:
            self._asked[hook] = tuple(self._ask_all(hook))
        return self._asked[hook]

    def consumers(self) -> tuple[Placed, ...]:
        """All consumers; the second of a name is refused."""
        if self._placed is None:
            self._placed = tuple(self._place_all())
            for name, row in self._rows.items():
                mine = tuple(p.described.name for p in self._placed if p.described.plugin == name)
                self._rows[name] = row._replace(consumers=mine)
        return self._placed

    def routes(self) -> tuple[Route, ...]:
        """All routes that answer; one that an earlier one leaves nothing to is refused."""
        if self._routes is None:
            claims = [Claim(*each) for each in self.contributions("http_routes")]
            judged = list(judge(claims))
            for (plugin, _), reason in judged:
                if reason:
                    self._fail(plugin, reason)
            self._routes = tuple(each.claim.route for each in judged if not each.reason)
        return self._routes

    def ask_all(self) -> None:
        """Have each plugin say now what it contributes; end the processes that nobody will call."""
        for hook in HOOKS:
            self.contributions(hook)
        self.consumers()
        self.routes()
        for remote in self._remotes.values():
            remote.rest()

    def close(self) -> None:
        """End all processes of plugins."""
        for remote in self._remotes.values():
            remote.close()
        self.knowledge.close()

    def _is_off(self, name: str) -> bool:
        only = self._choice.only
        return name in self._choice.off or (bool(only) and name not in only)

    def _options(self, name: str) -> Mapping[str, Any]:
        return self._choice.options.get(name, {})

    def _load(self, row: Row) -> Row:
        options = self._options(row.name)
        if row.place == "host":
            import_s = self._registry.add(row.name, row.value, options)
            hooks = self._registry.hooks_of(row.name)
        else:
            limit = self._choice.memory_limit_bytes
            origin = Origin(
                row.name, row.value, options, memory_limit_bytes=limit, state=self._choice.state
            )
            remote = self._remotes[row.name] = RemotePlugin(origin)
            import_s, hooks = remote.import_s, remote.hooks
        slow = f"its import took `{import_s:.1f} s`" if import_s > SLOW_IMPORT_S else ""
        return row._replace(import_s=import_s, hooks=hooks, reason=slow)

    def _ask_all(self, hook: str) -> Iterator[Contribution]:
        for name, row in list(self._rows.items()):
            if row.status != "loaded" or hook not in row.hooks:
                continue
            try:
                yield from (Contribution(name, thing) for thing in self._ask(name, hook))
            except (Exception, SystemExit) as error:  # noqa: BLE001  # the plugin's own code
                reason = error.text if isinstance(error, Failed) else told(error)
                self._fail(name, f"hook `{hook}`: {reason}")

    def _ask(self, name: str, hook: str) -> Sequence[Any]:
        if name in self._remotes:
            if hook == "workers":
                self._fail(name, "a worker runs only in the host: see `trusted_plugins`")
                return ()
            return self._remotes[name].ask(hook)
        return self._registry.ask(name, hook, **self._known(hook))

    def _known(self, hook: str) -> Mapping[str, Any]:
        """What a hook may ask for as arguments."""
        wanted = {"consumers": ("alert_rules", "detectors"), "http_routes": ("dashboard_panels",)}
        told: dict[str, Any] = {  # Any: as hookspecs.py has it
            name: tuple(each.thing for each in self.contributions(name))
            for name in wanted.get(hook, ())
        }
        return {**told, "known": self.knowledge} if hook == "http_routes" else told

    def _place_all(self) -> Iterator[Placed]:
        taken: dict[str, str] = {}
        for plugin, thing in self.contributions("consumers"):
            is_remote = plugin in self._remotes
            name = thing["name"] if is_remote else thing.name
            if name in taken:
                self._fail(plugin, f"consumer `{name}` is already one of plugin `{taken[name]}`")
                continue
            taken[name] = plugin
            yield self._place_remote(plugin, thing) if is_remote else _place(plugin, thing)

    def _place_remote(self, plugin: str, row: Mapping[str, Any]) -> Placed:
        name = row["name"]
        rules = tuple(each.thing for each in self.contributions("alert_rules"))
        origin = Origin(
            plugin, self._rows[plugin].value, self._options(plugin), rules,
            self._choice.memory_limit_bytes,
        )  # fmt: skip
        described = Described(
            name, row["version"], tuple(row["types"]), row["is_ticking"], source_of(name), plugin
        )
        return Placed(
            described, lambda folder: ProcessSeat(plugin_file.path_of(folder, name), name, origin)
        )

    def _fail(self, name: str, reason: str) -> None:
        row = self._rows[name]
        told_before = f"{row.reason}; " if row.reason else ""
        self._rows[name] = row._replace(status="failed", reason=told_before + reason)


def load(choice: Choice, found: Iterable[EntryPoint] | None = None) -> Plugins:
    """Load what is installed; buildopt's own first, then by name."""
    plugins = Plugins(choice)
    if not choice.is_on:
        return plugins
    every = entry_points(group=ENTRY_POINTS) if found is None else found
    for each in sorted(every, key=lambda e: (not _is_own(e), e.name)):
        plugins.add(each)
    plugins.ask_all()
    return plugins


def _is_own(found: EntryPoint) -> bool:
    return found.dist is not None and found.dist.name == OWN_DISTRIBUTION


def _place(plugin: str, consumer: Consumer) -> Placed:
    described = Described(
        consumer.name, consumer.version, tuple(consumer.types), isinstance(consumer, Ticking),
        source_of(consumer.name), plugin,
    )  # fmt: skip
    return Placed(
        described,
        lambda folder: HostSeat(plugin_file.path_of(folder, consumer.name), lambda: consumer),
    )
