import subprocess
import sys

import pytest

DESCRIBE = """
import os, sys
from buildopt import hit
from buildopt.execute import streams
if "--old-kernel" in sys.argv:
    hit.DUPFD_QUERY = -1
streams.plug_closed_streams()
opened = os.open(os.devnull, os.O_RDONLY)
with open(sys.argv[1], "w") as file:
    found = streams.describe_streams()
    print(found.stdin, found.stdout, found.stderr, found.is_joined, file=file)
    print(opened > 2, file=file)
"""


def describe(folder, redirections, *words):
    """What a process with these redirections of a shell says of its streams."""
    found = folder / "found"
    line = [sys.executable, "-c", DESCRIBE, str(found), *words]
    subprocess.run(["sh", "-c", f'exec "$@" {redirections}', "sh", *line], cwd=folder, check=True)
    kinds, is_plugged = found.read_text().splitlines()
    assert is_plugged == "True"
    return kinds


def test_kinds_of_streams(tmp_path):
    (tmp_path / "file").touch()

    assert describe(tmp_path, "<file >/dev/null 2>out") == "file null file False"
    assert describe(tmp_path, "</dev/null >out 2>&1") == "null file file True"
    assert describe(tmp_path, "</dev/zero >out 2>out") == "pipe file file False"
    assert describe(tmp_path, "</dev/null >>out 2>>out") == "null file file True"


@pytest.mark.parametrize("words", [(), ("--old-kernel",)])
@pytest.mark.parametrize(
    ("redirections", "is_joined"),
    [
        (">f 2>&1", "True"),
        (">>f 2>&1", "True"),
        (">>f 2>>f", "True"),
        (">f 2>f", "False"),
        (">f 2>>f", "False"),
        (">>f 2>f", "False"),
        ("1<>f 2>f", "False"),
        (">f 2>g", "False"),
    ],
)
def test_streams_are_one_where_they_write_one_behind_the_other(
    tmp_path, redirections, is_joined, words
):
    assert describe(tmp_path, f"</dev/null {redirections}", *words).split()[-1] == is_joined


def test_closed_streams_stay_closed_though_their_numbers_are_taken(tmp_path):
    assert describe(tmp_path, "<&- >&- 2>&-") == "closed closed closed False"
    assert describe(tmp_path, "</dev/null >&- 2>out") == "null closed file False"
