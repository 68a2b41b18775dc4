"""The columns of a run's inputs."""

import json

import pytest

from buildopt.input_table import MOST_ROWS, Input, decode, encode, is_own
from buildopt.model import Observation

DIGEST = "0123456789abcdef0123456789abcdef+644"


def tables(*observations, size_of=lambda _: 7):
    rows = [Observation(kind=kind, subject=s, value=v) for kind, s, v in observations]
    own, other = encode(rows, "/p", home="/home/u", size_of=size_of)
    return json.dumps(own).encode(), json.dumps(other).encode()


def test_the_projects_own_and_all_others_are_apart_and_come_back():
    blobs = tables(
        ("file", "/p/src/a.js", DIGEST),
        ("absent", "/p/node_modules/x/package.json", ""),
        ("file", "/home/u/.npmrc", DIGEST),
        ("tool", "/usr/bin/node", DIGEST),
        ("environment", "HOME", "ff"),
        ("directory", "/p", "755"),
    )

    own, all_of_it = decode(blobs[:1]), decode(blobs)

    assert [row.subject for row in own.rows] == [".", "src/a.js"]
    assert {row.subject for row in all_of_it.rows} == {
        ".", "src/a.js", "node_modules/x/package.json", "$HOME/.npmrc", "/usr/bin/node", "HOME",
    }  # fmt: skip
    assert all(row.size_bytes == 7 for row in all_of_it.rows if row.kind in ("file", "tool"))


def test_another_content_or_mode_has_another_value():
    values = [DIGEST, DIGEST.replace("f+", "e+"), DIGEST.replace("644", "755")]

    found = {decode(tables(("file", "/p/a", value))).rows[0].value for value in values}

    assert len(found) == 3
    assert all(value.startswith(DIGEST[:12]) for value in found)


def test_of_a_listing_only_the_count_and_a_checksum_are_kept():
    (row,) = decode(tables(("listing", "/p/src", "fa/fb/dlib"))).rows

    assert row.value.startswith("3:")
    assert "lib" not in row.value


def test_names_that_are_no_text_do_not_stop_it():
    (row,) = decode(tables(("file", "/p/\udcff", "\udcfe" * 40))).rows

    assert row.subject == "\udcff"


def test_too_many_rows_are_counted():
    rows = [("absent", f"/p/{n}", "") for n in range(MOST_ROWS + 5)]

    table = decode(tables(*rows))

    assert (len(table.rows), table.left_out) == (MOST_ROWS, 5)


@pytest.mark.parametrize("blob", [b"{}", b"[]", b"1", b"no", b'{"kinds": [1]}'])
def test_what_is_no_table_is_refused(blob):
    with pytest.raises(ValueError):
        decode([blob])


def test_a_variable_is_not_the_projects_own():
    assert not is_own(Input("environment", "src", ""))
