"""A month of two developers' machines under the presets: how many notifications are false?

    python benchmarks/alert_month.py [--seed 1] [--days 30]

Assumptions, all drawn from one seed. Weekdays of ten hours, a sample of memory, processor and load
each 10 s; memory wanders around 55 %, a build adds 15 %; rare excursions of 5 to 25 s, to 93 % at
most. Each machine builds 25 to 60 times a day for 20 s to 8 min with a full processor, three
quarters of them with five tasks of which an edit touches one or two; one build in twelve fails, and
fails up to five times in a row; one in thirty is interrupted; one in forty follows a change of the
lock file. A test server answers a request each two seconds, 0.3 % of them with 5xx, p95 about
0.4 s. Real troubles: a memory leak, a runaway process outside of builds, a slow and a failing
server, each a few times.
A notification is false if no trouble of its rule was going on in the two minutes before it.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from monitor_plugins.alert.inputs import Occurrence, Sample
from monitor_plugins.alert.place import Place
from monitor_plugins.alert.presets import PRESETS
from monitor_plugins.alert.rule_reading import read_rules
from monitor_plugins.alert.simulation import Simulation
from monitor_plugins.alert.stream import Line

DAY_S, HOUR_S, TICK_S = 86_400.0, 3600.0, 10.0
CORES = 8
GRACE_S = 120.0
BEGINNINGS = frozenset({"fired", "reopened", "raised", "flapping", "escalated", "repeat"})


class Trouble(NamedTuple):
    """Something that is really wrong, and the rules that may tell of it."""

    rules: tuple[str, ...]
    start_s: float
    end_s: float


class Build(NamedTuple):
    """One run of a build."""

    start_s: float
    end_s: float
    fails: str
    interrupted: bool
    is_cold: bool
    has_tasks: bool


def troubles_of(random: Random, days: int) -> list[Trouble]:
    """A few of each kind, on working hours."""
    kinds = (
        (("memory", "memory-stalls"), 6, 4 * 60, 20 * 60),
        (("cpu", "load", "load-stalls"), 5, 12 * 60, 40 * 60),
        (("api-response",), 4, 5 * 60, 15 * 60),
        (("api-errors",), 4, 5 * 60, 15 * 60),
    )
    made = []
    for rules, count, shortest_s, longest_s in kinds:
        for _ in range(count):
            day = random.choice([d for d in range(days) if d % 7 < 5])
            start_s = day * DAY_S + random.uniform(8.5, 17) * HOUR_S
            made.append(Trouble(rules, start_s, start_s + random.uniform(shortest_s, longest_s)))
    return made


def builds_of(random: Random, day: int) -> list[Build]:
    """The builds of one day, one after another."""
    made: list[Build] = []
    at_s = day * DAY_S + 8 * HOUR_S + random.uniform(0, 900)
    failing, left = "", 0
    for _ in range(random.randint(25, 60)):
        at_s += random.expovariate(1 / 500) + 20
        length_s = random.choice((20, 40, 60, 90, 150)) * random.uniform(0.8, 1.25)
        if random.random() < 0.05:
            length_s = random.uniform(300, 480)
        if at_s + length_s > day * DAY_S + 18 * HOUR_S:
            break
        if left:
            left -= 1
        elif random.random() < 1 / 12:
            failing, left = f"e{random.randrange(10**6)}", random.randint(0, 4)
        else:
            failing = ""
        made.append(
            Build(at_s, at_s + length_s, failing, random.random() < 1 / 30,
                  random.random() < 1 / 40, random.random() < 0.75)
        )  # fmt: skip
        at_s += length_s
    return made


def finished(build: Build, random: Random, number: int) -> Occurrence:
    """The event at the end of a build."""
    tasks = [f"t{n}" for n in range(5)] if build.has_tasks else []
    touched = set(random.sample(tasks, random.choice((1, 1, 1, 2)))) if tasks else set()
    kind = "file-changed"
    subject = "package-lock.json" if build.is_cold else f"src/{random.randrange(40)}.ts"
    reason = [{"kind": kind, "subject": subject}]
    is_hit = not build.has_tasks and not build.fails and random.random() < 0.85
    rows = [
        {"task": name, "outcome": "executed" if name in touched or build.is_cold else "fresh",
         "exit_code": 0, "miss_reasons": reason if name in touched or build.is_cold else []}
        for name in tasks
    ]  # fmt: skip
    data = {
        "task": "build", "project": "web" if tasks else "tool",
        "duration_s": build.end_s - build.start_s,
        "outcome": "fresh" if is_hit else "executed", "exit_code": 1 if build.fails else 0,
        "fingerprint": build.fails, "miss_reasons": [] if is_hit else reason, "tasks": rows,
    }  # fmt: skip
    if build.interrupted:
        data |= {"signal": 2, "exit_code": None}
    return Occurrence("buildopt.run.finished", data, f"b{number}", run=f"b{number}")


def really_ran(end: Occurrence) -> tuple[Occurrence, ...]:
    """The event of a task that was not answered."""
    if end.data["outcome"] != "executed" or any(one["exit_code"] for one in end.data["tasks"]):
        return ()
    data = {name: value for name, value in end.data.items() if name != "tasks"}
    return (end._replace(type="buildopt.task.finished", data=data),)


def day_of(
    random: Random, day: int, troubles: list[Trouble], truths: list[Trouble]
) -> Iterator[Line]:
    """All lines of one working day, in order; `truths` gets the failing builds."""
    builds = builds_of(random, day)
    lines: list[Line] = []
    for number, build in enumerate(builds):
        run = f"b{day}-{number}"
        end = finished(build, random, number)._replace(run=run, id=run)
        began = {name: end.data[name] for name in ("task", "project")}
        lines.append(Line(build.start_s, (Occurrence("buildopt.cache.lookup", began, run=run),)))
        lines.append(Line(build.end_s, (*really_ran(end), end)))
        if build.fails and not build.interrupted:
            truths.append(Trouble(("build-failure",), build.end_s, build.end_s))
    memory, end_s = 0.55, day * DAY_S + 18 * HOUR_S
    at_s, spike_until_s, place = day * DAY_S + 8 * HOUR_S, 0.0, 0
    while at_s < end_s:
        while place < len(builds) and builds[place].end_s < at_s:
            place += 1
        is_building = place < len(builds) and builds[place].start_s <= at_s
        active = {rule for one in troubles if one.start_s <= at_s < one.end_s for rule in one.rules}
        memory += (0.55 - memory) * 0.01 + random.gauss(0, 0.006)
        if random.random() < 1 / 1500:
            spike_until_s = at_s + random.uniform(5, 25)
        used = min(0.93, memory + 0.15 * is_building + 0.4 * (at_s < spike_until_s))
        used = 0.97 if "memory" in active else used
        cpu = random.uniform(0.9, 1.0) if is_building else max(0.02, random.gauss(0.2, 0.12))
        cpu = 0.97 if "cpu" in active else cpu
        load = (1.6 if is_building else 0.4) + random.gauss(0, 0.15) + 1.2 * ("load" in active)
        lines.append(
            Line(at_s, (
                Sample("system.memory.utilization", min(0.99, max(0.1, used))),
                Sample("system.cpu.utilization", min(1.0, cpu)),
                Sample("buildopt.load_per_core", max(0.0, load)),
            ))
        )  # fmt: skip
        for _ in range(random.randint(4, 8)):
            status = 500 if random.random() < (0.3 if "api-errors" in active else 0.003) else 200
            took_s = random.lognormvariate(-2.3, 0.8) * (12 if "api-response" in active else 1)
            labels = {"http.response.status_code": str(status)}
            lines.append(
                Line(
                    at_s + random.uniform(0, 9.9),
                    (Sample("http.server.request.duration", took_s, labels),),
                )
            )
        at_s += TICK_S
    lines.sort(key=lambda line: line.t)
    yield from lines


def machine(seed: int, days: int) -> tuple[Counter[str], int, Counter[str]]:
    """Notifications by rule and kind, how many of them are false, what was not told."""
    random = Random(seed)
    troubles = troubles_of(random, days)
    truths = list(troubles)
    rules = read_rules({}, place=Place("presets"), presets=PRESETS)
    run = Simulation(rules=rules, random=random)
    lines = (
        line for day in range(days) if day % 7 < 5 for line in day_of(random, day, troubles, truths)
    )
    told: Counter[str] = Counter()
    false: list[str] = []
    kept: Counter[str] = Counter()
    for message in run.run(lines):
        lead = message.lead
        told[f"{lead['rule']} {lead['kind']}"] += 1
        kept["told in a message of several"] += len(message.entries) - 1
        kept["came and went before anybody was told"] += message.came_and_went
        if lead["kind"] not in BEGINNINGS:
            kept["further failures of the same kind"] += max(0, lead.get("occurrences", 1) - 1)
        elif not any(
            lead["rule"] in one.rules and one.start_s - 1 <= message.steady_s <= one.end_s + GRACE_S
            for one in truths
        ):
            false.append(
                f"{lead['rule']} {lead['kind']} at {message.steady_s:.0f} s: {lead['value']}"
            )
    for text in false:
        print("  false:", text)
    missed = [
        one for one in troubles
        if not any(
            entry["rule"] in one.rules and one.start_s <= m.steady_s <= one.end_s + GRACE_S
            for m in run.messages for entry in m.entries
        )
    ]  # fmt: skip
    kept["real troubles that nobody was told of"] = len(missed)
    for one in missed:
        print("  missed:", one.rules[0], f"{one.end_s - one.start_s:.0f} s")
    kept["transitions that were not told"] = len(run.history) - sum(told.values())
    return told, len(false), kept


def main() -> None:
    """Both machines, and the sums."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=30)
    chosen = parser.parse_args()
    told: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    false = 0
    for number in range(2):
        print(f"machine {number + 1}, seed {chosen.seed * 1000 + number}")
        here, wrong, rest = machine(chosen.seed * 1000 + number, chosen.days)
        told, false, kept = told + here, false + wrong, kept + rest
    total = sum(told.values())
    for name, count in sorted(told.items()):
        print(f"{count:6}  {name}")
    print(f"{total} notifications, {false} false ({100 * false / max(1, total):.2f} %)")
    for name, count in sorted(kept.items()):
        print(f"{count:6}  {name}")


if __name__ == "__main__":
    main()
