"""The machine in the time of a run, where a monitor measured it."""

import json

import pytest

from buildopt.report.gathered import gather
from buildopt.report.html import page_of
from buildopt.report.present import Present
from buildopt.report.system import OWN_MEMORY
from buildopt.report.view import view_from
from tests.unit.report.conftest import MINUTE_NS, START_NS
from tests.unit.report.test_details import process
from tests.unit.report.test_html import Page

END_MS = (START_NS + MINUTE_NS) // 1_000_000
"""Of the run, which is the second thing that is told."""


def each_second(*values, until_ms=END_MS):
    """Samples a second apart, of which the last is at the end of the first run."""
    return [(until_ms - 1000 * (len(values) - 1 - n), value) for n, value in enumerate(values)]


MEASURED = {
    "system.cpu.utilization": each_second(0.2, 0.8, 0.8, 0.6),
    "system.memory.usage": each_second(3e9, 3e9, 5e9, 3e9),
    "system.memory.limit": each_second(8e9, 8e9, 8e9, 8e9),
    "system.disk.io{disk.io.direction=read}": each_second(9e9, 1e6, 2e6, 3e6),
    "system.network.io{network.io.direction=receive}": each_second(0, 0, 0, 0),
    "cicd.pipeline.run.active": each_second(1, 1, 1, until_ms=END_MS - 200),
    OWN_MEMORY: each_second(1e6, 4e8, 2e8, until_ms=END_MS - 200),
    "process.disk.io{disk.io.direction=read}": each_second(0, 1e6, 2e6, until_ms=END_MS - 200),
}
RAN = {"duration_s": 3.0, "cpu_s": 3.0, "observer": "seccomp"}
PROCESSES = json.dumps([process(1, "make", 0.0, 2.9, 3.0)]).encode()
MACHINE = b'{"processors": 2}'


class Monitor:
    """Gives what was measured, and keeps what it was asked for."""

    def __init__(self, measured=MEASURED):
        self.measured, self.asked = measured, []

    def view(self, story, run_id="run"):
        present = Present(samples=self)
        return view_from(gather(story.newest_first, run_id), story.blob, present)

    def __call__(self, span, names):
        self.asked.append(span)
        return {name: rows for name, rows in self.measured.items() if name in names}


def ran(story, **values):
    """A run of three seconds on two processors, a measured one at each of four."""
    story.finished("build", processes=PROCESSES, machine=MACHINE)
    story.ran(**{**RAN, **values})


def figures_of(view):
    return {each.name: each for each in view.details.system.figures}


def test_the_machine_is_told_beside_what_the_run_took(story):
    ran(story)

    view = Monitor().view(story)

    processors, memory, read = (
        figures_of(view)[name] for name in ("Processors", "Memory", "Read from disks")
    )
    assert view.details.system.samples == 4
    assert round(view.details.system.others, 3) == 0.1
    assert (round(processors.mean, 3), processors.most) == (0.6, 0.8)
    assert processors.by_run == 0.5
    assert (memory.most, memory.limit, memory.by_run) == (5e9, 8e9, 4e8)
    assert (read.total_bytes, read.mean, read.most, read.by_run) == (6e6, 2e6, 3e6, 3e6)
    assert read.values == (1e6, 2e6, 3e6)
    assert "Written to disks" not in figures_of(view)


@pytest.mark.parametrize(
    ("values", "builds"), [({}, (1, 2, 1)), ({"observer": "declared"}, (1, 1, 1))]
)
def test_what_another_build_may_have_taken_is_not_this_ones(story, values, builds):
    ran(story, **values)
    active = each_second(*builds, until_ms=END_MS - 200)

    figures = figures_of(Monitor({**MEASURED, "cicd.pipeline.run.active": active}).view(story))

    assert figures["Processors"].by_run == 0.5
    assert figures["Memory"].by_run is None
    assert figures["Read from disks"].by_run is None


def test_a_build_that_begins_while_this_one_is_stored_took_nothing_of_its(story):
    ran(story)
    later = (END_MS - 50, 6e9)

    view = Monitor({**MEASURED, OWN_MEMORY: [*MEASURED[OWN_MEMORY], later]}).view(story)

    assert figures_of(view)["Memory"].by_run == 4e8


def test_what_came_before_and_after_the_run_counts_for_nothing(story):
    ran(story)
    busy = [(END_MS - 60_000, 1.0), *MEASURED["system.cpu.utilization"], (END_MS + 1_000, 1.0)]

    view = Monitor({**MEASURED, "system.cpu.utilization": busy}).view(story)

    assert figures_of(view)["Processors"].most == 0.8


def test_an_answer_shows_the_machine_of_the_run_that_was_recorded(story):
    story.finished("build", "first", PROCESSES, machine=MACHINE)
    story.ran("first", stored=True, record="r", **RAN)
    recorded_ns = story.events[-1].time_ns
    shift_ms = recorded_ns // 10**6 - END_MS
    story.ran(outcome="fresh", record="r", duration_s=0.01)
    monitor = Monitor(
        {
            name: [(at_ms + shift_ms, value) for at_ms, value in rows]
            for name, rows in MEASURED.items()
        }
    )

    system = monitor.view(story).details.system

    assert monitor.asked[0] == ("host", recorded_ns // 10**6 - 3_000, recorded_ns // 10**6 + 1_000)
    assert system.origin.startswith("the recorded run of 20")


def test_less_than_three_measurements_say_nothing_and_the_report_says_so(story):
    ran(story)
    measured = {name: rows[:2] for name, rows in MEASURED.items()}

    details = Monitor(measured).view(story).details

    assert details.system is None
    (missing,) = (each for each in details.missing if each.section == "System")
    assert "once a second" in missing.why


def test_many_measurements_are_as_many_columns_as_a_chart_has(story):
    ran(story, duration_s=3600.0)
    many = each_second(*[0.5] * 3_599, 1.0)
    measured = dict.fromkeys(("system.cpu.utilization", "system.memory.usage"), many)

    (processors, _) = Monitor(measured).view(story).details.system.figures

    assert len(processors.values) == 120
    assert processors.values[:-1] == (0.5,) * 119
    assert processors.values[-1] > 0.5


def test_the_section_has_a_chart_and_a_row_for_each_figure(story):
    ran(story)

    found = Page(page_of(Monitor().view(story)))

    assert ("section", "id", "system") in found.attributes
    assert "The whole machine in this time, by 4 measurements of the monitor." in found.text
    assert "≈ 10 % of its processor time went to something else." in found.text
    assert "Processors up to 100 % (all there is)" in " ".join(found.text.split())
    assert "3.5 GB" in found.text
    assert "6 MB" in found.text
    assert "Received from networks up to" not in " ".join(found.text.split())
