"""A month of builds of many projects: how many of the findings that notify a person are false?

    python benchmarks/baseline_month.py [--seed 1 …] [--projects 90] [--days 30] [--jobs 2]
    python benchmarks/baseline_month.py --seed 7 8 --only busy --show   each false one, to look at

For each scenario so many projects, each with 8 to 20 builds a day at working hours. All are noisy
by 1 to 6 %, and a third of all projects really becomes slower once or twice, by 8 to 50 %; of
these, half are mended days later. The scenarios add what is no reason to tell anybody.
A notification is a group of findings that are confirmed to be worse, which is what the preset
`regression` tells; it is false where no real step lies within 10 builds, of the same kind, of the
one that it names. The share of false ones comes with Wilson's interval of 95 %. The delay of a
real step is how many builds of its kind came after its first until somebody was told. Several seeds
are as many months, summed.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from random import Random
from statistics import median
from typing import Any, NamedTuple

from baseline_cost import learner

from buildopt.events import Event
from buildopt.monitor.hookspecs import fact
from monitor_plugins.baseline.ratios import wilson_bounds

START_S = 1_791_763_200  # a Monday two weeks before the clocks of Europe go back
DAY_S, HOUR_S = 86_400, 3_600
DST_DAY = 13
NEAR_BUILDS = 10


class Build(NamedTuple):
    """One build of a project, before it becomes an event."""

    at_s: float
    day: int
    value_s: float
    data: dict[str, Any]  # Any: JSON
    machine: str = "linux-8"


class Month(NamedTuple):
    """What happened in one project, and with which builds it really became slower."""

    builds: tuple[Build, ...]
    steps: tuple[int, ...]


Change = Callable[[Random, int, Sequence[Build]], list[Build]]


def month(random: Random, days: int, change: Change, *, is_slower: bool) -> Month:
    """One project's builds, with the scenario's change."""
    level, noise = random.uniform(5, 120), random.uniform(0.01, 0.06)
    builds = []
    for day in (d for d in range(days) if d % 7 < 5):
        times = sorted(random.uniform(8, 18) for _ in range(random.randint(8, 20)))
        for hour in times:
            at_s = START_S + day * DAY_S + hour * HOUR_S
            builds.append(Build(at_s, day, level * math.exp(random.gauss(0, noise)), {}))
    places = steps_of(random, len(builds)) if is_slower else ()
    factor, slower = 1.0, []
    for n, build in enumerate(builds):
        for place, size in places:
            factor *= size if n == place else 1.0
        slower.append(build._replace(value_s=build.value_s * factor))
    worse = tuple(place for place, size in places if size > 1)
    return Month(tuple(change(random, days, slower)), worse)


def steps_of(random: Random, count: int) -> tuple[tuple[int, float], ...]:
    """A step that is mended, one that stays, or two."""
    first = random.randint(40, count // 2)
    size = 1 + random.choice((0.08, 0.12, 0.2, 0.35, 0.5))
    second = random.randint(first + 40, count - 20)
    other = random.choice((1 / size, 1.0, 1.15))
    return ((first, size), *(((second, other),) if other != 1.0 else ()))


def plain(_random: Random, _days: int, builds: Sequence[Build]) -> list[Build]:
    """Good builds."""
    return list(builds)


def wild(random: Random, _days: int, builds: Sequence[Build]) -> list[Build]:
    """One build in fifteen takes up to twice as long."""
    return [
        b._replace(value_s=b.value_s * (random.uniform(1.1, 2) if random.random() < 1 / 15 else 1))
        for b in builds
    ]


def busy(random: Random, _days: int, builds: Sequence[Build]) -> list[Build]:
    """Twice a week another program slows two to five builds in a row by 20 to 80 %."""
    made, left, factor = [], 0, 1.0
    for build in builds:
        if left == 0 and random.random() < 1 / 35:
            left, factor = random.randint(2, 5), random.uniform(1.2, 1.8)
        made.append(build._replace(value_s=build.value_s * (factor if left else 1)))
        left = max(0, left - 1)
    return made


def drift(_random: Random, days: int, builds: Sequence[Build]) -> list[Build]:
    """The project grows: 3 % in a month."""
    return [b._replace(value_s=b.value_s * (1 + 0.03 * b.day / days)) for b in builds]


def new_machine(random: Random, days: int, builds: Sequence[Build]) -> list[Build]:
    """In the middle of the month another class of machines takes over, half as fast."""
    day = days // 2 + random.randint(-3, 3)
    return [
        b._replace(value_s=b.value_s * 2, machine="linux-4") if b.day >= day else b for b in builds
    ]


def daily(_random: Random, _days: int, builds: Sequence[Build]) -> list[Build]:
    """Afternoons are 6 % slower, and on one Sunday the clocks go back by an hour."""
    made = []
    for build in builds:
        shift_s = HOUR_S if build.day >= DST_DAY else 0
        factor = 1.06 if (build.at_s - START_S) % DAY_S > 13 * HOUR_S else 1.0
        made.append(build._replace(value_s=build.value_s * factor, at_s=build.at_s + shift_s))
    return made


def hits(random: Random, _days: int, builds: Sequence[Build]) -> list[Build]:
    """Three of four builds are answered from the cache, and on other branches many more."""
    made = []
    for build in builds:
        is_hit = random.random() < 0.75
        data = {"outcome": random.choice(("fresh", "restored"))} if is_hit else {}
        branch = {"branch": "topic"} if random.random() < 0.3 else {}
        value_s = random.uniform(0.02, 0.03) if is_hit else build.value_s
        made.append(build._replace(value_s=value_s, data={**data, **branch}))
    return made


def failing(random: Random, _days: int, builds: Sequence[Build]) -> list[Build]:
    """One build in ten fails early, one in forty has no duration."""
    made = []
    for build in builds:
        fails = random.random() < 0.1
        value_s = build.value_s * 0.3 if fails else build.value_s
        value_s = math.nan if random.random() < 1 / 40 else value_s
        made.append(build._replace(value_s=value_s, data={"exit_code": int(fails)}))
    return made


SCENARIOS = (plain, wild, busy, drift, new_machine, daily, hits, failing)


def event(number: int, build: Build, project: str) -> Event:
    """The event at the end of a build."""
    data = {
        "task": "build", "project": project, "outcome": "executed", "exit_code": 0,
        "branch": "main", "duration_s": build.value_s, "commit": f"{number:040x}", **build.data,
    }  # fmt: skip
    made = fact("buildopt.run.finished", data, time_ns=int(build.at_s * 1e9), run=f"{number}")
    return Event(
        id=f"{project}-{number}", time_ns=made.time_ns, mono_ns=0, type=made.type, source="/h/p/1",
        n=number, run=made.run, machine=build.machine, data=data,
    )  # fmt: skip


class Told(NamedTuple):
    """What a person was notified of in one project's month."""

    true: int
    missed: int
    builds: int
    delays: tuple[int, ...]
    """Builds until each real step was told."""
    false: tuple[str, ...]
    """What each false one looks like."""


