"""What other commands found, as problems of a job."""

import pytest

from buildopt.integrations.ci.problems import problems_of


def told(document):
    return [(p.level, p.rule, p.title, p.message, p.file) for p in problems_of(document)]


def test_an_exceeded_budget_of_a_bundle_is_an_error_and_a_kept_one_is_none():
    verdict = {"budget": "total.gzip<=1kB", "subject": "all", "actual": 2_000, "limit": 1_000}

    found = told(
        {
            "kind": "check",
            "budgets": [{**verdict, "is_kept": False}, {**verdict, "is_kept": True}],
        }
    )

    message = "all: 2 kB, limit 1 kB"
    assert found == [("error", "budget", "budget total.gzip<=1kB exceeded", message, "")]


def test_copies_are_no_bytes():
    row = {"budget": "duplicates<=0", "subject": "lodash", "actual": 2, "limit": 0}

    found = told({"kind": "check", "budgets": [{**row, "is_kept": False}]})

    assert found[0][3] == "lodash: 2, limit 0"


def test_what_is_confirmed_to_be_worse_is_an_error_and_a_suspicion_a_notice():
    row = {
        "name": "duration of `build`", "unit": "s", "before": 60.0, "after": 90.0,
        "cause": {"text": "since commit abc"},
    }  # fmt: skip

    found = told({"passed": False, "findings": [row], "suspected": [row], "budgets": []})

    assert found == [
        (
            "error", "worse", "duration of `build` is worse", "60 s → 90 s. since commit abc", "",
        ),
        (
            "notice", "suspected", "duration of `build` may be worse",
            "60 s → 90 s. since commit abc", "",
        ),
    ]  # fmt: skip


def test_advice_about_a_file_stands_at_the_file_and_about_a_package_at_the_manifest():
    finding = {"message": "m", "fix": "f", "bytes": 70_000}
    document = {
        "kind": "bundle",
        "output": "dist",
        "files": [{"path": "main.js"}],
        "findings": [
            {**finding, "kind": "inline-map", "subject": "main.js"},
            {**finding, "kind": "duplicate", "subject": "lodash"},
        ],
    }

    found = told(document)

    assert [row[4] for row in found] == ["dist/main.js", "package.json"]
    assert found[1][:4] == ("warning", "duplicate", "lodash: 70 kB", "m. To mend: f")


def test_another_document_is_refused():
    with pytest.raises(ValueError, match="nothing that"):
        list(problems_of({"kind": "comparison"}))
