"""The plan of a call: what its names mean, what comes before what."""

import json

import pytest

from buildopt.errors import UsageError


@pytest.fixture
def shop(tree):
    """`app` needs `ui`, `ui` needs `core`; `docs` stands alone and has no `build`."""
    tree.npm_root("packages/*", scripts={"build": "all", "lint": "eslint ."})
    tree.package("packages/app", needs=["ui"], scripts=("build", "dev", "test"))
    tree.package("packages/core", scripts=("build", "test"))
    tree.package("packages/docs", scripts=("spell",))
    tree.package("packages/ui", needs=["core"], scripts=("build",))
    return tree


def toml(**tasks):
    return "".join(
        f"[tasks.{json.dumps(name)}]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in t.items())
        for name, t in tasks.items()
    )


def test_a_name_means_the_script_of_every_member_that_has_it(shop):
    assert shop.ids("build") == ["core#build", "ui#build", "app#build"]


def test_a_script_is_run_by_the_package_manager_in_its_folder(shop):
    task = shop.plan("spell").tasks[0]

    assert task.settings.command == ("npm", "run", "spell")
    assert task.settings.directory == str(shop.root / "packages/docs")
    assert (task.package, task.name) == ("docs", "spell")


def test_a_script_comes_after_that_of_the_packages_it_depends_on(shop):
    assert shop.edges("build")["app#build"] == ["ui#build"]


def test_a_package_without_the_script_is_passed_through(shop):
    assert shop.edges("test") == {"core#test": [], "app#test": ["core#test"]}


def test_the_roots_script_counts_where_no_member_has_it(shop):
    assert shop.ids("lint") == ["root#lint"]


def test_a_task_of_the_project_goes_before_scripts(shop):
    shop.write("buildopt.toml", toml(build={"command": "make all"}))

    task = shop.plan("build").tasks[0]

    assert (task.id, task.package, task.settings.directory) == ("build", "", str(shop.root))


def test_the_roots_script_can_be_asked_for_beside_the_projects_task(shop):
    shop.write("buildopt.toml", toml(build={"command": "make all"}))

    assert shop.plan("root#build").tasks[-1].settings.command == ("npm", "run", "build")


def test_a_members_own_task_goes_before_its_script(shop):
    shop.write("packages/ui/buildopt.toml", toml(build={"command": "make"}))

    task = shop.plan("build").tasks[1]

    assert (task.id, task.settings.command) == ("ui#build", ("make",))
    assert task.depends_on == ("core#build",)


def test_a_members_own_task_that_says_what_it_depends_on_depends_on_that(shop):
    shop.write("packages/ui/buildopt.toml", toml(build={"command": "make", "depends_on": []}))

    assert shop.edges("build")["ui#build"] == []


def test_a_members_patterns_are_seen_from_its_folder(tree):
    tree.npm_root("packages/*")
    tree.package("packages/[a]")
    task = toml(make={"command": "make", "inputs": ["src/**", "/etc/hosts"], "directory": "sub"})
    tree.write("packages/[a]/buildopt.toml", 'input = ["VERSION"]\nnetwork = "ignore"\n' + task)

    settings = tree.plan("make").tasks[0].settings

    assert settings.inputs == ("packages/[[]a]/VERSION", "packages/[[]a]/src/**", "/etc/hosts")
    assert settings.directory == str(tree.root / "packages/[a]/sub")
    assert settings.network == "ignore"


def test_a_members_settings_hold_for_its_scripts(tree):
    tree.npm_root("packages/*")
    tree.package("packages/a", buildopt={"input": ["VERSION"]})

    assert tree.plan("build").tasks[0].settings.inputs == ("packages/a/VERSION",)


def test_the_projects_settings_may_stand_for_a_packages_task(shop):
    task = {"command": "make ui", "depends_on": ["^build", "gen"]}
    shop.write("buildopt.toml", toml(**{"ui#build": task}, gen={"command": "make gen"}))

    found = {task.id: task for task in shop.plan("build").tasks}

    assert found["app#build"].depends_on == ("ui#build",)
    assert found["ui#build"].depends_on == ("core#build", "gen")
    assert found["ui#build"].package == "ui"
    assert found["ui#build"].settings.command == ("make", "ui")
    assert shop.asked("build", folder="packages/ui") == ["ui#build"]


