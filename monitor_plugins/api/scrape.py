"""Asks endpoints of an application for its metrics, as the settings say, one source a target.

    [plugins.api.scrape.shop]
    url = "http://127.0.0.1:8000/metrics"
    format = "prometheus"                  # or "json"
    interval_s = 10
    timeout_s = 5
    token_variable = "SHOP_TOKEN"          # sent as `Authorization: Bearer`
    [plugins.api.scrape.shop.metrics]
    "buildopt.app.pool.used" = "db_pool_in_use"

A target that does not answer measures nothing, which is no zero: the source fails, and its health,
an event, says why.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from typing import Any, NamedTuple, get_args
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from buildopt.monitor.hookspecs import Measurement
from monitor_plugins.api.mapping import (
    Plain,
    Rate,
    Share,
    Wanted,
    names_of,
    read_mapping,
    refusal,
)
from monitor_plugins.api.rates import Rates, Reading
from monitor_plugins.api.reading import Form, Values, is_name, read

KEYS = ("url", "format", "interval_s", "timeout_s", "token_variable", "metrics")
MOST_BYTES = 8 * 1024 * 1024
"""Of one answer."""
READ_BYTES = 65_536
INTERVALS_S = (1.0, 3_600.0)
TIMEOUTS_S = (0.1, 60.0)
UNITS = (("ratio", "1"), (".wait", "s"), ("_seconds", "s"), (".duration", "s"), ("_bytes", "By"))
"""Units by the ends of names; others count."""


class Target(NamedTuple):
    """An endpoint, and what is taken from it."""

    name: str
    url: str
    form: Form
    metrics: Mapping[str, Wanted]
    interval_s: float = 10.0
    timeout_s: float = 5.0
    token_variable: str = ""


class Failed(Exception):
    """A target that did not answer as it should; the words say why."""


class ScrapeSource:
    """One target; see `hookspecs.MetricSource`."""

    def __init__(
        self, target: Target, environ: Mapping[str, str],
        *, now_s: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.name = f"scrape {target.name}"
        self.interval_s = target.interval_s
        self._target = target
        self._environ = environ
        self._now_s = now_s
        self._rates = Rates()
        self._names = frozenset(n for each in target.metrics.values() for n in names_of(each))

    def sample(self, now_ns: int) -> Iterator[Measurement]:  # noqa: ARG002  # of the hook
        """Ask now; raises what the health of the source says."""
        text = fetch(self._target, self._environ)
        values = read(text, self._target.form, self._names)
        at_s = self._now_s()
        service = {"service.name": self._target.name}
        counters: set[str] = set()
        for metric, wanted in self._target.metrics.items():
            for value, labels in self._measured(wanted, values, at_s, counters):
                unit = next((unit for end, unit in UNITS if metric.endswith(end)), "")
                yield Measurement(metric, value, unit, {**labels, **service})
        self._rates.forget_others(counters)

    def _measured(
        self, wanted: Wanted, values: Values, at_s: float, counters: set[str]
    ) -> Iterator[tuple[float, Mapping[str, str]]]:
        match wanted:
            case Plain(name):
                yield from ((value.number, value.labels) for value in values.get(name, ()))
            case Rate(name):
                for value in values.get(name, ()):
                    came = self._came(name, value.labels, Reading(at_s, value.number), counters)
                    if came:
                        yield came.total / came.at_s, value.labels
            case Share(part, of):
                yield from self._share(part, of, values, at_s, counters)

    def _share(
        self, part: str, of: tuple[str, ...], values: Values, at_s: float, counters: set[str]
    ) -> Iterator[tuple[float, Mapping[str, str]]]:
        """The share of what came since the last time; all series of a name count together."""
        came: dict[str, float] = {}
        for name in dict.fromkeys((part, *of)):
            found = values.get(name)
            if not found:
                return
            each = [
                self._came(
                    name, {"": f"{part} {of}", **v.labels}, Reading(at_s, v.number), counters
                )
                for v in found
            ]
            came[name] = sum(one.total for one in each if one)
        whole = sum(came[name] for name in of)
        if whole > 0:
            yield min(1.0, came[part] / whole), {}

    def _came(
        self, name: str, labels: Mapping[str, str], reading: Reading, counters: set[str]
    ) -> Reading | None:
        counter = f"{name} {sorted(labels.items())}"
        counters.add(counter)
        return self._rates.came(counter, reading)


def fetch(target: Target, environ: Mapping[str, str]) -> str:
    """The text of the answer; raises `Failed`, within the target's time and size."""
    headers = {"Accept": "*/*", "User-Agent": "buildopt"}
    if target.token_variable:
        token = environ.get(target.token_variable, "")
        if not token:
            raise Failed(f"the variable `{target.token_variable}` is not set")
        headers["Authorization"] = f"Bearer {token}"
    ends_s = time.monotonic() + target.timeout_s
    try:
        request = Request(target.url, headers=headers)  # http alone: `read_target`
        with _opener().open(request, timeout=target.timeout_s) as answer:
            return _body(answer, ends_s)
    except HTTPError as error:
        error.close()
        raise Failed(f"it answered {error.code}") from error
    except HTTPException as error:
        raise Failed(f"no HTTP: {type(error).__name__}") from error
    except OSError as error:  # that urllib's other ones are
        raise Failed(str(getattr(error, "reason", "") or error)[:200]) from error