def judge(one: Month, project: str) -> Told:
    """Have the plugin take the month, and hold what it tells against what happened."""
    events = [event(n, build, project) for n, build in enumerate(one.builds)]
    with learner() as consumer:
        told = consumer.told(events)
    groups: dict[str, Event] = {}
    for each in told:
        if each.type == "buildopt.baseline.confirmed" and each.data["direction"] == "worse":
            groups.setdefault(each.data["group"], each)
    false, delays = [], dict[int, int]()
    for each in groups.values():
        at = int(each.data["since_run"])
        near = [step for step in one.steps if is_near(one, at, step)]
        for step in near:
            delays.setdefault(step, kin_between(one, at, (step, int(each.run))))
        if not near:
            false.append(picture(one, project, at, each))
    missed = len(one.steps) - len(delays)
    true = len(groups) - len(false)
    return Told(true, missed, len(events), tuple(delays.values()), tuple(false))


def is_near(one: Month, at: int, step: int) -> bool:
    """Whether few builds of the same kind as `at` lie between it and a step."""
    return kin_between(one, at, (at, step)) <= NEAR_BUILDS


def kin_between(one: Month, at: int, ends: tuple[int, int]) -> int:
    """Builds of the same kind as `at` from the one end to before the other."""
    between = one.builds[min(ends) : max(ends)]
    return sum(build.data == one.builds[at].data for build in between)


