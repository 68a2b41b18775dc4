"""What an earlier run of the same task made: adopted, exempt, or an input like any file."""

from __future__ import annotations

import hashlib
from pathlib import Path


def value(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def fill(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(path.encode())


def test_a_copy_that_was_up_to_date_is_adopted(script_owning, root):
    fill(root, "src/a", "src/b", "dst/a", "dst/b")
    script = script_owning("dst/a", "dst/b")

    for name in ("a", "b"):
        script.stat(f"src/{name}")
        script.stat(f"dst/{name}")
    script.cat("src/a")
    script.write("dst/a")

    seen = script.end()
    assert seen.outputs == ["dst/a", "dst/b"]
    assert seen.inputs["absent", "dst/a"] == "own"
    assert seen.inputs["absent", "dst/b"] == "kept"


def test_an_own_output_that_is_read_is_an_ordinary_input(script_owning, root):
    fill(root, "out")
    script = script_owning("out")

    script.cat("out")

    seen = script.end()
    assert seen.inputs == {("file", "out"): value(b"out")}
    assert seen.outputs == []


def test_an_own_output_that_is_read_and_rewritten_is_both(script_owning, root):
    fill(root, "out")
    script = script_owning("out")

    script.stat("out")
    script.cat("out")
    script.write("out", b"other")

    seen = script.end()
    assert seen.inputs["file", "out"] == value(b"out")
    assert seen.outputs == ["out"]


def test_an_own_output_that_is_gone_and_stays_gone_is_a_dependency(script_owning):
    script = script_owning("out")

    script.stat("out")

    assert script.end().inputs == {("absent", "out"): ""}


def test_an_own_folder_that_is_emptied_and_filled_again_does_not_count(script_owning, root):
    fill(root, "dist/a", "dist/b")
    script = script_owning("dist", "dist/a", "dist/b")

    script.rm_rf("dist")
    script.mkdir("dist")
    script.write("dist/a")

    seen = script.end()
    assert seen.below_root() == {
        ("absent", "dist"): "own",
        ("absent", "dist/a"): "own",
        ("absent", "dist/b"): "own",
        ("listing", "dist"): "",
    }
    assert seen.outputs == ["dist", "dist/a"]
    assert seen.removed == ["dist/b"]


def test_own_outputs_that_are_removed_are_not_digested(script_owning, root):
    fill(root, "dist/a")
    script = script_owning("dist", "dist/a")

    script.rm_rf("dist")

    assert script.digested == []


def test_a_stranger_among_own_outputs_is_shown_by_the_listing(script_owning, root):
    fill(root, "dist/a", "dist/foreign")
    script = script_owning("dist", "dist/a")

    script.rm_rf("dist")
    script.mkdir("dist")

    seen = script.end()
    assert seen.inputs["listing", "dist"] == "fforeign"
    assert seen.inputs["file", "dist/foreign"] == value(b"dist/foreign")


def test_own_outputs_that_a_listing_shows_are_adopted(script_owning, root):
    fill(root, "dist/a", "dist/b")
    script = script_owning("dist/a")

    script.ls("dist")

    seen = script.end()
    assert seen.inputs["listing", "dist"] == "fb"
    assert seen.inputs["absent", "dist/a"] == "kept"
    assert seen.outputs == ["dist/a"]


def test_own_outputs_that_a_listing_did_not_show_are_absent(script_owning, root):
    fill(root, "dist/b")
    script = script_owning("dist/a")

    script.ls("dist")

    assert script.end().inputs["absent", "dist/a"] == ""


def test_an_own_folder_that_is_there_is_adopted(script_owning, root):
    (root / "dist").mkdir()
    script = script_owning("dist")

    script.mkdir("dist")

    seen = script.end()
    assert seen.below_root() == {("absent", "dist"): "kept"}
    assert seen.outputs == ["dist"]


def test_changing_only_the_mode_of_an_own_output_makes_it_an_input(script_owning, root):
    fill(root, "tool")
    script = script_owning("tool")

    script.chmod("tool", 0o755)

    seen = script.end()
    assert seen.inputs["file", "tool"] == value(b"tool")
    assert seen.outputs == ["tool"]


def test_with_strict_outputs_what_was_made_before_is_an_input(script_owning, root):
    fill(root, "dist/a")
    script = script_owning("dist", "dist/a", strict_outputs=True)

    script.stat("dist/a")
    script.write("dist/a")

    seen = script.end()
    assert seen.inputs["file", "dist/a"] == value(b"dist/a")
    assert seen.outputs == ["dist/a"]


def test_with_strict_outputs_a_listing_shows_what_was_made_before(script_owning, root):
    fill(root, "dist/a")
    script = script_owning("dist/a", strict_outputs=True)

    script.ls("dist")

    seen = script.end()
    assert seen.inputs["listing", "dist"] == "fa"
    assert seen.inputs["file", "dist/a"] == value(b"dist/a")
    assert seen.outputs == []
