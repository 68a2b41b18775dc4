"""What the same events always give, as files; `BUILDOPT_GOLDEN=write pytest …` renews them."""

import json
import os
from pathlib import Path

import pytest

from buildopt.input_table import encode
from buildopt.model import MissReason, Observation
from buildopt.report.chrome_trace import trace_of
from buildopt.report.comparison import compare
from buildopt.report.gathered import gather
from buildopt.report.markdown import markdown_of
from buildopt.report.markdown_more import markdown_of_comparison, markdown_of_period
from buildopt.report.period import period_of
from buildopt.report.plain import data_of
from buildopt.report.processes import processes_of
from buildopt.report.view import view_from
from tests.unit.report.conftest import START_NS

GOLDEN = Path(__file__).parent / "golden"
DAY_NS = 86_400 * 10**9
DIGESTS = {letter: letter * 32 + "+644" for letter in "ab"}


def tables(**values):
    rows = [
        Observation(kind="file", subject=f"/p/{name.replace('_', '.')}", value=DIGESTS[value])
        for name, value in values.items()
    ]
    rows.append(Observation(kind="tool", subject="/usr/bin/node", value=DIGESTS["a"]))
    rows.append(Observation(kind="environment", subject="NODE_ENV", value="ff"))
    encoded = encode(rows, "/p", home="/home/u", size_of=lambda path: len(path) * 1_000)
    return tuple(json.dumps(table).encode() for table in encoded)


def processes(vite_s):
    rows = [
        (1, 0, ["npm", "run", "build"], 0.0, vite_s + 0.5, 0.2),
        (2, 1, ["sh", "-c", "vite build"], 0.3, vite_s + 0.4, 0.0),
        (3, 2, ["node", "/p/node_modules/.bin/vite", "build"], 0.3, vite_s + 0.3, vite_s),
    ]
    names = ("pid", "parent_pid", "command", "start_s", "end_s", "cpu_s")
    more = {"peak_memory_bytes": 50_000_000, "exit_code": 0}
    return json.dumps([dict(zip(names, row, strict=True)) | more for row in rows]).encode()


@pytest.fixture
def told(story):
    """A first run, an answer, and a run after an edit that took longer."""
    machine = json.dumps({"processors": 2, "memory_bytes": 8_000_000_000, "file_system": "ext4"})
    first = MissReason(kind="no-record", subject="task")
    edit = MissReason(kind="file-changed", subject="main.js", before="aaaa", after="bbbb")
    for run_id, value, vite_s, reason in (("one", "a", 1.5, first), ("three", "b", 2.5, edit)):
        story.missed("main.js", run_id=run_id) if reason is edit else None
        story.stored(
            ("dist/app.js", "file", 184_212 + len(run_id)), run_id=run_id, record=run_id,
            content=run_id, bytes_added=90_000, duration_s=0.02,
        )  # fmt: skip
        story.finished(
            "build", run_id, processes(vite_s), tables(main_js=value, index_html="a"),
            machine.encode(),
        )  # fmt: skip
        story.ran(
            run_id, command=("npm", "run", "build"), duration_s=vite_s + 0.6, lookup_s=0.01,
            stored=True, record=run_id, miss_reasons=(reason,), cpu_s=vite_s + 0.2,
            peak_memory_bytes=50_000_000,
        )  # fmt: skip
        if run_id == "one":
            story.ran("two", outcome="fresh", record="one", duration_s=0.003, time_saved_s=2.097)
    return story


def gathered(told, run_id):
    return gather(told.newest_first, run_id)


def view(told, run_id="three"):
    return view_from(gathered(told, run_id), told.blob)


def check(name, text):
    path = GOLDEN / name
    if os.environ.get("BUILDOPT_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text()


def as_json(record):
    return json.dumps(data_of(record), indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("run_id", ["one", "two", "three"])
def test_a_run_is_told_as_before(told, run_id):
    found = view(told, run_id)

    check(f"{run_id}.md", markdown_of(found))
    check(f"{run_id}.json", as_json(found))


def test_two_runs_are_compared_as_before(told):
    found = compare(gathered(told, "one"), gathered(told, "three"), told.blob)

    check("compared.md", markdown_of_comparison(found))


def test_a_time_is_told_as_before(told):
    period = period_of(told.events, (START_NS - DAY_NS, START_NS + DAY_NS), "project")

    check("period.md", markdown_of_period(period))
    check("period.json", as_json(period))


def test_a_trace_is_as_before(told):
    found = gathered(told, "three")
    tasks, shown = found.tasks_shown()

    trace = trace_of(view(told), processes_of(shown, tasks, told.blob)[0])

    whole = json.loads(trace)
    whole["traceEvents"] = [each for each in whole["traceEvents"] if each["ph"] != "C"]
    check("trace.json", json.dumps(whole, indent=1) + "\n")