def test_inside_a_member_a_name_means_that_members_script(shop):
    assert shop.asked("build", folder="packages/ui") == ["ui#build"]
    assert shop.ids("build", folder="packages/ui") == ["core#build", "ui#build"]


def test_inside_a_member_its_own_task_goes_before_the_projects(shop):
    shop.write("buildopt.toml", toml(build={"command": "make all"}, site={"command": "make"}))
    shop.write("packages/ui/buildopt.toml", toml(build={"command": "make"}))

    assert shop.asked("build", folder="packages/ui") == ["ui#build"]
    assert shop.asked("build", folder="packages/core") == ["build"]
    assert shop.asked("site", folder="packages/ui") == ["site"]


def test_a_plan_is_seen_from_the_same_root_everywhere(shop):
    shop.write("packages/ui/buildopt.toml", toml(build={"command": "make"}))

    assert shop.plan("build", folder="packages/ui").root == str(shop.root)


def test_one_packages_task_can_be_asked_for(shop):
    assert shop.asked("core#test", "app#dev") == ["core#test", "app#dev"]
    assert shop.asked("core#test", folder="packages/ui") == ["core#test"]


def test_names_come_in_the_order_in_which_they_were_asked_for(shop):
    assert shop.ids("test", "spell", "build") == [
        "core#test", "app#test", "docs#spell", "core#build", "ui#build", "app#build",
    ]  # fmt: skip


def test_depends_on_means_the_same_package_then_the_project(shop):
    shop.write("buildopt.toml", toml(gen={"command": "make gen"}))
    shop.write(
        "packages/app/buildopt.toml",
        toml(deploy={"command": "make", "depends_on": ["test", "gen", "docs#spell", "^build"]}),
    )

    edges = shop.edges("deploy")["app#deploy"]

    assert edges == ["app#test", "gen", "docs#spell", "ui#build"]


def test_a_task_of_the_project_depends_on_what_names_mean_outside(shop):
    shop.write(
        "buildopt.toml",
        toml(
            site={"command": "make", "depends_on": ["test", "lint", "^spell", "prep"]},
            prep={"command": "make prep"},
        ),
    )

    edges = shop.edges("site")["site"]

    assert edges == ["app#test", "core#test", "root#lint", "docs#spell", "prep"]


def test_tasks_without_a_workspace_are_a_graph_too(tree):
    tree.write(
        "buildopt.toml",
        toml(
            all={"command": "true", "depends_on": ["one", "two"]},
            two={"command": "true", "depends_on": ["one"]},
            one={"command": "true"},
        ),
    )

    assert tree.ids("all") == ["one", "two", "all"]


def test_a_circle_is_told_from_its_first_task_to_itself(tree):
    tree.write(
        "buildopt.toml",
        toml(
            start={"command": "true", "depends_on": ["a"]},
            a={"command": "true", "depends_on": ["b"]},
            b={"command": "true", "depends_on": ["c"]},
            c={"command": "true", "depends_on": ["b"]},
        ),
    )

    error = tree.refused("start")

    assert error.slug == "task-cycle"
    assert error.message == "tasks depend on each other: b -> c -> b"


def test_packages_that_depend_on_each_other_are_a_circle(tree):
    tree.npm_root("packages/*")
    tree.package("packages/a", needs=["b"])
    tree.package("packages/b", needs=["a"])

    assert tree.refused("build").message.endswith("a#build -> b#build -> a#build")


def test_a_task_that_depends_on_itself_is_a_circle(tree):
    tree.write("buildopt.toml", toml(a={"command": "true", "depends_on": ["a"]}))

    assert tree.refused("a").message.endswith("a -> a")


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("biuld", "did you mean `build`?"),
        ("^biuld", "did you mean `build`?"),
        ("core#biuld", "did you mean `core#build`?"),
        ("zzz", "write a task `zzz`"),
    ],
)
def test_an_unknown_dependency_is_told_with_its_place(shop, wanted, hint):
    path = shop.write(
        "packages/app/buildopt.toml", toml(go={"command": "true", "depends_on": [wanted]})
    )

    error = shop.refused("go")

    assert error.slug == "unknown-dependency"
    assert error.message.startswith(f"`{path}`: line 3: the task `app#go` depends on `{wanted}`")
    assert hint in error.hint


