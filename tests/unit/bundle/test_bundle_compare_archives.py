"""Two archives side by side, and budgets of archives."""

import io
import tarfile

import pytest

from buildopt.bundle.archive_budgets import judge_archive
from buildopt.bundle.budgets import parse_budget
from buildopt.bundle.compare_archives import compare_archives, stable_name
from buildopt.errors import UsageError
from tests.unit.bundle.bundle_writing import analysed
from tests.unit.bundle.test_bundle_archive import elf_of, wheel

LIBRARY = "app/_c.cpython-3{}-x86_64-linux-gnu.so"


def sdist(folder, version, files):
    path = folder / f"app-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"app-{version}/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def changes(found):
    return [
        (row.status, row.before and row.before.path, row.after and row.after.path)
        for row in found.files
    ]


@pytest.fixture
def wheels(tmp_path):
    """A wheel for Python 3.11, and the next version for Python 3.12."""
    old = {
        "app/a.py": b"a = 1",
        "app/gone.py": b"",
        "app-1.0.dist-info/METADATA": b"m",
        LIBRARY.format(11): elf_of(needed=("libc.so.6",)),
    }
    new = {
        "app/a.py": b"a = 2",
        "app/new.py": b"new = 1",
        "app-1.1rc1.dist-info/METADATA": b"m",
        LIBRARY.format(12): elf_of(symbols=b"", needed=("libm.so.6",)),
    }
    return (
        analysed(wheel(tmp_path, old, "app-1.0-cp311-cp311-linux_x86_64.whl")),
        analysed(wheel(tmp_path, new, "app-1.1rc1-cp312-cp312-linux_x86_64.whl")),
    )


def test_files_of_two_wheels_are_matched_without_version_and_tag(wheels):
    found = compare_archives(*wheels)

    assert sorted(changes(found), key=str) == [
        ("changed", "app/_c.cpython-311-x86_64-linux-gnu.so", LIBRARY.format(12)),
        ("changed", "app/a.py", "app/a.py"),
        ("gone", "app/gone.py", None),
        ("new", None, "app/new.py"),
        ("same", "app-1.0.dist-info/METADATA", "app-1.1rc1.dist-info/METADATA"),
    ]
    assert found.files[0].after.path == LIBRARY.format(12)
    assert found.files[-1].status == "same"


def test_a_library_that_needs_others_or_lost_its_symbols_is_told(wheels):
    (row,) = compare_archives(*wheels).native

    assert (row.new_needed, row.no_longer_needed) == (("libm.so.6",), ("libc.so.6",))
    assert (row.before_stripped, row.after_stripped) == (False, True)


def test_files_of_two_sdists_are_compared_by_content(tmp_path):
    library = elf_of() + bytes(3_000_000)
    old = sdist(tmp_path, "1.0", {"a.py": b"a = 1", "b.py": b"b", "l.so": library})
    new = sdist(tmp_path, "2.0", {"a.py": b"a = 2", "b.py": b"b", "l.so": library})

    found = compare_archives(analysed(old), analysed(new))

    assert changes(found) == [
        ("changed", "app-1.0/a.py", "app-2.0/a.py"),
        ("same", "app-1.0/b.py", "app-2.0/b.py"),
        ("same", "app-1.0/l.so", "app-2.0/l.so"),
    ]
    assert [library.path for library in analysed(new).native] == ["app-2.0/l.so"]


def test_libraries_of_two_tags_in_one_wheel_are_two_files(tmp_path):
    both = {LIBRARY.format(11): b"11", LIBRARY.format(12): b"12"}
    found = analysed(wheel(tmp_path, both))

    assert [row[0] for row in changes(compare_archives(found, found))] == ["same", "same"]


@pytest.mark.parametrize(
    ("path", "stable"),
    [
        ("my-app-1.0.dev3/my/a.py", "my-app/my/a.py"),
        ("app-1.0.data/scripts/x", "app.data/scripts/x"),
        ("app.libs/libz-0a1b2c3d.so.1.2", "app.libs/libz.so.1.2"),
        ("app/x.abi3.so", "app/x.so"),
        ("app/utf-8/a.py", "app/utf-8/a.py"),
        ("app-1.0.txt", "app-1.0.txt"),
    ],
)
def test_a_stable_name_has_no_version_tag_or_hash(path, stable):
    assert stable_name(path) == stable


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("archive<=1MB", [True]),
        ("archive<=10", [False]),
        ("total.raw<=100", [False]),
        ("file:app/*.py.raw<=5", [True, False]),
        ("archive<=+0", [True]),
        ("file:*.py.raw<=+0", [True, False]),
        ("archive<=+50%", [True]),
        ("file:*.so.raw<=+0", [True]),
    ],
)
def test_a_budget_of_an_archive_is_kept_up_to_its_limit(wheels, text, kept):
    before, after = wheels
    found = judge_archive(parse_budget(text), after, before)

    assert [verdict.is_kept for verdict in found] == kept


@pytest.mark.parametrize("text", ["total.gzip<=1kB", "initial<=1kB", "file:*.exe.raw<=1"])
def test_a_budget_that_an_archive_cannot_have_has_no_verdict(wheels, text):
    assert judge_archive(parse_budget(text), wheels[1], wheels[0]) == ()


def test_an_archive_has_no_usual_size(wheels):
    with pytest.raises(UsageError, match="nothing to compare with"):
        judge_archive(parse_budget("archive<=usual+5%"), *wheels)


def test_a_relative_budget_of_an_archive_needs_an_earlier_one(wheels):
    with pytest.raises(UsageError, match="nothing to compare with"):
        judge_archive(parse_budget("archive<=+5%"), wheels[1], None)
