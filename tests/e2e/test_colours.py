"""What real tools print and colour is the same bytes bare, wrapped and replayed.

`pytest -m projects -n0 -s tests/e2e/test_colours.py` prints the table of docs/terminal.md.
"""

import functools
import re
import shutil
import subprocess

import pytest

from tests.e2e.scenario_project import DESCRIPTIONS, ScenarioProject, Unavailable
from tests.e2e.screen import shown_by
from tests.rig import PROGRAM

HITS = ("fresh", "restored")
TIMES = re.compile(rb"\d+(?:[.,]\d+)?(?: ?m?s\b)|(?<=duration_ms )[\d.]+|(?<=duration_ms: )[\d.]+")
OVERWRITTEN = re.compile(rb"[^\n]*(?:\x1b\[2K\x1b\[1G|\r(?!\n))")
"""What a progress line showed before it was written anew; how often depends on the clock."""
RULES = re.compile(rb"={3,}")
"""pytest makes them as long as the time in them leaves room for."""
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
BAD = "const wrong: number = 'text'\n"
GOOD = "import test from 'node:test'\ntest('adds', () => {})\ntest.skip('later', () => {})\n"

TOOLS = {
    "Vite": ("vite-react", ("node_modules/.bin/vite", "build"), {}),
    "tsc, an error": ("vite-react", ("node_modules/.bin/tsc", "--noEmit"), {"src/bad.ts": BAD}),
    "webpack": ("webpack-app", ("node_modules/.bin/webpack", "--mode=production"), {}),
    "esbuild": (
        "ts-workspace",
        ("node_modules/.bin/esbuild", "packages/units/src/index.ts", "--outfile=bundle/index.js"),
        {},
    ),
    "node --test": ("ts-workspace", ("node", "--test", "adds.test.mjs"), {"adds.test.mjs": GOOD}),
    "pytest": ("py-package", ("python", "-m", "pytest", "-p", "no:cacheprovider"), {}),
    "python -m build": ("py-package", ("python", "-m", "build", "-n"), {}),
}
"""Of each tool: the sample that it builds, its words, and files that the sample lacks."""
MADE = ("dist", "bundle")
TELLS_VERSION = {
    "webpack": ("node", "-p", "require('webpack/package.json').version"),
    "pytest": ("python", "-m", "pytest", "--version"),
    "python -m build": ("python", "-m", "build", "--version"),
}


def on_pipes(command, options):
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False, **options,
    ).stdout  # fmt: skip


def on_a_terminal(command, options):
    return shown_by(command, size=(40, 100), **options)[1]


LOOKS = {
    "pipe": (on_pipes, {}),
    "terminal": (on_a_terminal, {}),
    "terminal, NO_COLOR=1": (on_a_terminal, {"NO_COLOR": "1"}),
    "pipe, FORCE_COLOR=1": (on_pipes, {"FORCE_COLOR": "1"}),
}


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """Gives a sample by its name, installed once in each worker and never built."""
    places = []

    @functools.cache
    def installed(name):
        places.append(tmp_path_factory.mktemp(name))
        project = ScenarioProject(name, places[-1])
        commands = [list(command) for command in DESCRIPTIONS[name]["install"]]
        if name == "py-package":
            commands[0] += ["pytest"]
        for command in commands:
            if unavailable := project.install(command):
                return unavailable
        project.rig.environ |= {"TERM": "xterm-256color", "PYTHONDONTWRITEBYTECODE": "1"}
        return project

    yield installed
    for place in places:
        shutil.rmtree(place)


def sample(installed, name):
    project = installed(name)
    if isinstance(project, Unavailable):
        pytest.skip(project.reason)
    return project


def tools():
    for name, (project, *_) in TOOLS.items():
        marks = [pytest.mark.xdist_group(project), pytest.mark.projects, pytest.mark.timeout(900)]
        yield pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", list(tools()))
def test_tool_looks_the_same_bare_wrapped_and_replayed(installed, name):
    project_name, command, more = TOOLS[name]
    rig = sample(installed, project_name).rig
    for path, content in more.items():
        rig.write(path, content)
    cells = [Cell(rig, command, *look) for look in LOOKS.values()]

    for cell in cells:
        cell.compare()

    for path in more:
        (rig.root / path).unlink()
    version = on_pipes(TELLS_VERSION.get(name, (command[0], "--version")), cells[0].options)
    row = [name, re.search(rb"\d+\.\d+\.\d+", version)[0].decode(), *(cell.words for cell in cells)]
    print(f"| {' | '.join(row)} |")


class Cell:
    """One tool under one look."""

    def __init__(self, rig, command, show, variables):
        self.rig, self.command, self.show = rig, command, show
        self.options = {"cwd": rig.root, "env": rig.environ | variables}
        self.wrapped = (PROGRAM, "run", "--quiet", "--", *command)
        self.words = ""

    def compare(self):
        """Bare, executed, fresh and restored: the first two but for times, the last exactly."""
        bare = self.clean_and_show(self.command)
        live = self.clean_and_show(self.wrapped)
        assert steady(live) == steady(bare)
        self.words = "colour" if COLOUR.search(bare) else "plain"
        if not self.rig.last_result()["stored"]:
            return
        for replay in (self.show, self.show_cleaned):
            assert replay(self.wrapped, self.options) == live
            assert self.rig.last_result()["outcome"] in HITS

    def clean_and_show(self, command):
        for name in MADE:
            shutil.rmtree(self.rig.root / name, ignore_errors=True)
        return self.show(command, self.options)

    def show_cleaned(self, command, _):
        return self.clean_and_show(command)


def steady(text):
    """What is seen in the end, without what differs from one run to the next."""
    return RULES.sub(b"===", TIMES.sub(b"T", OVERWRITTEN.sub(b"", text)))


def projects():
    for name, description in DESCRIPTIONS.items():
        marks = [pytest.mark.xdist_group(name), pytest.mark.timeout(900)]
        if description["install"]:
            marks.append(pytest.mark.projects)
        yield pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", list(projects()))
def test_files_get_the_same_bytes_bare_executed_fresh_and_restored(installed, name):
    project = sample(installed, name)
    command = project.description["build"]
    wrapped = (PROGRAM, "run", "--quiet", "--", *command)

    bare = into_files(project, command, clean=True)
    executed = into_files(project, wrapped, clean=True)
    outcomes = [project.rig.last_result()["outcome"]]
    replayed = []
    for clean in (False, True):
        replayed.append(into_files(project, wrapped, clean=clean))
        outcomes.append(project.rig.last_result()["outcome"])

    assert outcomes == ["executed", "fresh", "restored"]
    assert [TIMES.sub(b"T", text) for text in executed[1:]] == [
        TIMES.sub(b"T", text) for text in bare[1:]
    ]
    assert replayed == [executed, executed]
    assert executed[0] == bare[0] == 0


def into_files(project, command, *, clean):
    """Exit status of `COMMAND >f 2>g`, then what is in the two files."""
    rig = project.rig
    if clean:
        for name in project.output_names:
            shutil.rmtree(rig.root / name, ignore_errors=True)
    paths = [rig.place / name for name in ("f", "g")]
    with paths[0].open("wb") as out, paths[1].open("wb") as err:
        status = subprocess.run(
            command, cwd=rig.root, env=rig.environ, stdin=subprocess.DEVNULL, stdout=out,
            stderr=err, check=False,
        ).returncode  # fmt: skip
    return status, *(path.read_bytes() for path in paths)
