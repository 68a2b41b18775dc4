"""Two environments that a front end makes alike are equal; any other one is not."""

import sys

from buildopt.integrations.backend.environment import PIPS_OWN, build_environment
from buildopt.integrations.backend.hook import Asked, key_of
from buildopt.integrations.backend.wrapped import Wrapping

WRAPPED = Wrapping("hatchling.build")
ASKED = Asked("build_wheel", "/tmp/somewhere")


def environment_of_pip(place, monkeypatch, packages=("hatchling-1.0.dist-info",)):
    site = place / "site"
    installed = place / "overlay" / "site-packages"
    site.mkdir(parents=True)
    (site / "sitecustomize.py").write_text(f"import site; site.addsitedir('{installed}')\n")
    for package in packages:
        (installed / package).mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(site), str(installed)])
    return build_environment({"PYTHONPATH": str(site)})


def test_folder_of_pip_is_found_and_its_own_file_left_out(tmp_path, monkeypatch):
    around = environment_of_pip(tmp_path / "pip-build-env-1", monkeypatch)

    assert around.folder == str(tmp_path / "pip-build-env-1")
    own = str(tmp_path / "pip-build-env-1/site/sitecustomize.py")
    assert around.run_command()[-4:] == ["--ignore-env", PIPS_OWN, "--ignore-input", own]


def test_our_own_program_in_that_folder_is_one_of_its_own_files(tmp_path, monkeypatch):
    around = environment_of_pip(tmp_path / "env", monkeypatch)
    program = tmp_path / "env" / "overlay" / "bin" / "buildopt"
    program.parent.mkdir()
    program.write_text(f"#!{tmp_path}/env/bin/python\n")

    installed = around._replace(program=str(program))

    assert str(program) in installed.own_files()
    assert installed.run_command()[2:4] == [str(program), "run"]


def test_key_is_that_of_what_is_installed_wherever_that_is(tmp_path, monkeypatch):
    def key(name, *packages):
        around = environment_of_pip(tmp_path / name, monkeypatch, *packages)
        return key_of(ASKED, WRAPPED, around, "/p")

    assert key("one") == key("two")
    assert key("three", ("hatchling-1.1.dist-info",)) != key("four")


def test_own_file_counts_without_the_folder(tmp_path, monkeypatch):
    around = environment_of_pip(tmp_path / "one", monkeypatch)
    before = key_of(ASKED, WRAPPED, around, "/p")
    [own] = around.own_files()
    with open(own, "a") as file:
        file.write("import os\n")

    assert key_of(ASKED, WRAPPED, around, "/p") != before


def test_virtual_environment_is_its_prefix(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    (tmp_path / "pyvenv.cfg").write_text("home = /usr/bin")

    assert build_environment({}).own_files() == [str(tmp_path / "pyvenv.cfg")]


def test_python_without_an_environment_has_none(monkeypatch):
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)

    around = build_environment({"PYTHONPATH": "/nowhere"})

    assert (around.folder, around.own_files()) == ("", [])
