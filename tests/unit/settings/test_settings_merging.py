"""What options and tasks add to the settings, and the search for a task by name."""

import pytest

from buildopt import settings
from buildopt.errors import SettingsError

NO_OPTIONS = dict.fromkeys(
    ("input_", "output", "env", "ignore_input", "ignore_output", "ignore_env"), ()
)


def test_options_add_to_lists_and_replace_the_rest():
    chosen = settings.Settings(input=("a",), cache="read", cache_limit="1 GB")
    options = {"input_": ("b",), "cache": "off", "cache_limit": None, "force": True}

    found = settings.with_options(chosen, NO_OPTIONS | options)

    assert (found.input, found.cache, found.cache_limit) == (("a", "b"), "off", "1 GB")
    assert found.force


def test_options_that_are_not_given_change_nothing():
    chosen = settings.Settings(quiet=True, env=("A",), observe="off", report=True)

    found = settings.with_options(chosen, NO_OPTIONS | {"quiet": False, "observe": None})

    assert (found.quiet, found.env, found.observe, found.report) == (True, ("A",), "off", True)


def test_a_task_adds_to_lists_and_replaces_what_it_says():
    chosen = settings.Settings(input=("a",), private=("p",), network="deny", cache="read")
    task = settings.TaskSettings(inputs=("b",), private=("q",), env=("E",), cache="off")

    found = settings.with_task(chosen, task)

    assert (found.input, found.private, found.env) == (("a", "b"), ("p", "q"), ("E",))
    assert (found.network, found.cache) == ("deny", "off")


def test_an_option_or_a_variable_is_stronger_than_a_task(project):
    project.write("buildopt.toml", 'network = "ignore"\n')
    chosen = settings.with_options(
        project.load(BUILDOPT_NETWORK="deny"), NO_OPTIONS | {"cache": "off"}
    )

    found = settings.with_task(
        chosen, settings.TaskSettings(network="uncacheable", cache="read-write")
    )

    assert (found.network, found.cache) == ("deny", "off")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("docks", "did you mean `docs`?"), ("zzz", "tasks are docs, lint"), ("", "tasks are docs")],
)
def test_an_unknown_task_is_told_with_the_file_and_the_nearest_name(name, hint):
    tasks = tuple(settings.TaskSettings(name=name) for name in ("docs", "lint"))

    with pytest.raises(SettingsError) as caught:
        settings.task_named(settings.Settings(tasks=tasks, file="/p/buildopt.toml"), name)

    assert caught.value.message == f"no task `{name}` in `/p/buildopt.toml`"
    assert caught.value.hint.startswith(hint)


def test_without_tasks_the_hint_is_how_to_run_a_command():
    with pytest.raises(SettingsError) as caught:
        settings.task_named(settings.Settings(), "make")

    assert "buildopt run -- make" in caught.value.hint
