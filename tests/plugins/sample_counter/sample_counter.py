"""Counts the runs of each task, and has one of everything that a plugin can have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from buildopt.events import Event
from buildopt.monitor.hookspecs import (
    Consumer,
    Delivery,
    Detector,
    Finding,
    HealthCheck,
    HealthState,
    Measurement,
    MetricSource,
    Notification,
    NotificationChannel,
    Panel,
    ReportSection,
    Request,
    Response,
    Route,
    State,
    fact,
    hookimpl,
)

BUILDOPT_API = 1
HOUR_NS = 3_600 * 10**9
greeting = "runs"


class Counter:
    """Says how many runs of a task there were, and after an hour without one that it is still."""

    name = "sample-counter"
    version = "1.2"
    types = ("buildopt.run.finished",)
    state_version = 1

    def migrate(self, state: State) -> None:
        state.execute("CREATE TABLE runs(task TEXT PRIMARY KEY, count INTEGER NOT NULL)")

    def handle(self, batch: Sequence[Event], state: State) -> Iterable[Event]:
        for event in batch:
            task = event.data["task"]
            ((count,),) = state.execute(
                "INSERT INTO runs VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1 "
                "RETURNING count",
                (task,),
            )
            state.set("last", event.time_ns)
            state.wake_at(event.time_ns + HOUR_NS)
            data = {"task": task, "count": count}
            yield fact("buildopt.sample.counted", data, time_ns=event.time_ns, of=event)

    def tick(self, now_ns: int, state: State) -> Iterable[Event]:
        if now_ns == state.get("last") + HOUR_NS:
            yield fact("buildopt.sample.still", {}, time_ns=now_ns)


class Source:
    """A metric that is always the same."""

    name = "sample"
    interval_s = 5.0

    def sample(self, now_ns: int) -> Iterable[Measurement]:
        return [Measurement("sample.answer", 42.0, "1", {"of": greeting})]


class Judge:
    """Finds every value above ten."""

    name = "above-ten"

    def detect(
        self, metric: str, times_s: Sequence[float], values: Sequence[float]
    ) -> Iterable[Finding]:
        return [Finding("high", i, metric) for i, value in enumerate(values) if value > 10]


class Channel:
    """Refuses everything, with a reason."""

    name = "sample-refusal"

    def send(self, notification: Notification) -> Delivery:
        return Delivery("refused", f"not for {notification.title}")


class Section:
    """How many events a run had."""

    name = "sample"
    title = "Sample"

    def rows(self, events: Sequence[Event]) -> Iterable[tuple[str, str]]:
        return [("events", str(len(events)))]


class Check:
    """All is well."""

    name = "sample"
    interval_s = 60.0

    def check(self, now_ns: int) -> HealthState:
        return HealthState("pass", "counting", 1.0)


def answer(request: Request) -> Response:
    body = {"hello": request.parameters["who"], "sent": request.body.decode()}
    return Response(200, json.dumps(body).encode())


@hookimpl
def configure(options: Mapping[str, Any]) -> None:
    global greeting
    greeting = options.get("greeting", greeting)


@hookimpl
def consumers() -> Iterable[Consumer]:
    return [Counter()]


@hookimpl
def metric_sources() -> Iterable[MetricSource]:
    return [Source()]


@hookimpl
def detectors() -> Iterable[Detector]:
    return [Judge()]


@hookimpl
def alert_rules() -> Iterable[Mapping[str, Any]]:
    return [{"id": "sample-still", "signal": {"event": "buildopt.sample.still"}}]


@hookimpl
def notification_channels() -> Iterable[NotificationChannel]:
    return [Channel()]


@hookimpl
def dashboard_panels() -> Iterable[Panel]:
    return [Panel("sample", "Sample", "number", metrics=("sample.answer",))]


@hookimpl
def http_routes() -> Iterable[Route]:
    return [Route("POST", "/api/v1/sample/{who}", answer)]


@hookimpl
def report_sections() -> Iterable[ReportSection]:
    return [Section()]


@hookimpl
def health_checks() -> Iterable[HealthCheck]:
    return [Check()]


@click.command("sample-counter")
def command() -> None:
    """Say hello from a plugin."""
    click.echo("hello from a plugin")
