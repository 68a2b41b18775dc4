import bz2
import gzip
import io
import lzma
import zipfile

import pytest

from buildopt.cache import variables
from buildopt.cache.occurrences import CHUNK_BYTES, occurring
from buildopt.model import Observation

NAMES = ("npm_config_mode", "npm_package_version", "GITHUB_SHA", "NODE")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("echo $npm_package_version", {"npm_package_version"}),
        ('process.env["npm_config_" + key]', {"npm_config_mode"}),
        ("`npm_${key}`", {"npm_config_mode", "npm_package_version"}),
        ("env.npm_package_version_info", {"npm_package_version"}),
        ("npm_config_model.npm_pack", {"npm_config_mode"}),
        ("NODE_ENV and $GITHUB_SHA", {"NODE", "GITHUB_SHA"}),
        ("nothing", set()),
    ],
)
def test_name_is_found_in_a_file_and_in_the_words(tmp_path, content, found):
    file = tmp_path / "file"
    file.write_text(content)

    assert occurring(NAMES, (), [read(file, "1")]) == found
    assert occurring(NAMES, (content,), ()) == found


def test_our_own_list_of_the_names_mentions_none():
    assert occurring(NAMES, (), [read(variables.__file__, "1")]) == set()


def read(file, value):
    return Observation(kind="file", subject=str(file), value=value)


def test_file_is_searched_anew_once_its_content_is_another(tmp_path):
    file = tmp_path / "file"
    file.write_text("nothing")
    occurring(NAMES, (), [read(file, "1")])
    file.write_text("NODE")

    assert occurring(NAMES, (), [read(file, "2")]) == {"NODE"}


def test_file_that_cannot_be_read_may_have_all_names(tmp_path):
    assert occurring(NAMES, (), [read(tmp_path / "gone", "1")]) == set(NAMES)


@pytest.mark.parametrize("at", [*range(CHUNK_BYTES - 12, CHUNK_BYTES + 3), 0, 2 * CHUNK_BYTES + 9])
def test_name_is_found_wherever_it_stands_in_a_large_file(tmp_path, at):
    file = tmp_path / "file"
    file.write_bytes(b"." * at + b"GITHUB_SHA" + b"." * CHUNK_BYTES)

    assert occurring(("GITHUB_SHA", "NODE"), (), [read(file, str(at))]) == {"GITHUB_SHA"}


def test_a_name_with_the_beginning_of_another_is_another(tmp_path):
    names = ("PRE_COMMIT", "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "X")
    file = tmp_path / "file"
    file.write_text("$PRE_COMMIT_TO_REF")

    assert occurring(names, (), [read(file, "1")]) == {"PRE_COMMIT", "PRE_COMMIT_TO_REF"}


def test_an_empty_file_and_a_name_of_one_letter(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"")

    assert occurring(("X",), (), [read(file, "1")]) == set()
    file.write_bytes(b"X")
    assert occurring(("X",), (), [read(file, "2")]) == {"X"}


def zipped(content, before=b""):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("module.py", content)
    return before + whole.getvalue()


PACKED = {
    "zip": zipped,
    "program before a zip": lambda content: zipped(content, b"#!/usr/bin/env python3\n"),
    "zip in a zip": lambda content: zipped(zipped(content)),
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}
TEXT = b"GITHUB_SHA npm_config_mode " * 9


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
@pytest.mark.parametrize("names", [NAMES, ("GITHUB_SHA", "NODE")], ids=["family", "single"])
def test_name_is_found_in_a_packed_file(tmp_path, pack, names):
    file = tmp_path / "file"
    file.write_bytes(pack(TEXT))
    assert TEXT not in file.read_bytes()

    expected = {"GITHUB_SHA", "npm_config_mode"} & set(names)
    assert occurring(names, (), [read(file, str(pack))]) == expected


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TEXT)[:-12],
        b"\x28\xb5\x2f\xfd packed otherwise",
        b"\x7fELF" + b"MEI\x0c\x0b\x0a\x0b\x0e" + b"the rest",
        zipped(zipped(zipped(zipped(b"nothing")))),
    ],
    ids=["cut off", "zstd", "frozen", "too deep"],
)
def test_packed_file_that_cannot_be_looked_through_may_have_all_names(tmp_path, content):
    file = tmp_path / "file"
    file.write_bytes(content)

    assert occurring(NAMES, (), [read(file, "1")]) == set(NAMES)


def test_file_that_only_looks_packed_is_searched_as_it_is(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"NODE PK\x05\x06 and no archive")

    assert occurring(NAMES, (), [read(file, "1")]) == {"NODE"}
