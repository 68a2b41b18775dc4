"""The plugins that one process has imported; each hook of each plugin is asked once."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pkgutil import resolve_name  # a third of the time of importlib.metadata
from typing import Any

import pluggy

from buildopt.monitor import hookspecs
from buildopt.monitor.hookspecs import API_VERSION, Consumer

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Refused(Exception):
    """A plugin, or something that it contributes, is not as hookspecs.py wants it."""


class Registry:
    """Plugins that were imported here, by the names of their entry points."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager("buildopt")
        self._manager.add_hookspecs(hookspecs)
        self._asked: dict[tuple[str, str], tuple[Any, ...]] = {}

    def add(self, name: str, value: str, options: Mapping[str, Any]) -> float:
        """Import a plugin and ask it to configure itself; seconds that the import took."""
        began_s = time.perf_counter()
        module = resolve_name(value.partition("[")[0].strip())
        import_s = time.perf_counter() - began_s
        version = getattr(module, "BUILDOPT_API", None)
        if version != API_VERSION:
            told = "has no `BUILDOPT_API`" if version is None else f"is for API `{version}`"
            raise Refused(f"it {told}; this version has API `{API_VERSION}`")
        self.add_object(name, module, options)
        return import_s

    def add_object(self, name: str, plugin: object, options: Mapping[str, Any]) -> None:
        """Register what was imported already."""
        try:
            self._manager.register(plugin, name)
            unknown = self._unknown_hooks(name)
            if unknown:
                raise Refused(f"there is no hook `{unknown}`")
            for hook in self._manager.hook.configure.get_hookimpls():
                if hook.plugin_name == name:
                    hook.function(**{"options": options} if hook.argnames else {})
        except BaseException as error:
            if self._manager.has_plugin(name):
                self._manager.unregister(name=name)
            if isinstance(error, pluggy.PluginValidationError):
                raise Refused(" ".join(str(error).split())) from error
            raise

    def hooks_of(self, name: str) -> tuple[str, ...]:
        """Names of the hooks that a plugin has."""
        callers = self._manager.get_hookcallers(self._manager.get_plugin(name)) or ()
        return tuple(sorted(caller.name for caller in callers))

    def ask(self, name: str, hook: str, **known: Any) -> tuple[Any, ...]:
        """What a plugin gives for a hook; raises what the plugin raises.

        `known` are the arguments that a hook may ask for.
        """
        if (name, hook) not in self._asked:
            found = getattr(self._manager.hook, hook).get_hookimpls()
            mine = [each for each in found if each.plugin_name == name]
            things = [
                thing
                for each in mine
                for thing in each.function(**{key: known[key] for key in each.argnames}) or ()
            ]
            if hook == "consumers":
                for thing in things:
                    check_consumer(thing)
            self._asked[name, hook] = tuple(things)
        return self._asked[name, hook]

    def _unknown_hooks(self, name: str) -> str:
        known = {hook for hook in vars(self._manager.hook) if not hook.startswith("_")}
        known &= {caller for caller in known if getattr(self._manager.hook, caller).spec}
        return ", ".join(hook for hook in self.hooks_of(name) if hook not in known)


def check_consumer(consumer: Consumer) -> None:
    """Raise `Refused` for what cannot be a consumer."""
    for field in ("name", "version", "types", "state_version", "handle"):
        if not hasattr(consumer, field):
            raise Refused(f"consumer `{consumer!r}` has no `{field}`")
    if not _NAME.fullmatch(str(consumer.name)):
        raise Refused(f"consumer name `{consumer.name}` is not letters, digits, `-` and `_`")
    if isinstance(consumer.types, str) or not all(isinstance(t, str) for t in consumer.types):
        raise Refused(f"`types` of consumer `{consumer.name}` is not a sequence of texts")
