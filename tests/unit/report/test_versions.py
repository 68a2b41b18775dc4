"""Versions of tools, by files that are still as a run found them."""

import os
import sys

import pytest

from buildopt.cache.memo import Memo
from buildopt.input_table import Input, InputTable, shortened
from buildopt.model import signature_of
from buildopt.report.processes import Process
from buildopt.report.versions import Place, versions_of


@pytest.fixture
def project(tmp_path):
    """Files of a project with the rows of a table that a run would have made."""

    class Project:
        place = Place(str(tmp_path), "/home/nobody")

        def __init__(self):
            self.rows = []

        def wrote(self, name, text, mode=0o644, kind="file"):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(mode)
            digest = Memo("").digest(str(path), signature_of(os.lstat(path))).hex()
            self.rows.append(Input(kind, name, shortened(f"{digest}+{mode:o}")))
            return path

        def versions(self, *commands):
            rows = [Process(9, 1, command, 0.0, 1.0) for command in commands]
            table = InputTable(tuple(self.rows))
            found = versions_of(rows, table, self.place, os.environ)
            return {each.name: each.version or each.note for each in found}

    return Project()


VITE = ("node", "node_modules/vite/bin/vite.js", "build")


def test_a_package_tells_its_version_in_its_manifest(project):
    project.wrote("node_modules/vite/package.json", '{"version": "7.3.8"}')

    assert project.versions(VITE) == {"vite": "7.3.8"}


def test_the_project_itself_is_no_tool(project):
    project.wrote("package.json", '{"version": "1.0.0"}')

    assert project.versions(("node", "scripts/build.js")) == {}


def test_a_package_that_was_updated_since_has_no_version(project):
    manifest = project.wrote("node_modules/vite/package.json", '{"version": "7.3.8"}')
    manifest.write_text('{"version": "8.0.0"}')

    assert project.versions(VITE) == {}


@pytest.mark.parametrize("text", ["[]", "{", '{"version": 3}', "", '{"version": "\\u001b[31m"}'])
def test_a_manifest_that_makes_no_sense_harms_nothing(project, text):
    project.wrote("node_modules/vite/package.json", text)

    assert "\x1b" not in str(project.versions(VITE))


def test_a_module_of_python_has_the_version_of_its_distribution(project):
    project.wrote("lib/site-packages/build/__main__.py", "")
    project.wrote("lib/site-packages/build-1.6.1.dist-info/METADATA", "")

    assert project.versions(("python", "-m", "build", "-n")) == {"build": "1.6.1"}


def test_a_program_is_asked_unless_it_changed_since(project):
    node = project.wrote("bin/node", "#!/bin/sh\necho v20.1.0\n", 0o755, "tool")
    assert project.versions(("node", "x.js")) == {"node": "20.1.0"}

    node.write_text("#!/bin/sh\necho v99.9.9\n")
    assert project.versions(("node", "x.js")) == {"node": "changed since"}


def test_only_what_ran_and_is_known_is_asked(project, tmp_path):
    project.wrote("bin/deploy", f"#!/bin/sh\ntouch {tmp_path}/ran\n", 0o755, "tool")
    project.wrote("bin/git", f"#!/bin/sh\ntouch {tmp_path}/ran\n", 0o755, "tool")

    assert project.versions(("bin/deploy",), (sys.executable, "/x/buildopt", "git")) == {}
    assert not (tmp_path / "ran").exists()
