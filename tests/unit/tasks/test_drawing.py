"""A plan as text, JSON and DOT."""

import json

import pytest

from buildopt.settings import TaskSettings
from buildopt.tasks.drawing import FORMS, as_dot, as_json, as_text
from buildopt.tasks.model import GraphTask, Plan


def task(task_id, *before, command=("make",), directory="/p", persistent=False):
    settings = TaskSettings(command=command, directory=directory, persistent=persistent)
    package, _, name = task_id.rpartition("#")
    return GraphTask(task_id, name, package, settings, before)


SHOP = Plan(
    root="/p",
    tasks=(
        task("core#build", command=("npm", "run", "build"), directory="/p/packages/core"),
        task("ui#build", "core#build", command=("npm", "run", "build"), directory="/p/packages/ui"),
        task("gen", command=("/bin/sh", "-c", "ls | sort >\n out")),
        task("site", "gen", "ui#build"),
        task("serve", "gen", persistent=True),
    ),
    requested=("site", "serve"),
)


def test_text_has_a_line_for_each_task_by_levels():
    assert as_text(SHOP) == (
        "1  core#build  packages/core  npm run build\n"
        "   gen         .              ls | sort > out\n"
        "2  ui#build    packages/ui    npm run build    after core#build\n"
        "   serve       .              make             stays running, after gen\n"
        "3  site        .              make             after gen, ui#build\n"
    )


def test_text_names_a_few_of_many_dependencies():
    names = [f"t{at}" for at in range(6)]
    plan = Plan("/p", (*map(task, names), task("all", *names)), ("all",))

    assert as_text(plan).endswith("after t0, t1, t2, 3 more\n")


def test_text_writes_out_what_a_terminal_would_obey():
    plan = Plan("/p", (task("a\x1b[2J", command=("x" * 80,)),), ())

    assert as_text(plan) == f"1  a\\x1b[2J  .  {'x' * 47}…\n"


def test_json_has_everything():
    found = json.loads(as_json(SHOP))

    assert found["schema"] == 1
    assert found["root"] == "/p"
    assert found["requested"] == ["site", "serve"]
    assert [task["id"] for task in found["tasks"]] == [task.id for task in SHOP.tasks]
    assert found["tasks"][1] == {
        "id": "ui#build", "name": "build", "package": "ui", "command": ["npm", "run", "build"],
        "directory": "packages/ui", "depends_on": ["core#build"], "persistent": False,
    }  # fmt: skip


def test_dot_quotes_names_and_leads_to_what_is_depended_on():
    plan = Plan("/p", (task('a"\\'), task("@x/b#c", 'a"\\'), task("s", persistent=True)), ())

    text = as_dot(plan)

    assert '  "a\\"\\\\";\n' in text
    assert '  "@x/b#c" -> "a\\"\\\\";\n' in text
    assert '  "s" [style=dashed];\n' in text


@pytest.mark.parametrize("form", FORMS)
def test_every_form_can_write_a_plan_of_nothing_and_names_of_any_bytes(form):
    plan = Plan("/p", (task("caf\udce9", directory="/p/\udcff"),), ())

    assert FORMS[form](plan).encode()
    assert FORMS[form](Plan("/p", (), ())).encode() is not None