def picture(one: Month, project: str, at: int, told: Event) -> str:
    """What was told, and the builds around it as percent of the level before."""
    level = told.data["before"]
    kin = [n for n, build in enumerate(one.builds) if build.data == one.builds[at].data]
    place = kin.index(at)
    around = kin[max(0, place - 15) : place + told.data["builds_after"] + 3]
    shares = [f"{'|' if n == at else ''}{100 * one.builds[n].value_s / level:.0f}" for n in around]
    usual = median(one.builds[n].value_s for n in kin[:place] or kin) / level
    noise = f"{told.data['noise']:.1%}" if "noise" in told.data else "of a share"
    return (
        f"{project}: build {at}, {told.data['effect']:+.1%} "
        f"after {told.data['builds_after']} builds "
        f"(noise {noise}, usual {usual:.0%}, steps {one.steps}): " + " ".join(shares)
    )


def judge_one(days: int, change: Change, case: tuple[int, int]) -> Told:
    """One project of a scenario, by seed and number; every third becomes slower."""
    seed, number = case
    name = f"{change.__name__}-{number}"
    random = Random(f"{seed} {name}")
    return judge(month(random, days, change, is_slower=number % 3 == 2), name)


def main() -> None:
    """Judge all, and print the sums."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, nargs="+", default=[1], help="a month each")
    parser.add_argument("--projects", type=int, default=90, help="of each scenario")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--only", default="", help="one scenario: plain, wild, busy, …")
    parser.add_argument("--show", action="store_true", help="print what was told falsely")
    chosen = parser.parse_args()
    print("| scenario | builds | real steps told | not told | delay (builds) | false |")
    print("| --- | --- | --- | --- | --- | --- |")
    everything: list[Told] = []
    with ProcessPoolExecutor(chosen.jobs) as pool:
        for change in (one for one in SCENARIOS if one.__name__.startswith(chosen.only)):
            judge_project = partial(judge_one, chosen.days, change)
            cases = product(chosen.seed, range(chosen.projects))
            here = list(pool.map(judge_project, cases))
            everything += here
            print(row(change.__doc__ or "", here), flush=True)
    print(row("all", everything))
    false = [one for told in everything for one in told.false]
    print(f"\n{said(len(false), sum(told.true for told in everything) + len(false))},")
    print(f"{1000 * len(false) / sum(told.builds for told in everything):.2f} in 1,000 builds")
    print("\n".join(false) if chosen.show else "")


def said(false: int, told: int) -> str:
    """The share of false notifications, and between which bounds the true share lies."""
    bounds = wilson_bounds(false, told, deviate=TWO_SIDED)
    share = 100 * false / max(1, told)
    return (
        f"{told} notifications, {false} false: {share:.1f} % "
        f"({100 * bounds.lower:.1f} to {100 * bounds.upper:.1f} %)"
    )


TWO_SIDED = 1.96
"""Standard normal deviate of 95 %, as much on either side."""


def row(name: str, told: Sequence[Told]) -> str:
    """A line of the table."""
    delays = [delay for one in told for delay in one.delays]
    cells = (
        name,
        f"{sum(one.builds for one in told):,}",
        str(sum(one.true for one in told)),
        str(sum(one.missed for one in told)),
        f"{median(delays):.3g}" if delays else "–",
        str(sum(len(one.false) for one in told)),
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
