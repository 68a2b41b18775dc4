"""What each CI system is given, and where."""

from buildopt.integrations.ci.delivery import deliveries, system_of


def given(environ):
    return [(each.form, each.file, each.appends) for each in deliveries(environ, "/w")]


def test_a_system_is_known_by_its_variable():
    assert system_of({"CI": "true", "GITLAB_CI": "true"}) == "gitlab"
    assert system_of({"CI": "true", "JENKINS_URL": "x"}) == "other"


def test_github_names_its_files_and_what_stood_there_stays():
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "/s", "GITHUB_OUTPUT": "/o"}

    assert given(environ) == [
        ("annotations", "", False),
        ("summary", "/s", True),
        ("outputs", "/o", True),
    ]


def test_gitlab_gets_its_two_reports_as_files():
    assert given({"GITLAB_CI": "true"}) == [
        ("junit", "/w/buildopt-junit.xml", False),
        ("openmetrics", "/w/buildopt-metrics.txt", False),
    ]


def test_azure_is_told_where_the_summary_is():
    environ = {"TF_BUILD": "True", "AGENT_TEMPDIRECTORY": "/t"}

    announced = [each.announced for each in deliveries(environ, "/w") if each.announced]

    assert announced == ["##vso[task.uploadsummary]/t/buildopt-summary.md\n"]
