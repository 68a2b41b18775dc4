"""Suggestions about steps that could run at once, and about caches that CI does not keep."""

import json

import pytest

from buildopt.events import TaskResult
from buildopt.input_table import encode
from buildopt.model import MissReason, Observation
from buildopt.report.view import view_of

DIGEST = "0123456789abcdef0123456789abcdef+644"
FIRST = MissReason(kind="no-record", subject="task")


def table(files, kind="file"):
    rows = [Observation(kind=kind, subject=f"/p/{name}", value=DIGEST) for name in files]
    own, _ = encode(rows, "/p", home="/home/u", size_of=lambda _: 1_000)
    return json.dumps(own).encode()


def advice(story):
    found = view_of(story.newest_first, "run", story.blob).details.advice
    return {each.kind: each for each in found}


@pytest.fixture
def two_steps(story):
    """Tells of a run of two steps, one after the other, each with what it read and made."""

    def tell(reads, makes, *, listed=(), start_s=0.8, known=True):
        steps = []
        for place, name in enumerate(("icons", "types")):
            tables = [table(reads[place])]
            if listed and place:
                tables.append(table(listed, "listing"))
            story.stored(*((path, "file", 1) for path in makes[place]), task=name, record=name)
            story.finished(name, inputs=tables if known else ())
            steps.append(
                TaskResult(
                    task=name, command=(name,), directory="/p", outcome="executed", exit_code=0,
                    stored=True, duration_s=0.7 + place / 10, started_s=start_s * place,
                )
            )  # fmt: skip
        story.ran(tasks=tuple(steps), duration_s=2.0)
        return advice(story).get("parallel")

    return tell


def test_steps_that_use_nothing_of_each_other_could_run_side_by_side(two_steps):
    found = two_steps([["a"], ["b"]], [["out/icons"], ["out/types"]])

    assert found.title == "`icons` and `types` could run side by side"
    assert (found.gain_s, found.basis) == (0.7, "bounded")


@pytest.mark.parametrize(
    "told",
    [
        {"reads": [["a"], ["b", "out/icons"]], "makes": [["out/icons"], ["out/types"]]},
        {"reads": [["a", "out/types"], ["b"]], "makes": [["out/icons"], ["out/types"]]},
        {"reads": [["a"], ["b"]], "makes": [["out/one"], ["out/one"]]},
        {"reads": [["a"], ["b"]], "makes": [["out/icons"], ["types"]], "listed": ["out"]},
        {"reads": [["a"], ["b"]], "makes": [["out/icons"], ["out/types"]], "known": False},
        {"reads": [["a"], ["b"]], "makes": [["out/icons"], ["out/types"]], "start_s": 0.1},
    ],
    ids=["reads-it", "is-read", "writes-it-too", "lists-it", "not-known", "is-parallel"],
)
def test_steps_of_which_one_may_need_the_other_stay_in_order(two_steps, told):
    assert two_steps(**told) is None


def ran_in_ci(story, command, environment="ci"):
    row = {"pid": 1, "parent_pid": 0, "command": command.split(), "start_s": 0.0, "end_s": 2.0,
           "cpu_s": 1.9}  # fmt: skip
    story.finished("build", processes=json.dumps([row]).encode())
    story.ran(miss_reasons=(FIRST,))
    story.told_in(environment)
    return advice(story)


def test_a_job_in_ci_that_began_without_a_cache_is_told_so(story):
    found = ran_in_ci(story, "make")

    assert (found["ci-cache"].gain_s, found["ci-cache"].basis) == (2.0, "bounded")
    assert "buildopt cache path" in found["ci-cache"].action


def test_nobody_else_is_told_of_a_cache_that_was_empty(story):
    assert "ci-cache" not in ran_in_ci(story, "make", "development")


def test_a_job_that_knows_of_an_earlier_run_had_its_state(story):
    story.ran("before")

    assert "ci-cache" not in ran_in_ci(story, "make")


@pytest.mark.parametrize(
    ("command", "folder", "word"),
    [("mypy src", "`.mypy_cache`", "keeps"), ("python -m pytest", "`.pytest_cache`", "keeps"),
     ("node /p/node_modules/.bin/eslint .", "`.eslintcache`", "with `--cache`")],
)  # fmt: skip
def test_a_tool_with_a_cache_of_its_own_is_named_in_ci(story, command, folder, word):
    found = ran_in_ci(story, command)["tool-cache"]

    assert folder in found.action
    assert word in found.title + found.evidence
    assert found.basis == "bounded"


@pytest.mark.parametrize("command", ["make all", "node /p/node_modules/.bin/vite build"])
def test_a_tool_without_one_is_not(story, command):
    assert "tool-cache" not in ran_in_ci(story, command)
