"""The API as its document says: every path, its problems, pages, tags and filters."""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import jsonschema
import pytest

from monitor_plugins.dashboard.endpoints import ENDPOINTS
from tests.unit.dashboard.conftest import HOSTILE, NS, RUNS, TOKEN, ask, serving

DOCS = Path(__file__).parents[3] / "docs/dashboard.md"
KNOWN = {"run": "run-3", "incident": "3f2a", "metric": "system.cpu.utilization"}


@pytest.fixture(scope="module")
def document(server):
    return ask(server, "/api/v1/openapi.json").json


def schema_of(document, path, method="get", status="200"):
    content = document["paths"][path][method]["responses"][status]["content"]
    return {**content["application/json"]["schema"], "components": document["components"]}


GETS = [e for e in ENDPOINTS if e.method == "GET" and e.form in ("object", "list")]


@pytest.mark.parametrize("endpoint", GETS, ids=lambda e: e.path)
def test_an_answer_is_as_the_document_says(server, document, endpoint):
    path = endpoint.path
    for name, value in KNOWN.items():
        path = path.replace(f"{{{name}}}", value)
    needed = [p.name for p in endpoint.parameters if p.is_required and not p.is_path]
    query = "&".join(f"{name}={KNOWN[name]}" for name in needed)

    answer = ask(server, f"{path}?{query}" if query else path)

    assert answer.status == 200, answer.body
    jsonschema.validate(answer.json, schema_of(document, endpoint.path))


def test_there_is_something_in_each_list(server):
    empty = [
        e.path
        for e in GETS
        if e.form == "list" and not ask(server, e.path.replace("{run}", "run-3")).json["items"]
    ]

    assert empty == ["/api/v1/silences", "/api/v1/plugins"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/runs?colour=red", 400),
        ("/api/v1/runs?limit=0", 400),
        ("/api/v1/runs?limit=1e3", 400),
        ("/api/v1/runs?outcome=perhaps", 400),
        ("/api/v1/runs?cursor=nothing", 400),
        ("/api/v1/runs?cursor=99999999999999999999999~x", 400),
        ("/api/v1/runs?from=yesterday", 400),
        ("/api/v1/runs?from=now&to=1h", 400),
        ("/api/v1/alerts?from=1h&to=2h", 400),
        ("/api/v1/events?after=nowhere", 400),
        ("/api/v1/query_range", 400),
        ("/api/v1/query_range?metric=system.cpu.utilization&from=2h&to=3h", 400),
        ("/api/v1/query_range?metric=never.measured", 404),
        ("/api/v1/percentiles?metric=system.cpu.utilization&q=2", 400),
        ("/api/v1/runs/none", 404),
        ("/api/v1/bundles/none", 404),
        ("/api/v1/blobs/..%2F..%2Fmonitor.token", 404),
        ("/api/v1/alerts/none", 404),
        ("/api/v1/nowhere", 404),
        ("/dashboard/..%2Fplugin.py", 404),
        ("/dashboard/plugin.py", 404),
        ("/assets/..%2Fpage.py", 404),
    ],
)
def test_what_cannot_be_answered_is_a_problem_with_a_title(server, path, status):
    answer = ask(server, path)

    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["title"]


def test_pages_go_through_everything_once(server):
    seen, cursor = [], ""
    while cursor is not None:
        page = ask(server, f"/api/v1/runs?limit=3&cursor={quote(cursor)}").json
        seen += [row["run"] for row in page["items"]]
        cursor = page["next"]

    assert seen == ["run-hostile", *(f"run-{n}" for n in reversed(range(RUNS)))]


@pytest.mark.parametrize("path", ["alerts", "changes"])
def test_pages_of_alerts_and_findings_go_through_everything_once(place, path):
    ids = [f"one-{number}" for number in range(7)]
    for id_ in ids:
        place.tell("buildopt.alert.fired", {"incident": id_, "rule": "cpu"})
        place.tell("buildopt.baseline.confirmed", {"finding": id_, "direction": "worse"})
    place.catch_up()
    server = serving(place)
    seen, cursor = [], ""
    try:
        while cursor is not None:
            page = ask(server, f"/api/v1/{path}?limit=3&cursor={cursor}").json
            seen += [row.get("incident") or row.get("finding") for row in page["items"]]
            cursor = page["next"]
        wrong = ask(server, f"/api/v1/{path}?cursor=none-of-ours")
    finally:
        server.stop()

    assert seen == ids[::-1]
    assert wrong.status == 400


