"""Private paths, state, temporary folders, and folders above the project."""

from __future__ import annotations

import hashlib

import pytest


def value(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


@pytest.mark.parametrize(
    "path",
    [
        "__pycache__/m.cpython-311.pyc",
        "node_modules/.cache/x",
        "node_modules/.vite-temp/config.mjs",
        ".eslintcache",
        "deep/.mypy_cache/x",
        ".next/cache/x",
    ],
)
def test_a_private_path_is_neither_input_nor_output(script, root, path):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(b"old")

    script.cat(path)
    script.write(path)

    seen = script.end()
    assert seen.inputs == {}
    assert seen.outputs == []


def test_state_that_changed_holds_as_found_and_as_left(script, root):
    (root / ".pytest_cache").mkdir()
    (root / ".pytest_cache" / "lastfailed").write_bytes(b"old")

    script.cat(".pytest_cache/lastfailed")
    script.write(".pytest_cache/lastfailed", b"new")

    seen = script.end()
    both = f"{value(b'old')}|{value(b'new')}"
    assert seen.inputs["file", ".pytest_cache/lastfailed"] == both
    assert seen.outputs == []


def test_state_that_was_not_there_holds_with_nothing_as_well(script):
    script.cat("tsconfig.tsbuildinfo")
    script.write("tsconfig.tsbuildinfo", b"new")

    seen = script.end()
    assert seen.inputs["file", "tsconfig.tsbuildinfo"] == f"|{value(b'new')}"
    assert seen.outputs == ["tsconfig.tsbuildinfo"]


def test_state_that_was_only_read_was_left_as_it_was_found(script, root):
    (root / "x.tsbuildinfo").write_bytes(b"old")

    script.cat("x.tsbuildinfo")

    seen = script.end()
    assert seen.inputs == {("file", "x.tsbuildinfo"): f"{value(b'old')}|{value(b'old')}"}
    assert seen.outputs == []


def test_what_a_run_makes_in_a_temporary_folder_does_not_count(root, script_in):
    script = script_in(root, temporary_folders=(str(root.parent / "tmp"),))
    folder = str(root.parent / "tmp")
    (root.parent / "tmp").mkdir()

    script.ls(folder)
    script.mkdir(f"{folder}/deep")
    script.write(f"{folder}/deep/a")
    script.create(f"{folder}/left")

    seen = script.end()
    assert seen.inputs == {("directory", folder): ""}
    assert seen.outputs == []


def test_what_was_in_a_temporary_folder_before_is_an_input(root, script_in):
    (root.parent / "tmp").mkdir()
    before = root.parent / "tmp" / "before"
    before.write_bytes(b"text")
    script = script_in(root, temporary_folders=(str(root.parent / "tmp"),))

    script.cat(str(before))
    script.unlink(str(before))

    seen = script.end()
    assert seen.inputs == {
        ("file", str(before)): value(b"text"),
        ("directory", str(before.parent)): "",
    }
    assert seen.removed == []


def test_a_project_in_a_temporary_folder_counts(root, script_in):
    script = script_in(root, temporary_folders=(str(root.parent),))

    script.write("out")

    assert script.end().outputs == ["out"]


def test_of_a_folder_above_the_project_only_what_resolvers_look_for_counts(root, script):
    (root.parent / "package.json").write_bytes(b"{}")
    (root.parent / "tsconfig.build.json").write_bytes(b"{}")
    (root.parent / "unrelated").write_bytes(b"")

    script.ls(str(root.parent))

    inputs = script.end().inputs
    above = str(root.parent)
    assert inputs["file", f"{above}/package.json"] == value(b"{}")
    assert inputs["file", f"{above}/tsconfig.build.json"] == value(b"{}")
    assert inputs["absent", f"{above}/node_modules"] == ""
    assert ("listing", above) not in inputs
    assert not any("unrelated" in subject for _, subject in inputs)


def test_our_own_folders_do_not_count(root, script_in):
    script = script_in(root, ignored_folders=(str(root / "cache"),))
    (root / "cache").mkdir()

    script.write("cache/x")
    script.ls(".")

    seen = script.end()
    assert seen.outputs == []
    assert seen.inputs["listing", "."] == ""
