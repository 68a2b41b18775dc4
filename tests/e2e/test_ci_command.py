"""`buildopt integrations ci` as a CI job calls it."""

import json

import junitparser
import pytest


@pytest.fixture
def built(rig):
    """A project with a hit behind a real run."""
    rig.script("build.sh", "cat a.txt > out.txt\n")
    rig.write("a.txt", "a\n")
    for _ in range(2):
        rig.run("--input", "*.txt", "--output", "out.txt", "--", "./build.sh")
    return rig


def test_github_gets_summary_outputs_and_annotations_of_the_last_run(built):
    summary, outputs = built.write("summary.md", "before\n"), built.write("outputs.txt", "x=1\n")
    built.environ |= {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_OUTPUT": str(outputs),
    }

    done = built.call("integrations", "ci")

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"::group::buildopt: what ran, and why\n")
    assert summary.read_text().startswith("before\n# buildopt\n\n## ")
    lines = outputs.read_text().splitlines()
    assert lines[:2] == ["x=1", "cache-hit=true"]


def test_gitlab_gets_all_runs_since_the_job_began(built):
    built.environ |= {"GITLAB_CI": "true", "CI_JOB_STARTED_AT": "2020-01-01T00:00:00Z"}

    done = built.call("integrations", "ci")

    assert done.returncode == 0, done.stderr
    assert b"wrote buildopt-junit.xml" in done.stderr
    suites = list(junitparser.JUnitXml.fromfile(str(built.root / "buildopt-junit.xml")))
    assert len(suites) == 2
    assert built.read("buildopt-metrics.txt").endswith(b"# EOF\n")


def test_a_job_whose_build_never_began_is_told_so_and_does_not_fail_again(rig):
    rig.environ["TF_BUILD"] = "True"

    done = rig.call("integrations", "ci")

    assert done.returncode == 0
    assert "No run of this project is recorded." in rig.read("buildopt-summary.md").decode()


def test_places_are_those_of_the_repository_where_the_project_is_a_folder_of_it(built):
    (built.place / ".git").mkdir()
    (built.root / "buildopt.toml").write_text("")
    document = {
        "kind": "bundle", "output": "dist", "files": [],
        "findings": [{"kind": "duplicate", "subject": "a", "message": "m", "fix": "f", "bytes": 1}],
    }  # fmt: skip
    built.write("found.json", json.dumps(document))

    log = json.loads(built.call("integrations", "ci", "sarif", "--found", "found.json").stdout)

    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "project/package.json"


def test_a_file_that_holds_no_findings_is_named(built):
    built.write("found.json", "[]")

    done = built.call("integrations", "ci", "sarif", "--found", "found.json")

    assert done.returncode == 2
    assert b"cannot read `found.json`: no document of `check` or `bundle`" in done.stderr
