"""Which tasks a change touches, by records of real runs, in real repositories."""

import subprocess

import pytest

from buildopt import settings
from buildopt.cli.call import make_call
from buildopt.session import Policy, begin
from buildopt.tasks.affected import affected_tasks, narrowed
from buildopt.tasks.model import GraphTask, Plan
from buildopt.watched import OwnStage
from tests.rig import Rig

IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@example.org")


class Project(Rig):
    """Tasks of a settings file in a repository; every task is recorded in order."""

    def __init__(self, place):
        super().__init__(place, observe="auto")
        self.environ["LC_ALL"] = "C.UTF-8"  # else Python adds a variable to the command's own
        self.tasks = []
        self.git("init", "-q", "-b", "main")
        self.write(".gitignore", "built/\nnode_modules/\n")

    def git(self, *arguments):
        subprocess.run(
            ("git", *IDENTITY, *arguments), cwd=self.root, env=self.environ, check=True,
            capture_output=True,
        )  # fmt: skip

    def task(self, name, script, depends_on=(), more=""):
        self.script(f"{name}.sh", script)
        self.tasks.append((name, depends_on))
        with open(self.root / "buildopt.toml", "a") as file:
            file.write(f'[tasks.{name}]\ncommand = "./{name}.sh"\n{more}\n')

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "work")

    def record(self):
        """Commit what is there, and run everything."""
        self.commit()
        for name, _ in self.tasks:
            assert self.run(name).status == 0

    def plan(self):
        chosen = settings.load(str(self.root), self.environ)
        tasks = [
            GraphTask(
                id=name,
                name=name,
                package="",
                settings=settings.task_named(chosen, name)._replace(directory=str(self.root)),
                depends_on=depends_on,
            )
            for name, depends_on in self.tasks
        ]
        return Plan(str(self.root), tuple(tasks), tuple(task.id for task in tasks))

    def affected(self, ref=""):
        found = affected_tasks(self.plan(), ref, self.begin, self.environ)
        return {name: reason.text for name, reason in found.reasons.items()}

    def plain(self, name):
        """What a task's script prints by itself."""
        return subprocess.run([f"./{name}.sh"], cwd=self.root, capture_output=True).stdout

    def begin(self, task):
        chosen = settings.load(str(self.root), self.environ)
        call = make_call(
            chosen, (), task_name=task.name, cache_dir=str(self.cache), environ=self.environ
        )
        return begin(call.task, Policy(stdin="null"), call.observer, call.stores, OwnStage())


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_only_what_reads_a_changed_file_is_affected(project):
    project.write("src/a.txt", "a")
    project.write("src/b.txt", "b")
    project.task("first", "cat src/a.txt")
    project.task("second", "cat src/b.txt")
    project.record()

    assert project.affected() == {}
    project.write("src/b.txt", "edited")
    assert project.affected() == {"second": "`src/b.txt` changed"}


def test_committed_change_is_one_since_the_main_branch_though_its_record_holds(project):
    project.write("a.txt", "a")
    project.write("b.txt", "b")
    project.task("first", "cat a.txt")
    project.task("second", "cat b.txt")
    project.record()
    project.git("switch", "-q", "-c", "topic")
    project.write("a.txt", "edited")
    project.record()

    assert project.affected() == {"first": "`a.txt` changed"}
    assert project.affected("HEAD") == {}


def test_what_depends_on_an_affected_task_is_affected(project):
    project.write("a.txt", "a")
    project.write("b.txt", "b")
    project.task("one", "cat a.txt")
    project.task("two", "cat b.txt", ("one",))
    project.task("three", "cat b.txt", ("two",))
    project.task("other", "cat b.txt")
    project.record()
    project.write("a.txt", "edited")

    assert project.affected() == {
        "one": "`a.txt` changed",
        "two": "it depends on `one`",
        "three": "it depends on `two`",
    }


def test_task_without_a_record_is_affected(project):
    project.task("first", "true")
    project.commit()

    assert project.affected() == {"first": "no record tells what it reads"}


def test_record_of_another_environment_proves_nothing(project):
    project.task("first", "true")
    project.record()
    project.environ["MODE"] = "other"

    assert project.affected() == {"first": "no record tells what it reads"}


@pytest.mark.parametrize(
    ("script", "path", "reason"),
    [
        ("ls src", "src/new.txt", "`src` has other entries"),
        ("ls src", "src/deep/new.txt", "`src` has other entries"),
        ("cat src/new.txt 2>&-; true", "src/new.txt", "`src/new.txt` changed"),
        ("test -e src/deep; true", "src/deep/new.txt", "`src/deep` changed"),
        ("ls src/old", "src/new.txt", ""),
        ("ls src", "src/old/new.txt", ""),
        ("test -e src/other; true", "src/new.txt", ""),
    ],
)
def test_new_file_affects_who_lists_its_folder_or_looked_for_it(project, script, path, reason):
    project.write("src/old/a.txt", "a")
    project.task("first", script)
    project.record()
    project.write(path, "new")

    assert project.affected() == ({"first": reason} if reason else {})


