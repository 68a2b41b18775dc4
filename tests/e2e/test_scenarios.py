"""Real projects, an edit, and what a correct cache answers: `fixtures/projects/scenarios.json`."""

import functools
import os
import shutil

import pytest

from tests.e2e.scenario_project import DESCRIPTIONS, Unavailable, is_below, prepare

HITS = ("fresh", "restored")


def cases():
    for name, description in DESCRIPTIONS.items():
        marks = [pytest.mark.xdist_group(name), pytest.mark.timeout(300)]
        if description["install"]:
            marks.append(pytest.mark.projects)
        for scenario in description["scenarios"]:
            yield pytest.param(name, scenario, marks=marks, id=f"{name}-{scenario['id']}")


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """Gives a sample by its name, installed and built once in each worker."""
    places = []

    @functools.cache
    def prepared(name):
        places.append(tmp_path_factory.mktemp(name))
        return prepare(name, places[-1])

    yield prepared
    for place in places:
        shutil.rmtree(place)


@pytest.mark.parametrize(("name", "scenario"), list(cases()))
def test_edit_is_answered_as_a_correct_cache_would(prepared, name, scenario):
    project = prepared(name)
    if isinstance(project, Unavailable):
        pytest.skip(project.reason)
    project.restore()
    for step, *words in scenario["steps"]:
        STEPS[step](project, *words)
    plain = project.build_without_cache() if is_comparable(project, scenario) else None

    done = project.build()

    assert_answered(done, scenario)
    assert_made(done, project, scenario)
    if plain:
        assert (done.status, done.out, project.outputs()) == plain


def is_comparable(project, scenario):
    """Whether a copy costs next to nothing, and a build there gives the same bytes."""
    is_small = not (project.rig.root / "node_modules").exists()
    return is_small and scenario.get("reproducible", True)


def assert_answered(done, scenario):
    answer = "hit" if done.outcome in HITS else "miss"
    assert scenario["expect"] in (answer, "either"), done.reasons
    if answer == "miss" and "cause" in scenario:
        assert_named([subject for _, subject in done.reasons], scenario["cause"].rstrip("/"))


def assert_named(subjects, cause):
    """All are the cause or below it; but for one that may be the folder that holds it."""
    others = [subject for subject in subjects if not is_below(subject, [cause])]
    assert len(others) < len(subjects), subjects
    assert others in ([], [os.path.dirname(cause) or "."])


def assert_made(done, project, scenario):
    if scenario.get("exit") == "nonzero":
        assert done.status != 0
        return  # what a failed build leaves is its own affair
    assert done.status == 0, done.err
    if scenario["outputs"] == "same":
        assert project.outputs() == project.first_outputs
    if scenario["outputs"] == "changed":
        assert project.outputs() != project.first_outputs


def append(project, name, text):
    path = project.rig.root / name
    path.write_text(path.read_text() + text)


def replace(project, name, old, new):
    text = (project.rig.root / name).read_text()
    assert old in text
    (project.rig.root / name).write_text(text.replace(old, new))


def set_variable(project, name, value):
    project.rig.environ[name] = value


def add_arguments(project, *arguments):
    project.command = [*project.command, *arguments]


def delete_outputs(project):
    for name in project.output_names:
        shutil.rmtree(project.rig.root / name)


def build(project):
    assert project.build().outcome == "executed"


def rename(project, old, new):
    (project.rig.root / old).rename(project.rig.root / new)


STEPS = {
    "append": append,
    "replace": replace,
    "write": lambda project, name, text: project.rig.write(name, text),
    "damage_output": lambda project, name, text: project.rig.write(name, text),
    "extra_output": lambda project, name, text: project.rig.write(name, text),
    "delete": lambda project, name: (project.rig.root / name).unlink(),
    "rename": rename,
    "touch": lambda project, name: os.utime(project.rig.root / name),
    "chmod": lambda project, name, mode: (project.rig.root / name).chmod(int(mode, 8)),
    "env": set_variable,
    "unenv": lambda project, name: project.rig.environ.pop(name),
    "args": add_arguments,
    "delete_outputs": delete_outputs,
    "build": build,
    "restore_all": lambda project: project.put_back(but=project.output_names),
    "move_project": lambda project: project.move_to(project.rig.place / "moved"),
}
"""What `scenarios.json` calls a step, and what it does to the project."""
