"""`buildopt vitals` and the running monitor: who may send what, and what is told of it."""

import json
import os
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from buildopt.journal import Journal, source_of
from monitor_plugins.web.shifts import LEAST_VIEWS
from tests.e2e.test_monitor import monitor, wait_until

BEACON = {"v": 1, "page": "/", "vitals": [["LCP", 800, 800, "v6-1", "good", "navigate"]]}
REPORT = {"finalUrl": "http://localhost/", "audits": {"interactive": {"numericValue": 900}}}


def send(url, token, body):
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=20)) as connection:
        headers = {"content-type": "text/plain", "origin": "https://example.org"}
        connection.request("POST", f"/api/v1/vitals?token={token}", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def slower_page(rig):
    """Have a build make a page slower than the one before; the finding's id."""
    told = Journal(state=os.fsencode(rig.state), source=source_of("monitor"), run_id="")
    for build, level_ms in (("before", 1_000.0), ("after", 2_000.0)):
        for number in range(LEAST_VIEWS):
            data = {
                "browser.web_vital.name": "lcp", "browser.web_vital.value": level_ms + number,
                "browser.web_vital.id": f"{build}-{number}", "route": "/", "build": build,
            }  # fmt: skip
            told.emit("buildopt.web_vital", data)
    rig.call("monitor", "--until-idle", "--only", "web")
    (found,) = rig.events("buildopt.finding.confirmed")
    return found.data["finding"]


def refused(running):
    _, text = running.get("/metrics")
    found = [s for f in text_string_to_metric_families(text) for s in f.samples]
    return {s.labels["status"]: s.value for s in found if s.name == "buildopt_http_refused_total"}


def test_a_page_sends_with_the_token_of_the_tag_and_everything_else_is_refused_and_counted(rig):
    with monitor(rig) as running:
        tag = rig.call("vitals", "tag").stdout.decode()
        token = tag.split('data-token="')[1].split('"')[0]
        sound = send(running.url, token, json.dumps(BEACON))
        hostile = [
            send(running.url, "x", json.dumps(BEACON))[0],
            send(running.url, running.token, json.dumps(BEACON))[0],
            send(running.url, token, b"\xff")[0],
            send(running.url, token, b"x" * 70_000)[0],
        ]
        counted = refused(running)
        wait_until(lambda: rig.events("buildopt.web_vital"))
        read = running.get(f"/api/v1/runs?token={token}", token=token)[0]

    assert tag.startswith(f'<script src="{running.url}/api/v1/vitals.js" data-token="')
    assert sound == (204, b"")
    assert hostile == [401, 401, 400, 413]
    assert counted == {"401": 2.0, "400": 1.0, "413": 1.0}
    assert read == 401
    assert len(rig.events("buildopt.web_vital")) == 1


def test_without_a_monitor_it_says_how_to_start_one_and_takes_lighthouse_in_all_the_same(rig):
    rig.write(".lighthouseci/lhr-1.json", json.dumps(REPORT))

    tag, taken = rig.call("vitals", "tag"), rig.call("vitals", "lighthouse")
    refused = rig.call("vitals", "lighthouse", "missing.json")

    assert tag.returncode == 2
    assert b"hint: start one: `buildopt monitor`" in tag.stderr
    assert taken.stdout == b"took in 1 report\n"
    (measured,) = rig.events("buildopt.lighthouse.measured")
    assert measured.data["interactive_s"] == 0.9
    assert refused.returncode == 2
    assert b"cannot read `missing.json` as a Lighthouse report" in refused.stderr


def test_for_machines_the_parts_of_the_line_are_told(rig):
    with monitor(rig) as running:
        line = rig.call("vitals", "tag").stdout.decode()
        told = json.loads(rig.call("vitals", "tag", "--json").stdout)

        status, _ = send(running.url, told["token"], json.dumps(BEACON))

    assert told.keys() == {"schema", "tag", "url", "token"}
    assert told["schema"] == 1
    assert told["tag"] == line.rstrip("\n")
    assert told["url"] == running.url
    assert status == 204


def test_for_machines_each_report_of_lighthouse_is_told_with_its_values(rig):
    none = rig.call("vitals", "lighthouse", "--json")
    rig.write("lhr.json", json.dumps(REPORT))
    taken = rig.call("vitals", "lighthouse", "--json", "lhr.json")

    (measured,) = rig.events("buildopt.lighthouse.measured")
    assert json.loads(none.stdout) == {"schema": 1, "reports": []}
    assert json.loads(taken.stdout) == {
        "schema": 1,
        "reports": [{"path": "lhr.json", **measured.data}],
    }


def test_for_machines_a_finding_that_is_accepted_is_told(rig):
    finding = slower_page(rig)

    done = rig.call("vitals", "accept", finding, "--json")
    again = rig.call("vitals", "accept", finding, "--json")

    assert json.loads(done.stdout) == {
        "schema": 1,
        "accepted": [finding],
        "names": ["LCP p75 of /"],
    }
    assert (again.returncode, again.stdout) == (2, b"")
    assert b"no-open-finding" in again.stderr