def read_target(name: str, table: object) -> Target:
    """A target of the settings; raises SettingsError."""
    shown = f"plugins.api.scrape.{name}"
    if not isinstance(table, Mapping):
        raise refusal(shown, "it is no table")
    if unknown := [key for key in table if key not in KEYS]:
        raise refusal(shown, f"unknown key `{unknown[0]}`; known are {', '.join(KEYS)}")
    url, form = table.get("url"), table.get("format", "prometheus")
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
        raise refusal(shown, "`url` is no address with http or https")
    if form not in get_args(Form):
        raise refusal(shown, f"`format` is none of {', '.join(get_args(Form))}")
    metrics = read_mapping(table.get("metrics"), shown)
    for each in metrics.values():
        if bad := [one for one in names_of(each) if not is_name(one, form)]:
            raise refusal(shown, f"`{bad[0]}` cannot be asked for")
    token_variable = table.get("token_variable", "")
    if not isinstance(token_variable, str):
        raise refusal(shown, "`token_variable` is no name of a variable")
    return Target(
        name=name, url=url, form=form, metrics=metrics, token_variable=token_variable,
        interval_s=_seconds(table, "interval_s", 10.0, INTERVALS_S, shown),
        timeout_s=_seconds(table, "timeout_s", 5.0, TIMEOUTS_S, shown),
    )  # fmt: skip


def _seconds(
    table: Mapping[str, Any], key: str, default: float, limits: tuple[float, float], shown: str
) -> float:  # Any: as in TOML
    value = table.get(key, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not limits[0] <= value <= limits[1]:
        raise refusal(shown, f"`{key}` is no number of {limits[0]:g} to {limits[1]:g}")
    return float(value)


class _NoRedirects(HTTPRedirectHandler):
    """A target is where the settings say; its token goes nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:  # Any: urllib's
        """None: the answer itself is an error."""


def _opener() -> OpenerDirector:
    return build_opener(ProxyHandler({}), _NoRedirects())


def _body(answer: Any, ends_s: float) -> str:  # Any: http.client's
    parts: list[bytes] = []
    length = 0
    while part := answer.read1(READ_BYTES):
        length += len(part)
        if length > MOST_BYTES:
            raise Failed(f"its answer is longer than {MOST_BYTES // 1024**2} MB")
        if time.monotonic() > ends_s:
            raise Failed("it took too long to answer")
        parts.append(part)
    return b"".join(parts).decode("utf-8", "replace")