@pytest.mark.parametrize("script", ["ls src", "cat src/a.txt 2>&-; true", "test -d src; true"])
def test_gone_folder_affects_who_looks_at_it_even_when_recorded_without(project, script):
    project.write("src/a.txt", "a")
    project.task("first", script.replace("ls src", "ls -d src; ls . "))
    project.commit()
    project.git("rm", "-q", "-r", "src")
    assert project.run("first").status == 0

    assert list(project.affected("main")) == ["first"]


def test_record_that_held_before_the_base_only_proves_nothing(project):
    project.write("a.txt", "a")
    project.write("b.txt", "b")
    project.task("first", "test $(cat a.txt) = a || cat b.txt")
    project.record()
    project.write("a.txt", "from now on b.txt counts")
    project.commit()
    project.write("b.txt", "edited")

    assert project.affected() == {
        "first": "no record of this state: `a.txt` is another one than recorded"
    }


def test_outputs_of_an_unaffected_task_need_not_be_there(project):
    project.write("a.txt", "a")
    project.task("make", "mkdir -p built/deep && cp a.txt built/deep/a && ln -s a built/deep/b")
    project.task("use", "cat built/deep/b && ls built && ls built/deep", ("make",))
    project.record()
    subprocess.run(["rm", "-r", project.root / "built"], check=True)

    assert project.affected() == {}


def test_other_outputs_than_the_unaffected_task_makes_prove_nothing(project):
    project.write("a.txt", "a")
    project.task("make", "mkdir -p built && cp a.txt built/a")
    project.task("use", "cat built/a", ("make",))
    project.record()
    project.write("a.txt", "b")
    project.commit()
    assert project.run("make").status == 0
    project.write("built/a", "a")

    assert project.affected() == {
        "use": "no record of this state: `built/a` is another one than recorded"
    }


def test_outputs_that_git_does_not_ignore_are_no_changes(project):
    project.write("a.txt", "a")
    project.task("make", "test -e out || mkdir out; cp a.txt out/a; ls")
    project.task("use", "cat out/a; ls out", ("make",))
    project.record()

    assert project.affected() == {}


def test_lock_file_affects_who_reads_what_is_installed(project):
    project.write("package-lock.json", "1")
    project.write("node_modules/tool/index.js", "tool")
    project.write("a.txt", "a")
    project.task("first", "cat node_modules/tool/index.js")
    project.task("second", "cat a.txt")
    project.record()
    project.write("package-lock.json", "2")

    assert project.affected() == {
        "first": "`package-lock.json` changed, and it reads what is installed from that"
    }


def test_changed_settings_affect_every_task_below_them(project):
    project.task("first", "true")
    project.record()
    with open(project.root / "buildopt.toml", "a") as file:
        file.write("# more\n")

    assert project.affected() == {
        "first": "`buildopt.toml` changed, which may say something else of it"
    }


def test_declared_inputs_count_though_no_record_has_them(project):
    project.task("first", "true", more='inputs = ["docs/**"]')
    project.record()
    project.write("docs/new/page.md", "new")

    assert list(project.affected()) == ["first"]


def test_plan_is_narrowed_to_what_is_affected_and_what_that_needs(project):
    project.write("a.txt", "a")
    project.write("b.txt", "b")
    project.task("base", "true")
    project.task("one", "cat a.txt", ("base",))
    project.task("two", "cat b.txt", ("base",))
    project.record()
    project.write("a.txt", "edited")
    plan = project.plan()

    found = narrowed(plan, affected_tasks(plan, "", project.begin, project.environ))

    assert [task.id for task in found.tasks] == ["base", "one"]
    assert found.requested == ("one",)


SCRIPTS = {
    "lists": "ls src",
    "finds": "find src -type f | sort | xargs cat",
    "looks": "test -e src/deep/x || test -e src/y || echo neither",
    "follows": "cat src/link 2>&1",
    "enters": "ls -d src/deep/ 2>&1; cat src/deep/a 2>&1",
    "modes": "test -x src/b && echo runs",
    "chooses": "test -e src/y && cat src/b; cat src/a",
}
EDITS = {
    "new file": "echo new > src/y",
    "new folder": "mkdir src/new && echo new > src/new/z",
    "new below": "echo new > src/deep/x",
    "gone file": "rm src/a",
    "gone folder": "rm -r src/deep",
    "file for folder": "rm -r src/deep && echo file > src/deep",
    "folder for file": "rm src/b && mkdir src/b && echo in > src/b/c",
    "link elsewhere": "ln -sf b src/link",
    "file for link": "rm src/link && echo file > src/link",
    "link for file": "ln -sf a src/b",
    "mode": "chmod +x src/b",
    "edit": "echo edited > src/a",
    "moved": "git mv src/a src/y",
}


def test_whatever_is_edited_every_task_that_gives_something_else_is_affected(project):
    for name in ("a", "b", "deep/a"):
        project.write(f"src/{name}", name)
    (project.root / "src/link").symlink_to("a")
    for name, script in SCRIPTS.items():
        project.task(name, script + "\ntrue")
    project.record()
    before = {name: project.plain(name) for name in SCRIPTS}

    for edit, command in EDITS.items():
        subprocess.run(["sh", "-ec", command], cwd=project.root, check=True)
        differing = {name for name in SCRIPTS if project.plain(name) != before[name]}
        assert differing <= set(project.affected()), edit
        project.git("reset", "-q", "--hard")
        project.git("clean", "-q", "-fd")
        assert project.affected() == {}, edit
