"""Each kind of access, as the table of what it makes a dependency or an output says."""

from __future__ import annotations

import hashlib
import os

import pytest

from buildopt.model import PRESENT


def value(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def test_a_file_that_was_read_is_an_input(script, root):
    (root / "a").write_bytes(b"text")

    script.cat("a")

    assert script.end().inputs == {("file", "a"): value(b"text")}


def test_content_is_digested_after_the_run_and_not_during_it(script, root):
    (root / "a").write_bytes(b"text")

    script.cat("a")
    script.ledger.result()

    assert script.digested == []


def test_a_file_that_was_only_looked_at_is_an_input_with_its_content(script, root):
    (root / "a").write_bytes(b"text")

    script.stat("a")

    assert script.end().inputs == {("file", "a"): value(b"text")}


def test_an_executable_bit_is_part_of_the_value(script, root):
    (root / "tool").write_bytes(b"text")
    (root / "tool").chmod(0o755)

    script.stat("tool")

    assert script.end().inputs == {("file", "tool"): value(b"text") + "+x"}


def test_a_program_that_was_executed_is_a_tool(script, root):
    (root / "tool").write_bytes(b"text")
    (root / "tool").chmod(0o755)

    script.stat("tool")
    script.execute("tool")

    assert script.end().inputs == {("tool", "tool"): value(b"text") + "+x"}


def test_a_file_that_was_looked_for_in_vain_is_absent(script):
    script.cat("a")
    script.stat("x/b")

    assert script.end().inputs == {("absent", "a"): "", ("absent", "x/b"): ""}


def test_a_path_through_a_file_depends_on_that_file(script, root):
    (root / "a").write_bytes(b"text")

    script.stat("a/b")

    assert script.end().inputs == {("file", "a"): PRESENT, ("absent", "a/b"): "ENOTDIR"}


def test_a_folder_that_was_looked_at_is_a_directory(script, root):
    (root / "d").mkdir()

    script.stat("d")

    assert script.end().inputs == {("directory", "d"): "755"}


def test_a_listing_holds_types_and_names(script, root):
    (root / "d" / "sub").mkdir(parents=True)
    (root / "d" / "b").write_bytes(b"")
    (root / "d" / "l").symlink_to("b")
    os.mkfifo(root / "d" / "p")

    script.ls("d")

    assert script.end().inputs == {("directory", "d"): "755", ("listing", "d"): "dsub/fb/ll/op"}


def test_the_listing_counts_as_it_was_first_seen(script, root):
    (root / "d").mkdir()
    (root / "d" / "old").write_bytes(b"")

    script.ls("d")
    script.write("d/new")
    script.ls("d")

    assert script.end().inputs["listing", "d"] == "fold"


def test_a_listing_leaves_out_private_paths_and_state(script, root):
    (root / "d" / "__pycache__").mkdir(parents=True)
    (root / "d" / "x.tsbuildinfo").write_bytes(b"")
    (root / "d" / "a").write_bytes(b"")

    script.ls("d")

    assert script.end().inputs["listing", "d"] == "fa"


def test_a_link_that_was_followed_counts_with_its_target(script, root):
    (root / "a").write_bytes(b"text")
    (root / "l").symlink_to("a")

    script.cat("l")

    assert script.end().inputs == {("link", "l"): "a", ("file", "a"): value(b"text")}


def test_a_link_that_was_read_counts_alone(script, root):
    (root / "l").symlink_to("nowhere")

    script.readlink("l")

    assert script.end().inputs == {("link", "l"): "nowhere"}


def test_a_link_on_the_way_counts_and_what_lies_behind_has_its_real_path(script, root):
    (root / "real").mkdir()
    (root / "real" / "a").write_bytes(b"text")
    (root / "d").symlink_to("real")

    script.cat("d/a")

    assert script.end().inputs == {("link", "d"): "real", ("file", "real/a"): value(b"text")}


def test_a_link_with_a_parent_in_its_target_is_resolved_as_the_kernel_does(script, root):
    (root / "x" / "y").mkdir(parents=True)
    (root / "d").symlink_to("x/y")
    (root / "x" / "a").write_bytes(b"text")
    (root / "l").symlink_to("d/../a")

    script.cat("l")

    assert script.end().inputs == {
        ("link", "l"): "d/../a",
        ("link", "d"): "x/y",
        ("file", "x/a"): value(b"text"),
    }


def test_links_in_a_circle_all_count(script, root):
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")

    script.cat("a")

    assert script.end().inputs == {("link", "a"): "b", ("link", "b"): "a"}


def test_a_dangling_link_makes_its_target_absent(script, root):
    (root / "l").symlink_to("gone")

    script.cat("l")

    assert script.end().inputs == {("link", "l"): "gone", ("absent", "gone"): ""}


def test_what_is_overwritten_is_an_output_and_no_input(script, root):
    (root / "out").write_bytes(b"old")

    script.write("out")

    seen = script.end()
    assert seen.inputs == {("directory", "."): "755"}
    assert seen.outputs == ["out"]


def test_a_file_made_anew_is_an_output(script):
    script.write("out")

    seen = script.end()
    assert seen.below_root() == {}
    assert seen.outputs == ["out"]


def test_what_was_written_before_it_was_read_is_no_input(script):
    script.write("out")
    script.cat("out")
    script.stat("out")

    assert script.end().below_root() == {}


def test_what_was_read_before_it_was_written_is_both(script, root):
    (root / "a").write_bytes(b"before")

    script.cat("a")
    script.write("a", b"after")

    seen = script.end()
    assert seen.below_root() == {("file", "a"): value(b"before")}
    assert seen.outputs == ["a"]


@pytest.mark.parametrize("flags", [os.O_RDWR, os.O_WRONLY, os.O_WRONLY | os.O_APPEND])
def test_writing_into_what_was_there_makes_it_an_input(script, root, flags):
    (root / "a").write_bytes(b"before")

    script.open("a", flags, b"x")

    seen = script.end()
    assert seen.below_root() == {("file", "a"): value(b"before")}
    assert seen.outputs == ["a"]


def test_truncating_keeps_content_that_then_counts(script, root):
    (root / "a").write_bytes(b"before")

    script.truncate("a", 3)

    seen = script.end()
    assert seen.below_root() == {("file", "a"): value(b"before")}
    assert seen.outputs == ["a"]


def test_a_removed_file_is_a_tombstone_and_its_content_an_input(script, root):
    (root / "a").write_bytes(b"before")

    script.unlink("a")

    seen = script.end()
    assert seen.below_root() == {("file", "a"): value(b"before")}
    assert seen.removed == ["a"]
    assert seen.outputs == []


def test_a_removed_tree_is_a_tombstone_for_each_member(script, root):
    (root / "d" / "sub").mkdir(parents=True)
    (root / "d" / "sub" / "a").write_bytes(b"text")

    script.rm_rf("d")

    assert script.end().removed == ["d", "d/sub", "d/sub/a"]


def test_a_renamed_file_is_an_input_and_its_new_name_an_output(script, root):
    (root / "a").write_bytes(b"text")

    script.rename("a", "b")

    seen = script.end()
    assert seen.below_root() == {("file", "a"): value(b"text")}
    assert seen.removed == ["a"]
    assert seen.outputs == ["b"]


def test_a_renamed_folder_counts_with_each_member(script, root):
    (root / "src" / "sub").mkdir(parents=True)
    (root / "src" / "sub" / "a").write_bytes(b"text")
    (root / "src" / "l").symlink_to("sub")

    script.rename("src", "lib")

    seen = script.end()
    assert seen.inputs["file", "src/sub/a"] == value(b"text")
    assert seen.inputs["listing", "src"] == "dsub/ll"
    assert seen.inputs["listing", "src/sub"] == "fa"
    assert seen.inputs["link", "src/l"] == "sub"
    assert seen.removed == ["src", "src/l", "src/sub", "src/sub/a"]
    assert seen.outputs == ["lib", "lib/l", "lib/sub", "lib/sub/a"]


def test_a_folder_published_by_rename_is_an_output_with_all_in_it(script):
    script.mkdir("dist.tmp")
    script.mkdir("dist.tmp/assets")
    script.write("dist.tmp/assets/a.js")
    script.rename("dist.tmp", "dist")
    script.cat("dist/assets/a.js")

    seen = script.end()
    assert seen.outputs == ["dist", "dist/assets", "dist/assets/a.js"]
    assert seen.removed == []
    assert ("file", "dist/assets/a.js") not in seen.inputs


def test_what_was_looked_for_below_a_folder_that_came_by_rename_is_an_output(script):
    script.stat("dist/a")
    script.mkdir("dist.tmp")
    script.write("dist.tmp/a")
    script.rename("dist.tmp", "dist")
    script.cat("dist/a")

    seen = script.end()
    assert seen.changed == []
    assert seen.inputs["absent", "dist/a"] == "own"
    assert seen.outputs == ["dist", "dist/a"]


def test_a_file_published_by_rename_leaves_nothing_of_its_temporary_name(script, root):
    (root / "out").write_bytes(b"old")

    script.create(".out.tmp")
    script.rename(".out.tmp", "out")

    seen = script.end()
    assert seen.below_root() == {("absent", ".out.tmp"): ""}
    assert seen.outputs == ["out"]
    assert seen.removed == []


def test_what_is_made_and_gone_again_is_nothing(script):
    script.mkdir("work")
    script.write("work/a")
    script.rm_rf("work")

    seen = script.end()
    assert seen.below_root() == {("absent", "work"): ""}
    assert (seen.outputs, seen.removed, seen.changed) == ([], [], [])


def test_a_hard_link_reads_one_name_and_makes_the_other(script, root):
    (root / "a").write_bytes(b"text")

    script.link("a", "b")

    seen = script.end()
    assert seen.below_root() == {("file", "a"): value(b"text"), ("absent", "b"): "own"}
    assert seen.outputs == ["b"]
    assert seen.changed == []


def test_a_change_by_another_name_of_a_file_keeps_what_was_read(script, root):
    (root / "a").write_bytes(b"before")
    (root / "b").hardlink_to(root / "a")

    script.cat("a")
    script.append("b", b"!")

    seen = script.end()
    assert seen.inputs["file", "a"] == value(b"before")
    assert seen.outputs == ["a", "b"]


def test_removing_another_name_of_an_input_leaves_it_an_input(script, root):
    (root / "a").write_bytes(b"text")
    (root / "b").hardlink_to(root / "a")

    script.cat("a")
    script.unlink("b")

    seen = script.end()
    assert seen.inputs["file", "a"] == value(b"text")
    assert seen.changed == []
    assert seen.outputs == []
    assert seen.removed == ["b"]


def test_permission_bits_are_an_output_whose_content_is_an_input(script, root):
    (root / "a").write_bytes(b"text")

    script.chmod("a", 0o755)

    seen = script.end()
    assert seen.below_root() == {("file", "a"): value(b"text")}
    assert seen.outputs == ["a"]


def test_permission_bits_of_a_folder_are_an_output(script, root):
    (root / "d").mkdir(mode=0o755)

    script.chmod("d", 0o700)

    seen = script.end()
    assert seen.below_root() == {("directory", "d"): "755"}
    assert seen.outputs == ["d"]


def test_a_new_time_alone_is_no_output(script, root):
    (root / "a").write_bytes(b"text")

    script.utime("a")

    seen = script.end()
    assert seen.below_root() == {("file", "a"): value(b"text")}
    assert (seen.outputs, seen.changed) == ([], [])


def test_a_named_pipe_that_stays_leaves_the_run_incomplete(script):
    script.mkfifo("p")

    assert script.end().incomplete == [("incomplete", "p")]


def test_a_named_pipe_that_goes_again_does_not_matter(script):
    script.mkfifo("p")
    script.unlink("p")

    assert script.end().incomplete == []


def test_outputs_of_every_kind_are_told(script):
    script.mkdir("dist")
    script.mkdir("dist/empty")
    script.write("dist/a")
    script.symlink("a", "dist/l")

    assert script.end().outputs == ["dist", "dist/a", "dist/empty", "dist/l"]


def test_names_of_any_bytes_survive(script, root):
    name = os.fsdecode(b"new\nline\xff")
    (root / name).write_bytes(b"text")

    script.cat(name)

    assert script.end().inputs == {("file", name): value(b"text")}


def test_a_name_longer_than_any_file_system_allows_is_no_dependency(script):
    script.cat("n" * 300)

    assert script.end().inputs == {}
