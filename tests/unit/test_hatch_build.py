"""The build hook: scripts where Node is, and never a failed installation."""

import importlib.util
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("hatchling")
ROOT = Path(__file__).parents[2]
NPM = '#!/bin/sh\necho "npm $*" >> "$LOG"\nexit "${NPM_STATUS:-0}"\n'
NODE = """#!/bin/sh
echo "node $*" >> "$LOG"
mkdir -p ../buildopt/report/assets
echo made > ../buildopt/report/assets/bundle.js
"""


@pytest.fixture
def hook():
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Sources, and an npm and a node that only say that they were called."""
    (tmp_path / "frontend/src").mkdir(parents=True)
    (tmp_path / "frontend/src/page.ts").write_text("one")
    (tmp_path / "buildopt/report").mkdir(parents=True)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("npm", NPM), ("node", NODE)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    for name in ("sh", "mkdir"):
        (programs / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(programs))
    return tmp_path


def calls(project):
    log = project / "log"
    return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []


def installed(hook, project):
    """What an installation says; it must not raise."""
    said = []
    app = SimpleNamespace(display_warning=said.append)
    front_end = hook.FrontEnd(str(project), {}, None, None, str(project), "wheel", app)
    front_end.initialize("standard", {})
    return said


SCRIPT = "buildopt/report/assets/bundle.js"


def test_scripts_are_built_once_for_the_same_sources(hook, project):
    assert installed(hook, project) == []
    assert installed(hook, project) == []

    assert calls(project) == ["npm", "node"]
    assert (project / SCRIPT).read_text() == "made\n"


def test_other_sources_are_built_again_and_installed_packages_do_not_count(hook, project):
    installed(hook, project)
    (project / "frontend/node_modules").mkdir()
    (project / "frontend/node_modules/x.js").write_text("x")
    installed(hook, project)
    (project / "frontend/src/page.ts").write_text("two")
    installed(hook, project)

    assert calls(project) == ["npm", "node"] * 2


def test_without_node_the_installation_goes_on_and_says_so(hook, project):
    (project / "bin/node").unlink()

    (said,) = installed(hook, project)

    assert "tables and pictures only: Node and npm are not installed" in said
    assert calls(project) == []


def test_scripts_that_an_sdist_brought_need_no_node(hook, project):
    installed(hook, project)
    (project / "bin/node").unlink()

    assert installed(hook, project) == []
    assert (project / SCRIPT).exists()


def test_a_failing_npm_does_not_fail_the_installation(hook, project, monkeypatch):
    installed(hook, project)
    (project / "frontend/src/page.ts").write_text("two")
    monkeypatch.setenv("NPM_STATUS", "1")

    (said,) = installed(hook, project)

    assert "npm ci` failed" in said
    assert not (project / SCRIPT).exists()


def test_a_project_without_sources_of_pages_is_installed_too(hook, project):
    shutil.rmtree(project / "frontend")

    assert len(installed(hook, project)) == 1
