"""Rules whose violation gives a wrong hit, or costs the user a file."""

from __future__ import annotations

import hashlib
import os


def value(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def test_a_failed_move_onto_a_file_leaves_it_a_dependency(script, root):
    (root / "d").mkdir()
    (root / "d" / "x").write_bytes(b"mine")

    script.rename("c", "d/x")

    seen = script.end()
    assert seen.outputs == []
    assert seen.inputs["absent", "c"] == ""
    assert seen.inputs["file", "d/x"] == value(b"mine")
    assert seen.inputs["directory", "d"] == "755"


def test_a_failed_move_does_not_hide_what_is_read_afterwards(script, root):
    (root / "a").write_bytes(b"b\na\n")

    script.rename("c", "a")
    script.cat("a")
    script.write("a", b"a\nb\n")

    seen = script.end()
    assert seen.inputs["file", "a"] == value(b"b\na\n")
    assert seen.outputs == ["a"]


def test_appending_to_nothing_depends_on_nothing_being_there(script):
    script.append("log")

    seen = script.end()
    assert seen.below_root() == {("absent", "log"): ""}
    assert seen.outputs == ["log"]


def test_appending_to_nothing_counts_although_it_was_probed_before(script):
    script.stat("log")
    script.append("log")

    assert script.end().inputs["absent", "log"] == ""


def test_a_counter_depends_on_the_file_that_it_did_not_find(script):
    script.cat("n")
    script.write("n", b"1")

    assert script.end().inputs["absent", "n"] == ""


def test_what_is_made_only_where_nothing_is_holds_for_own_paths_alone(script):
    script.mkdir("d")
    script.create("a")
    script.symlink("a", "l")

    seen = script.end()
    assert seen.below_root() == {
        ("absent", "d"): "own",
        ("absent", "a"): "own",
        ("absent", "l"): "own",
    }


def test_with_strict_outputs_nothing_holds_for_own_paths(strict):
    strict.mkdir("d")
    strict.stat("b")
    strict.write("b")

    assert strict.end().below_root() == {("absent", "d"): "", ("absent", "b"): ""}


def test_removing_what_is_not_there_is_a_look(script):
    script.unlink("a")

    seen = script.end()
    assert seen.below_root() == {("absent", "a"): ""}
    assert (seen.outputs, seen.removed) == ([], [])


def test_making_something_in_a_missing_folder_depends_on_the_folder(script):
    script.symlink("t", "e/w")

    seen = script.end()
    assert seen.inputs["absent", "e"] == ""
    assert seen.inputs["absent", "e/w"] == ""
    assert seen.outputs == []


def test_making_something_depends_on_its_folder(script, root):
    (root / "e").mkdir()

    script.write("e/w")

    assert script.end().inputs == {("directory", "e"): "755"}


def test_a_probe_of_a_size_depends_on_the_content(script, root):
    (root / "f").write_bytes(b"text")

    script.stat("f")

    assert script.end().inputs["file", "f"] == value(b"text")


def test_a_folder_made_does_not_hide_what_is_looked_at_below_one_that_was_there(script, root):
    (root / "st").mkdir()

    script.mkdir("st")
    script.append("st/log")

    assert script.end().inputs["absent", "st/log"] == ""


def test_listing_and_removing_everything_depends_on_strangers_in_the_folder(script, root):
    (root / "dist").mkdir()
    (root / "dist" / "foreign").write_bytes(b"")

    script.rm_rf("dist")
    script.mkdir("dist")
    script.write("dist/a")

    seen = script.end()
    assert seen.inputs["listing", "dist"] == "fforeign"
    assert seen.inputs["file", "dist/foreign"] == value(b"")
    assert seen.outputs == ["dist", "dist/a"]
    assert seen.removed == ["dist/foreign"]


def test_a_listing_leaves_out_what_the_run_had_made_before(script, root):
    (root / "src").mkdir()

    script.write("src/out")
    script.ls("src")

    assert script.end().inputs["listing", "src"] == ""


def test_what_a_listing_did_not_show_counts_when_it_is_made_later(strict, root):
    (root / "d").mkdir()

    strict.ls("d")
    strict.write("d/b")

    assert strict.end().inputs["absent", "d/b"] == ""


def test_what_a_listing_showed_counts_when_it_is_overwritten_later(script, root):
    (root / "d").mkdir()
    (root / "d" / "b").write_bytes(b"old")

    script.ls("d")
    script.write("d/b")

    seen = script.end()
    assert seen.inputs["listing", "d"] == ""
    assert seen.inputs["file", "d/b"] == value(b"old")


def test_a_renamed_folder_that_was_made_hides_nothing_at_a_path_that_it_left(script, root):
    (root / "a").mkdir()
    (root / "a" / "x").write_bytes(b"old")

    script.rename("a", "b")
    script.cat("a/x")
    script.mkdir("a")
    script.write("a/x")

    seen = script.end()
    assert seen.inputs["file", "a/x"] == value(b"old")
    assert seen.outputs == ["a", "a/x", "b", "b/x"]


def test_a_failed_move_of_a_folder_leaves_each_member_a_dependency(script, root):
    (root / "a").mkdir()
    (root / "a" / "x").write_bytes(b"old")
    (root / "b").mkdir()
    (root / "b" / "y").write_bytes(b"full")

    script.rename("a", "b")
    script.cat("a/x")
    script.write("b/x")

    seen = script.end()
    assert seen.inputs["file", "a/x"] == value(b"old")
    assert seen.inputs["listing", "b"] == "fy"
    assert (seen.outputs, seen.removed) == (["b/x"], [])


def test_replacing_an_empty_folder_by_rename_depends_on_its_being_empty(script, root):
    (root / "a").mkdir()
    (root / "b").mkdir()

    script.rename("a", "b")

    assert script.end().inputs["listing", "b"] == ""


def test_a_repointed_link_is_followed_to_its_new_target(script, root):
    for name in ("one", "two"):
        (root / name).mkdir()
        (root / name / "a").write_bytes(name.encode())
    (root / "d").symlink_to("one")

    script.cat("d/a")
    script.unlink("d")
    script.symlink("two", "d")
    script.cat("d/a")

    seen = script.end()
    assert seen.inputs["link", "d"] == "one"
    assert seen.inputs["file", "one/a"] == value(b"one")
    assert seen.inputs["file", "two/a"] == value(b"two")


def test_writing_through_a_link_makes_its_target(script, root):
    (root / "l").symlink_to("target")

    script.write("l")

    seen = script.end()
    assert seen.inputs["link", "l"] == "target"
    assert seen.outputs == ["target"]


def test_an_input_that_somebody_else_changes_meanwhile_is_told(script, root):
    (root / "a").write_bytes(b"before")

    script.cat("a")
    (root / "a").write_bytes(b"edited")

    seen = script.end()
    assert seen.changed == ["a"]
    assert seen.incomplete == [("input-changed", "a")]


def test_an_input_that_is_edited_and_then_written_by_the_run_is_told(script, root):
    (root / "a").write_bytes(b"before")

    script.cat("a")
    (root / "a").write_bytes(b"edited")
    script.append("a")

    assert script.end().changed == ["a"]


def test_an_edit_between_end_and_digest_is_told(script, root):
    (root / "a").write_bytes(b"before")
    script.cat("a")
    summed_up = script.ledger.result()
    (root / "a").write_bytes(b"edited")

    from buildopt.observe.decoding import decode

    observed = decode(summed_up, None, script._digest)

    assert observed.changed == (str(root / "a"),)


def test_a_file_that_appears_meanwhile_where_nothing_was_found_is_told(script, root):
    script.stat("a")
    (root / "a").write_bytes(b"")

    assert script.end().changed == ["a"]


def test_a_name_that_appears_meanwhile_in_a_listed_folder_is_told(script, root):
    (root / "d").mkdir()

    script.ls("d")
    (root / "d" / "new").write_bytes(b"")

    assert script.end().changed == ["d/new"]


def test_an_input_edited_before_it_is_read_counts_with_what_was_read(script, root):
    (root / "a").write_bytes(b"before")
    (root / "b").write_bytes(b"")

    script.cat("b")
    (root / "a").write_bytes(b"edited")
    script.cat("a")

    seen = script.end()
    assert seen.inputs["file", "a"] == value(b"edited")
    assert seen.changed == []


def test_a_young_file_is_digested_at_once_where_times_are_coarse(root, script):
    from buildopt.observe.ledger import Ledger

    (root / "a").write_bytes(b"before")
    ledger = Ledger(script.policy, script._digest, granularity=lambda _d, _p: 1 << 62)
    script.ledger = ledger

    script.cat("a")

    assert script.digested == [str(root / "a")]


def test_a_file_in_a_special_place_of_the_kernel_does_not_count(script):
    script.cat("/proc/meminfo")
    script.write("/dev/null")
    script.ls("/proc")

    assert script.end().inputs == {}


def test_extended_attributes_of_the_user_leave_the_run_incomplete(script, root):
    from buildopt.observe.access import Operation

    (root / "a").write_bytes(b"")
    try:
        os.setxattr(root / "a", "user.kind", b"x")
    except OSError:
        return
    script.tell(Operation.READ_ATTRIBUTE, "a", other="user.kind")

    assert script.end().incomplete == [("incomplete", "a")]


def test_a_folder_that_was_missing_when_it_was_needed_is_not_exempt_by_being_made(script, root):
    (root / "m").write_bytes(b"")

    script.rename("m", "d/x")
    script.mkdir("d")

    assert script.end().inputs["absent", "d"] == ""


def test_permission_bits_set_to_what_they_were_are_an_output(script, root):
    (root / "d").mkdir(mode=0o755)
    (root / "a").write_bytes(b"")
    (root / "a").chmod(0o755)

    script.chmod("d", 0o755)
    script.chmod("a", 0o755)

    assert script.end().outputs == ["a", "d"]


def test_what_another_puts_into_a_folder_of_the_run_is_not_its_own(script, root):
    script.mkdir("out")
    script.write("out/mine")
    (root / "out" / "sub").mkdir()
    (root / "out" / "sub" / "other").write_bytes(b"half")
    script.stat("out/sub")

    seen = script.end()
    assert seen.outputs == ["out", "out/mine"]
    assert seen.changed == []


def test_what_another_puts_where_the_run_looked_in_vain_is_not_its_own(script, root):
    script.stat("out/other")
    script.mkdir("out")
    (root / "out" / "other").write_bytes(b"theirs")

    assert script.end().outputs == ["out"]


def test_reading_what_another_put_into_a_folder_of_the_run_is_an_input_that_changed(script, root):
    script.mkdir("out")
    script.cat("out/other")
    (root / "out" / "other").write_bytes(b"theirs")
    script.cat("out/other")

    seen = script.end()
    assert seen.outputs == ["out"]
    assert seen.changed == ["out/other"]


def test_all_in_a_folder_that_was_moved_is_an_output_under_its_new_name(script, root):
    script.mkdir("stage")
    script.mkdir("stage/sub")
    script.write("stage/sub/a")
    script.mkdir("out")
    script.stat("out/final/sub/a")
    script.rename("stage", "out/final")
    script.cat("out/final/sub/a")

    seen = script.end()
    assert seen.outputs == ["out", "out/final", "out/final/sub", "out/final/sub/a"]
    assert seen.changed == []


def test_all_in_folders_that_were_exchanged_is_an_output(script, root):
    for name in ("old", "new"):
        (root / name).mkdir()
        (root / name / name).write_bytes(b"text")

    script.exchange("old", "new")

    assert script.end().outputs == ["new", "new/old", "old", "old/new"]


def test_what_appears_between_two_kinds_of_looks_is_a_change_by_others(script, root):
    script.stat("flag")
    (root / "flag").write_bytes(b"foreign")
    script.cat("flag")
    (root / "flag").unlink()

    assert script.end().changed == ["flag"]


def test_name_that_only_a_second_listing_shows_is_a_change_by_others(script, root):
    (root / "d").mkdir()
    script.ls("d")
    (root / "d" / "x").write_bytes(b"foreign")
    script.ls("d")
    (root / "d" / "x").unlink()

    assert script.end().changed == ["d"]


def test_name_that_a_listing_of_a_folder_of_the_run_s_own_shows_is_a_change_by_others(script, root):
    script.mkdir("d")
    script.write("d/own")
    (root / "d" / "x").write_bytes(b"foreign")
    script.ls("d")
    (root / "d" / "x").unlink()

    assert script.end().changed == ["d"]


def test_names_that_the_run_itself_makes_are_no_change_in_listings(script, root):
    (root / "d").mkdir()
    (root / "e").mkdir()
    (root / "e" / "deep").write_bytes(b"")
    script.ls("d")
    script.write("d/own")
    script.mkdir("d/sub")
    script.rename("e", "d/moved")
    script.ls("d")
    script.ls("d/sub")
    script.ls("d/moved")
    script.unlink("d/own")
    script.ls("d")

    assert script.end().changed == []


def test_link_that_leads_elsewhere_for_a_while_is_a_change_by_others(script, root):
    (root / "l").symlink_to("a")
    script.readlink("l")
    (root / "l").unlink()
    (root / "l").symlink_to("b")
    script.cat("l")
    (root / "l").unlink()
    (root / "l").symlink_to("a")

    assert script.end().changed == ["l"]