@pytest.mark.parametrize("path", ["/api/v1/runs", "/api/v1/events"])
def test_who_has_it_already_gets_no_body(server, path):
    first = ask(server, path)

    again = ask(server, path, if_none_match=first.headers["etag"])
    weak = ask(server, path, if_none_match=f'"other", W/{first.headers["etag"]}')

    assert (again.status, again.body, weak.status) == (304, b"", 304)
    assert ask(server, "/api/v1/tasks", if_none_match=first.headers["etag"]).status == 200


def test_filters_leave_out_what_is_not_asked_for(server):
    ci = ask(server, "/api/v1/runs?environment=ci").json["items"]
    nobody = ask(server, "/api/v1/runs?host=other").json["items"]
    since = ask(server, "/api/v1/runs/run-4").json["run"]["time_s"] - 1
    newer = ask(server, f"/api/v1/runs?from={since}&to=now").json["items"]

    assert {row["environment"] for row in ci} == {"ci"}
    assert len(ci) == RUNS // 2
    assert nobody == []
    assert {row["run"] for row in newer} == {"run-4", "run-5", "run-6", "run-hostile"}


def test_a_metric_is_told_in_columns_with_least_most_and_mean(server):
    told = ask(server, "/api/v1/query_range?metric=system.cpu.utilization&from=5m&points=10").json

    (series,) = told["series"]
    assert told["width_s"] == 30
    assert sum(series["count"]) == 120
    assert min(series["min"]) == 0
    assert max(series["max"]) == pytest.approx(119 / 120)
    assert all(
        low <= mean <= high
        for low, mean, high in zip(series["min"], series["mean"], series["max"], strict=True)
    )


def test_an_overview_counts_what_was_run(server):
    told = ask(server, "/api/performance/overview?from=1h").json

    assert told == ask(server, "/api/v1/query?view=overview&from=1h").json | {
        "from_s": told["from_s"], "to_s": told["to_s"],
    }  # fmt: skip
    assert (told["runs"], told["failed"], told["hit_ratio"]) == (RUNS + 1, 2, 0.0)
    assert (told["open_alerts"], told["open_findings"]) == (1, 1)


@pytest.mark.parametrize("path", ["query?view=overview", "query?view=cache", "reports/hourly"])
def test_what_a_time_comes_to_is_that_of_the_time_it_names(place, path):
    now_ns = time.time_ns()
    place.build("yesterday", at_ns=now_ns - 20 * 3_600 * NS)
    place.build("long-ago", at_ns=now_ns - 30 * 3_600 * NS)
    place.catch_up()
    server = serving(place)
    try:
        told = ask(server, f"/api/v1/{path}").json
    finally:
        server.stop()

    (hour,) = told.get("items", [told])
    assert hour.get("runs", 1) == 1
    assert hour.get("tasks", 3) == 3
    assert hour.get("stored", 1) == 1


def test_a_run_tells_its_tasks_its_processes_and_why(server):
    steps = ask(server, "/api/v1/runs/run-3/tasks").json["items"]
    processes = ask(server, "/api/v1/runs/run-3/processes").json["items"]

    assert [step["task"] for step in steps] == ["tsc", "vite"]
    assert steps[0]["miss_reasons"] == [
        {"kind": "file-changed", "subject": "src/App.tsx", "text": "`src/App.tsx` changed"}
    ]
    assert [process["pid"] for process in processes] == [10, 11, 12]


def test_a_hostile_name_is_just_a_text(server):
    (row,) = ask(server, f"/api/v1/runs?task={quote(HOSTILE)}").json["items"]

    assert row["task"] == HOSTILE


