"""The build backend around four others, under the front ends that people use."""

import re
import shutil
import subprocess
import zipfile

import pytest

from tests.e2e.integrations_rig import ROOT, at

pytestmark = [
    pytest.mark.projects,
    pytest.mark.xdist_group("integrations"),
    pytest.mark.timeout(600),
]
FRONT_ENDS = {
    "pip": ("pip wheel -v --no-deps -w out .", "--no-build-isolation"),
    "build": ("python -m build -o out .", "-n"),
    "uv": ("uv build -o out --python $(which python) .", "--no-build-isolation"),
}
BACKENDS = {
    "hatchling": "hatchling.build",
    "setuptools": "setuptools.build_meta",
    "flit": "flit_core.buildapi",
    "poetry": "poetry.core.masonry.api",
}
ISOLATED = [("build", "setuptools"), ("uv", "poetry")]
"""pip's own is in the guide: docs/guides/python-builds.md."""
HERE = [*(("pip", backend) for backend in BACKENDS), ("build", "poetry"), ("uv", "flit")]
CASES = [*((*case, True) for case in ISOLATED), *((*case, False) for case in HERE)]


class Project:
    """A sample in a folder of its own."""

    def __init__(self, backend, place, environ):
        self.root = place / "project"
        self.environ = at(environ, place)
        shutil.copytree(ROOT / "fixtures" / "backends" / backend, self.root)

    def build(self, front_end, *, isolated):
        """How the hooks were answered, and what is in the wheel."""
        shutil.rmtree(self.root / "out", ignore_errors=True)
        command, without_isolation = FRONT_ENDS[front_end]
        done = self.call(command if isolated else f"{command} {without_isolation}")
        assert done.returncode == 0, done.stdout
        [wheel] = (self.root / "out").glob("*.whl")
        with zipfile.ZipFile(wheel) as packed:
            content = {name: packed.read(name) for name in packed.namelist()}
        return re.findall(r"buildopt: (\w+)", done.stdout), content, wheel.read_bytes()

    def call(self, command):
        return subprocess.run(
            ["bash", "-c", command], cwd=self.root, env=self.environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip

    def edit(self, name, old, new):
        path = self.root / name
        path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("front_end", "backend", "isolated"),
    CASES,
    ids=["-".join((*case[:2], "isolated" if case[2] else "here")) for case in CASES],
)
def test_second_build_is_answered_and_an_edit_is_built(
    front_end, backend, isolated, build_tools, tmp_path
):
    project = Project(backend, tmp_path, build_tools)
    hooks = 1 if front_end == "pip" else 2

    first, made, file = project.build(front_end, isolated=isolated)
    again, _, same_file = project.build(front_end, isolated=isolated)

    assert (first, again) == (["executed"] * hooks, ["restored"] * hooks)
    assert same_file == file
    if isolated:
        return  # it takes seconds, and an edit is an edit
    project.edit("src/knots/__init__.py", "Counts knots", "Counts all knots")
    edited, changed, _ = project.build(front_end, isolated=isolated)
    assert edited == ["executed"] * hooks
    assert b"Counts all knots" in changed["knots/__init__.py"]
    assert b"Counts knots" in made["knots/__init__.py"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_wheel_is_that_of_the_wrapped_backend(backend, build_tools, tmp_path):
    project = Project(backend, tmp_path, build_tools)
    project.build("pip", isolated=False)
    _, answered, _ = project.build("pip", isolated=False)
    shutil.rmtree(project.root / "build", ignore_errors=True)
    project.edit("pyproject.toml", "buildopt.integrations.pep517", BACKENDS[backend])
    hooks, alone, _ = project.build("pip", isolated=False)

    assert hooks == []
    assert answered == alone


def test_mistake_in_the_project_is_told_as_without_us(build_tools, tmp_path):
    project = Project("flit", tmp_path, build_tools)
    project.edit("pyproject.toml", 'description = "Counts knots"', "description = 3")
    wrapped = project.call("python -m build -w -n -o out .")
    project.edit("pyproject.toml", "buildopt.integrations.pep517", BACKENDS["flit"])
    alone = project.call("python -m build -w -n -o out .")

    assert (wrapped.returncode, alone.returncode) == (1, 1)
    [said] = [line for line in alone.stdout.splitlines() if line.startswith("flit_core.config.")]
    assert said in wrapped.stdout.splitlines()
    assert wrapped.stdout.count(said) == 1


def test_editable_install_is_the_wrapped_backends(build_tools, tmp_path):
    project = Project("hatchling", tmp_path, build_tools)
    target = tmp_path / "target"

    done = project.call(f"pip install -v --no-deps --no-build-isolation --target {target} -e .")

    assert done.returncode == 0, done.stdout
    assert "buildopt: executed" not in done.stdout
    assert list(target.glob("*knots*.pth"))


def test_backend_and_hook_of_hatchling_are_answered_together(build_tools, tmp_path):
    """An isolated build, in which npm starts the script shell that is in its environment.

    By uv; the guide has the hook under pip.
    """
    project = Project("front-end", tmp_path, build_tools)
    table = 'buildopt.integrations.pep517"\n\n[tool.buildopt.pep517]\nbackend = "hatchling.build"'
    project.edit("pyproject.toml", 'hatchling.build"', table)

    first, made, file = project.build("uv", isolated=True)
    again, _, same_file = project.build("uv", isolated=True)

    assert (first, again) == (["executed"] * 2, ["restored"] * 2)
    assert made["knots/static/index.html"] == b"<!doctype html><title>Knots</title>\n"
    assert same_file == file
