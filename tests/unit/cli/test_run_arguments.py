"""Options among the names of tasks, and those whose value may be left out."""

import click
import pytest

from buildopt.cli import run
from buildopt.cli.run_arguments import BEHIND_AFFECTED, BEHIND_DASHES, refuse_task_options, split
from buildopt.errors import UsageError


def parsed(*arguments):
    context = run.command.make_context("run", list(arguments))
    return context.params, context.meta


@pytest.mark.parametrize(
    "arguments",
    [
        ("--jobs", "2", "--continue", "lint", "build"),
        ("lint", "build", "--jobs", "2", "--continue"),
        ("lint", "--jobs=2", "build", "--continue"),
    ],
)
def test_options_stand_before_among_or_behind_the_names(arguments):
    params, _ = parsed(*arguments)

    assert params["words"] == ("lint", "build")
    assert (params["jobs"], params["continue_"]) == (2, True)


def test_what_is_behind_the_dashes_is_left_alone():
    params, meta = parsed("--quiet", "--", "make", "--jobs", "4", "--", "--graph")

    assert params["words"] == ("make", "--jobs", "4", "--", "--graph")
    assert params["words"] == meta[BEHIND_DASHES]
    assert params["jobs"] is None
    assert params["graph"] is None


@pytest.mark.parametrize(
    ("arguments", "graph", "words"),
    [
        (("--graph", "build"), "text", ("build",)),
        (("--graph", "json", "build"), "json", ("build",)),
        (("build", "--graph"), "text", ("build",)),
        (("build", "--graph=dot"), "dot", ("build",)),
    ],
)
def test_format_of_the_graph_may_be_left_out(arguments, graph, words):
    params, _ = parsed(*arguments)

    assert (params["graph"], params["words"]) == (graph, words)


@pytest.mark.parametrize(
    ("arguments", "affected", "behind", "words"),
    [
        (("--affected", "build"), ".", "build", ("build",)),
        (("build", "--affected"), ".", "", ("build",)),
        (("--affected", "main", "build"), ".", "main", ("main", "build")),
        (("--affected=main", "build"), "main", "", ("build",)),
        (("--affected", "--quiet", "build"), ".", "", ("build",)),
    ],
)
def test_revision_may_be_left_out(arguments, affected, behind, words):
    params, meta = parsed(*arguments)

    assert (params["affected"], params["words"]) == (affected, words)
    assert meta[BEHIND_AFFECTED] == behind


def test_command_without_dashes_is_told_where_its_option_is_met():
    with pytest.raises(UsageError) as told:
        parsed("npm", "run", "build", "--if-present")

    assert told.value.slug == "no-dashes"
    assert "buildopt run -- npm run build --if-present" in told.value.hint


def test_slip_in_an_option_of_ours_is_told_by_its_name():
    with pytest.raises(click.NoSuchOption) as told:
        parsed("build", "--job", "3")

    assert told.value.possibilities


@pytest.mark.parametrize(
    ("words", "behind", "slug"),
    [
        ((), None, "no-command"),
        ((), (), "no-command"),
        (("build", "make"), ("make",), "unquoted-pattern"),
    ],
)
def test_words_that_are_neither_tasks_nor_a_command_are_mistakes(words, behind, slug):
    with pytest.raises(UsageError) as told:
        split(words, behind, shell=False)

    assert told.value.slug == slug


@pytest.mark.parametrize("given", [{"graph": "dot"}, {"affected": "."}, {"filter": ("ui",)}])
def test_an_option_that_chooses_tasks_is_an_error_with_a_command(given):
    nothing = {"graph": None, "affected": None, "filter": ()}

    with pytest.raises(UsageError, match=f"`--{next(iter(given))}` is about tasks"):
        refuse_task_options(nothing | given)
    refuse_task_options(nothing | {"graph": "none"})
