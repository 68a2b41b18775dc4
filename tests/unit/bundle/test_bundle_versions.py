"""Versions of installed packages, from wherever they are told."""

import json

import pytest

from buildopt.bundle.modules import PackageCopy
from buildopt.bundle.versions import read_versions

NESTED = "node_modules/a/node_modules/b"


def version(folder, instance, name=None):
    name = name or instance.rpartition("node_modules/")[2]
    return read_versions([str(folder)]).version_of(PackageCopy(name=name, instance=instance))


@pytest.fixture
def npm_lock(tmp_path):
    packages = {
        "": {"version": "9.9.9"},
        "node_modules/b": {"version": "2.0.0"},
        NESTED: {"version": "1.0.0"},
        "packages/web/node_modules/c": {"version": "3.0.0"},
        "node_modules/own": {"link": True, "resolved": "packages/own"},
        "packages/own": {"version": "0.1.0"},
    }
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": packages}))
    return tmp_path


@pytest.mark.parametrize(
    ("instance", "expected"),
    [
        ("node_modules/b", "2.0.0"),
        (NESTED, "1.0.0"),
        ("node_modules/c", "3.0.0"),
        ("node_modules/own", "0.1.0"),
        ("node_modules/missing", None),
    ],
)
def test_npm_locks_each_copy_by_its_place(npm_lock, instance, expected):
    assert version(npm_lock, instance) == expected


def test_the_first_form_of_npms_lock_nests_its_dependencies(tmp_path):
    inner = {"b": {"version": "1.0.0"}}
    lock = {"dependencies": {"a": {"version": "5.0.0", "dependencies": inner}}}
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))

    assert version(tmp_path, NESTED) == "1.0.0"


@pytest.mark.parametrize(
    ("folder", "name", "expected"),
    [
        ("a@1.2.3", "a", "1.2.3"),
        ("@s+a@1.2.3", "@s/a", "1.2.3"),
        ("a@1.2.3_react@18.0.0", "a", "1.2.3"),
        ("a@1.2.3(react@18.0.0)", "a", "1.2.3"),
        ("b@1.2.3", "a", None),
    ],
)
def test_pnpm_tells_the_version_in_the_path(tmp_path, folder, name, expected):
    instance = f"node_modules/.pnpm/{folder}/node_modules/{name}"

    assert version(tmp_path, instance, name) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("yarn.lock", 'a@^1.0.0:\n  version "1.2.3"\n\n"@s/b@npm:^2":\n  version: 2.0.0\n'),
        ("yarn.lock", '"a@^1.0.0", a@^1.1.0:\n  version "1.2.3"\n"@s/b@1":\n  version "2.0.0"\n'),
        ("pnpm-lock.yaml", "x:\npackages:\n\n  /a@1.2.3:\n    x: y\n  '@s/b@2.0.0(react@1)':\n"),
        ("pnpm-lock.yaml", "x:\npackages:\n\n  /a/1.2.3_react@1:\n  /@s/b/2.0.0:\n"),
    ],
)
def test_a_name_that_is_locked_once_has_that_version(tmp_path, name, text):
    (tmp_path / name).write_text(text)

    assert version(tmp_path, "node_modules/a") == "1.2.3"
    assert version(tmp_path, "node_modules/@s/b") == "2.0.0"


def test_a_name_that_is_locked_twice_is_unknown_unless_the_package_tells(tmp_path):
    (tmp_path / "yarn.lock").write_text('a@1:\n  version "1.0.0"\n\na@2:\n  version "2.0.0"\n')

    assert version(tmp_path, "node_modules/a") is None

    (tmp_path / "node_modules/a").mkdir(parents=True)
    package = json.dumps({"name": "a", "version": "2.0.0"})
    (tmp_path / "node_modules/a/package.json").write_text(package)
    assert version(tmp_path, "node_modules/a") == "2.0.0"


def test_a_package_is_never_read_outside_of_the_folder(tmp_path):
    (tmp_path / "package.json").write_text(json.dumps({"name": "a", "version": "6.6.6"}))
    (tmp_path / "project").mkdir()

    assert version(tmp_path / "project", "node_modules/../..", "a") is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"packages": 7}', "\xff", "[" * 100_000])
def test_a_broken_lock_file_tells_nothing(tmp_path, text):
    for name in ("package-lock.json", "yarn.lock", "pnpm-lock.yaml"):
        (tmp_path / name).write_text(text, encoding="latin-1")

    assert version(tmp_path, "node_modules/a") is None