def test_whoever_takes_care_of_an_alert_writes_an_event(place):
    place.tell("buildopt.alert.fired", {"incident": "77", "rule": "cpu", "level": "warning"})
    place.catch_up()
    server = serving(place)
    try:
        done = ask(server, "/api/v1/alerts/77/ack", "POST", {"for_s": 60, "by": "me"})
        held = ask(server, "/api/v1/silences", "POST", {"match": {"rule": "cpu"}})
        (alert,) = ask(server, "/api/v1/alerts").json["items"]
        (silence,) = ask(server, "/api/v1/silences").json["items"]
        ended = ask(server, f"/api/v1/silences/{silence['id']}/end", "POST", {})
        (over,) = ask(server, "/api/v1/silences").json["items"]
        wrong = ask(server, "/api/v1/alerts/77/ack", "POST", {"for_s": -1})
        form = ask(server, "/api/v1/silences", "POST", {}, content_type="text/plain")
        foreign = ask(server, "/api/v1/silences", "POST", {}, origin="http://evil.example")
    finally:
        server.stop()

    assert [done.status, held.status, ended.status] == [202, 202, 202]
    assert (alert["acknowledged_by"], alert["state"]) == ("me", "firing")
    assert (silence["is_active"], over["is_active"]) == (True, False)
    assert [wrong.status, form.status, foreign.status] == [400, 415, 403]
    types = [row["type"] for row in place.known.events(types=("buildopt.alert.",))]
    assert types == [
        "buildopt.alert.unsilenced", "buildopt.alert.silenced", "buildopt.alert.acknowledged",
        "buildopt.alert.fired",
    ]  # fmt: skip


def test_each_path_has_an_example_in_the_documentation():
    paths = re.findall(r'"\$URL(/[^"]*)"', DOCS.read_text())
    documented = {path.partition("?")[0] for path in paths}

    missing = [e.path for e in ENDPOINTS if not any(_fits(e.path, path) for path in documented)]
    assert missing == []


def run_examples(server, folder, lines, **names):
    """Run lines of the documentation as they stand, in a shell; what went wrong."""
    told = {"url": server.url, "token": TOKEN, "pid": 1}
    (folder / "ready.json").write_text(json.dumps(told))
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", DOCS.read_text(), re.S))
    before = [line for line in blocks.splitlines() if re.match(r"URL=|TOKEN=|get\(\)", line)]
    text = "\n".join(f"{line.partition('  #')[0]} >> out || echo {n}" for n, line in lines)
    for name, value in names.items():
        text = re.sub(rf"\b{name}\b(?=[/\"])", value, text)
    script = "\n".join(before).replace("curl -s ", "curl -sS -f --max-time 20 ") + "\n" + text
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=True
    )
    numbers = set(map(int, done.stdout.split()))
    return [(line, done.stderr) for n, line in lines if n in numbers]


def examples():
    text = "\n".join(re.findall(r"```sh\n(.*?)```", DOCS.read_text(), re.S))
    return list(enumerate(re.findall(r"^get .*", text, re.M)))


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_examples_of_the_documentation_work(server, full, tmp_path):
    (bundle,) = ask(server, "/api/v1/bundles").json["items"]
    reads = [(n, line) for n, line in examples() if " -d " not in line and "/stream" not in line]

    wrong = run_examples(
        server, tmp_path, reads, RUN="run-3", INCIDENT="3f2a", DIGEST=bundle["document"]
    )

    assert len(reads) > 25
    assert wrong == []
    assert '"openapi"' in (tmp_path / "out").read_text()


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_examples_that_do_something_and_the_stream_work(place, tmp_path):
    place.tell("buildopt.alert.fired", {"incident": "77", "rule": "cpu", "level": "warning"})
    place.catch_up()
    server = serving(place)
    held = {"match": {"rule": "cpu"}}
    try:
        id_ = ask(server, "/api/v1/silences", "POST", held).json["id"]
        writes = [(n, line) for n, line in examples() if " -d " in line]
        wrong = run_examples(server, tmp_path, writes, INCIDENT="77", ID=id_)
        stream = [(n, f"{line.partition('  #')[0]} -m 1") for n, line in examples() if "-N" in line]
        ended = run_examples(server, tmp_path, stream)
    finally:
        server.stop()

    assert (len(writes), wrong) == (3, [])
    assert [told.count("timed out") for _, told in ended] == [1]
    assert "retry: 1000" in (tmp_path / "out").read_text()


def _fits(template, path):
    return re.fullmatch(re.sub(r"\{[a-z]+\}", "[^/]+", template), path)