def test_the_place_of_a_task_that_stands_for_a_packages_is_told(shop):
    task = {"command": "make", "depends_on": ["zzz"]}
    path = shop.write("buildopt.toml", toml(**{"ui#build": task}))

    assert shop.refused("build").message.startswith(f"`{path}`: line 3: the task `ui#build`")


def test_a_name_that_nobody_has_gets_the_nearest(shop):
    error = shop.refused("biuld")

    assert (error.slug, error.hint) == ("unknown-task", "did you mean `build`?")
    assert shop.refused("core#tset").hint == "did you mean `core#test`?"


def test_inside_a_member_it_is_told_who_has_the_script(shop):
    error = shop.refused("spell", folder="packages/ui")

    assert error.message == "no task or script `spell` in the package `ui`"
    assert error.hint == "there is `docs#spell`"


def test_nobody_waits_for_a_persistent_task(tree):
    path = tree.write(
        "buildopt.toml",
        toml(
            serve={"command": "true", "persistent": True},
            check={"command": "true", "depends_on": ["serve"]},
        ),
    )

    error = tree.refused("check")

    assert error.slug == "persistent-dependency"
    assert error.message.startswith(f"`{path}`: line 6: the task `check` depends on `serve`")


def test_servers_of_packages_do_not_wait_for_each_other(shop):
    dev = toml(dev={"command": "serve", "persistent": True})
    shop.write("packages/ui/buildopt.toml", dev)
    shop.write("packages/core/buildopt.toml", dev)

    plan = shop.plan("dev")

    assert {task.id: task.depends_on for task in plan.tasks} == {
        "app#dev": (), "core#dev": (), "ui#dev": (),
    }  # fmt: skip
    assert [task.is_persistent for task in plan.tasks] == [False, True, True]


def test_a_server_does_not_wait_for_scripts_of_its_name(shop):
    shop.package("packages/core", scripts=("dev",))
    shop.write("packages/ui/buildopt.toml", toml(dev={"command": "serve", "persistent": True}))

    assert shop.edges("dev")["ui#dev"] == []


def test_a_plan_is_the_same_each_time(shop):
    assert shop.plan("build", "test") == shop.plan("build", "test")


def test_scripts_of_one_package_are_run_in_the_order_in_which_they_were_asked_for(shop):
    edges = shop.edges("build", "test")

    assert edges["app#test"] == ["core#test", "app#build"]
    assert edges["core#test"] == ["core#build"]
    assert shop.edges("test", "build")["core#build"] == ["core#test"]


def test_a_script_of_the_root_and_those_of_the_members_are_run_in_the_order_of_the_call(shop):
    assert shop.edges("lint", "test")["core#test"] == ["root#lint"]
    assert shop.edges("test", "lint")["root#lint"] == ["app#test", "core#test"]


def test_what_a_task_says_it_depends_on_goes_before_the_order_of_the_call(shop):
    shop.write("packages/core/buildopt.toml", toml(test={"command": "t", "depends_on": ["build"]}))

    assert shop.edges("test", "build")["core#test"] == ["core#build"]
    assert shop.edges("test", "build")["core#build"] == []


def test_a_task_that_says_what_it_depends_on_waits_for_no_other_name(shop):
    shop.write("packages/core/buildopt.toml", toml(test={"command": "t", "depends_on": []}))

    assert shop.edges("build", "test")["core#test"] == []


def test_a_members_task_that_does_not_say_what_it_depends_on_comes_in_the_order_of_the_call(shop):
    shop.write("packages/core/buildopt.toml", toml(test={"command": "t"}))

    assert shop.edges("build", "test")["core#test"] == ["core#build"]


def test_nothing_waits_for_a_server_that_was_asked_for_before(shop):
    shop.write("packages/core/buildopt.toml", toml(dev={"command": "d", "persistent": True}))

    assert shop.edges("dev", "core#build")["core#build"] == []


def test_a_package_is_called_without_its_scope_where_only_one_is_so_called(tree):
    tree.npm_root("packages/*")
    tree.package("packages/ui", name="@shop/ui")
    tree.package("packages/a", name="@shop/a")
    tree.package("packages/b", name="@other/a")

    assert tree.asked("ui#build") == ["@shop/ui#build"]
    with pytest.raises(UsageError):
        tree.asked("a#build")
