"""Verdicts on folders, by facts of machines that are not here."""

from dataclasses import replace

import pytest

from buildopt.doctor.facts import Mount, Trouble
from buildopt.doctor.folder_verdicts import judge_folders


def rows_with(healthy, **facts):
    """Rows by name, with other facts of the cache folder."""
    around = replace(healthy, cache=replace(healthy.cache, **facts))
    return {check.name: check for check in judge_folders(around)}


def test_a_folder_that_cannot_be_written_is_a_problem_and_says_nothing_else(healthy):
    rows = rows_with(healthy, trouble="Permission denied", mode=0o755, has_reflinks=None)

    assert [name for name in rows if name.startswith("cache")] == ["cache-folder"]
    assert rows["cache-folder"].status == "problem"
    assert "Permission denied" in rows["cache-folder"].found


def test_no_place_for_a_folder_is_a_problem_with_its_own_hint(healthy):
    around = replace(healthy, state=Trouble(message="no place", hint="set HOME"))

    row = next(check for check in judge_folders(around) if check.name == "state-folder")

    assert (row.status, row.found, row.mend) == ("problem", "no place", "set HOME")


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701])
def test_a_folder_that_others_may_enter_is_a_warning(healthy, mode):
    row = rows_with(healthy, mode=mode, private="/home/ann/my cache/v1")["cache-folder"]

    assert row.status == "warning"
    assert row.mend == "chmod -R go= '/home/ann/my cache/v1'"


def test_a_folder_of_somebody_else_is_a_warning(healthy):
    row = rows_with(healthy, owner_uid=0)["cache-folder"]

    assert (row.status, "belongs to user 0" in row.found) == ("warning", True)


def test_a_folder_that_is_not_made_yet_is_well(healthy):
    row = rows_with(healthy, exists=False, mode=None, owner_uid=None)["cache-folder"]

    assert (row.status, "not made yet" in row.found) == ("ok", True)


@pytest.mark.parametrize(
    ("kind", "nature"), [("nfs4", "not of this machine alone"), ("fuse.odd", "not a kind we know")]
)
def test_times_that_prove_nothing_are_a_warning(healthy, kind, nature):
    mount = Mount(point="/mnt", kind=kind, source="server:/x")

    row = rows_with(healthy, mount=mount, times_are_believed=False)["cache-filesystem"]

    assert row.status == "warning"
    assert f"{kind} on /mnt (server:/x) is {nature}" in row.found


@pytest.mark.parametrize(("free_bytes", "status"), [(999_999_999, "warning"), (10**9, "ok")])
def test_little_space_is_a_warning(healthy, free_bytes, status):
    assert rows_with(healthy, free_bytes=free_bytes)["cache-space"].status == status


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"has_reflinks": False}, "none: a restore copies"),
        ({"has_reflinks": True}, "shares the blocks"),
        ({"has_reflinks": True, "device": 2}, "which is another"),
    ],
)
def test_reflinks_never_need_mending(healthy, facts, words):
    row = rows_with(healthy, **facts)["cache-reflinks"]

    assert (row.status, words in row.found) == ("ok", True)
