"""Plans of generated workspaces: their order is right, whatever depends on whatever."""

from hypothesis import given, settings
from hypothesis import strategies as st

from buildopt.errors import UsageError
from buildopt.settings import Settings, TaskSettings
from buildopt.tasks.graph import plan
from buildopt.tasks.model import Package, Workspace
from buildopt.tasks.topology import ordered

NAMES = ("a", "b", "c", "d", "e", "f")
SCRIPTS = ("build", "test")
needs = st.lists(st.sampled_from(NAMES), unique=True, max_size=4)
members = st.fixed_dictionaries(
    {name: st.tuples(needs, st.sets(st.sampled_from(SCRIPTS))) for name in NAMES}
)
wanted = st.lists(
    st.sampled_from(["build", "test", "^build", "a#test", "gen", "pack"]), unique=True, max_size=3
)


def workspace(drawn):
    packages = (
        Package(
            name=name,
            folder=f"/p/{name}",
            scripts=dict.fromkeys(sorted(scripts), "true"),
            depends_on=tuple(one for one in needs if one != name),
        )
        for name, (needs, scripts) in drawn.items()
    )
    return Workspace("/p", "npm", None, tuple(packages), ())


def upstream(found, package, script):
    """Packages with the script that are reached over packages without it, told naively."""
    by_name = {one.name: one for one in found.packages}
    reached, border = set(), set(by_name[package].depends_on)
    while border:
        reached |= border
        passed = [name for name in border if script not in by_name[name].scripts]
        border = {one for name in passed for one in by_name[name].depends_on} - reached
    return {name for name in reached - {package} if script in by_name[name].scripts}


@given(members, st.lists(wanted, min_size=2, max_size=2))
@settings(deadline=None)
def test_every_plan_has_each_task_after_those_it_depends_on(drawn, depends_on):
    tasks = tuple(
        TaskSettings(name=name, command=("true",), depends_on=tuple(before))
        for name, before in zip(("gen", "pack"), depends_on, strict=True)
    )
    try:
        found = plan(
            ["pack", "build"],
            settings=Settings(root="/p", tasks=tasks),
            workspace=workspace(drawn),
            directory="/p",
        )
    except UsageError as error:
        assert error.slug in ("task-cycle", "unknown-task", "unknown-dependency")
        return

    done = set()
    for task in found.tasks:
        assert task.id not in done
        assert done.issuperset(task.depends_on)
        done.add(task.id)
    assert done.issuperset(found.requested)


@given(members)
@settings(deadline=None)
def test_scripts_wait_for_exactly_the_nearest_packages_that_have_it(drawn):
    found = workspace(drawn)
    expected = {
        f"{package.name}#build": {
            f"{name}#build" for name in upstream(found, package.name, "build")
        }
        for package in found.packages
        if "build" in package.scripts
    }
    try:
        made = plan(["build"], settings=Settings(root="/p"), workspace=found, directory="/p")
    except UsageError as error:
        assert error.slug == ("task-cycle" if expected else "unknown-task")
        assert ordered(expected, str)[1] or not expected
        return

    assert {task.id: set(task.depends_on) for task in made.tasks} == expected
