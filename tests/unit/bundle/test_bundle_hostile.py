"""Maps, statistics and archives that are cut off, or made to harm."""

import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buildopt.bundle import source_map
from buildopt.bundle.attribution import share_out
from buildopt.bundle.mappings import MalformedMappings
from buildopt.bundle.source_map import UnreadableMap
from tests.unit.bundle.bundle_writing import analysed, write_chunk
from tests.unit.bundle.map_writing import map_of

GIB = 1 << 30
WHOLE = map_of(["src/a.js", "é.js"], [[(0, 0), (4, 1), (9, None)], [(2, 1)]], names=["x"])
CODE = "a();😀();b\nc();d();\n".encode()
MEASURED_ALONE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from buildopt.bundle.analysis import analyse, plain_means
found = analyse(sys.argv[1], plain_means(("gzip",)))
print(len(found.files), [problem.path for problem in found.problems])
"""


@pytest.fixture
def dist(tmp_path):
    """An output whose file `good.js` is sound."""
    write_chunk(tmp_path, "good.js", [("src/good.js", "good();")])
    return tmp_path


def write_map(dist, name, fields):
    path = write_chunk(dist, name, [("src/x.js", "x();y();")])
    path.with_name(f"{name}.map").write_text(json.dumps(fields))


def sums(found):
    """Sizes of the files of code, by the identity."""
    parts = ("mapped", "unmapped", "line_ends", "map_comment")
    return {r.path: sum(getattr(r, part) for part in parts) for r in found.attribution}


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_map_that_is_cut_off_or_damaged_is_refused_or_adds_up(length, place, byte):
    for data in (WHOLE[:length], WHOLE[:place] + bytes([byte]) + WHOLE[place + 1 :]):
        try:
            found = share_out(CODE, source_map.parse(data), None)
        except (UnreadableMap, MalformedMappings) as error:
            assert str(error)
            continue
        assert found.total == len(CODE)


@pytest.mark.parametrize(
    "fields",
    [
        {"sources": ["a.js"], "mappings": "DAAA,JAAA,AAAA"},
        {"sources": ["a.js"], "mappings": "A" * 3 + "gggggggggggA" + "A"},
        {"sources": [None] * 100_000, "mappings": "AAAA"},
        {"sources": ["a.js"], "mappings": ";" * 3_000_000 + "AAAA" + ",,," * 300_000},
        {"sources": ["</script><script>alert(1)</script>\x1b[2J"], "mappings": "AAAA"},
        {"sections": [{"offset": {"line": -1, "column": -5}, "map": {"mappings": "AAAA"}}]},
        {"sections": [{"offset": {"line": 1 << 60, "column": 1 << 60}, "map": {"mappings": "A"}}]},
        {"sources": ["x" * 5_000_000], "names": ["y" * 5_000_000], "mappings": "AAAA"},
    ],
    ids=["negative", "far", "null", "empty-lines", "script", "before", "behind", "long"],
)
def test_a_strange_map_does_not_break_the_sum_or_the_other_files(dist, fields):
    write_map(dist, "bad.js", fields)

    found = analysed(dist)

    assert sums(found) == {file.path: file.raw for file in found.files}
    assert [m.bytes for m in found.modules if m.name == "src/good.js"] == [7]


def test_what_is_wrong_with_a_map_is_told_with_file_and_place(dist):
    write_map(dist, "bad.js", {"sources": ["a.js"], "mappings": "AAAA;AAAA,A!AA"})
    write_map(dist, "worse.js", {"sources": 7, "mappings": ""})
    (dist / "worst.js").write_text("x();\n//# sourceMappingURL=data:application/json;base64,@@@\n")

    found = {problem.path: problem.message for problem in analysed(dist).problems}

    assert "bad.js.map" in found["bad.js"]
    assert "line 2: `!`" in found["bad.js"]
    assert "$.sources" in found["worse.js"]
    assert "base 64" in found["worst.js"]


@pytest.mark.parametrize("name", ["huge.js", "good.js.map", "stats.json"])
def test_a_file_of_gigabytes_is_named_and_takes_no_memory(dist, name):
    with open(dist / name, "wb") as file:
        file.truncate(3 * GIB)

    done = subprocess.run(
        [sys.executable, "-c", MEASURED_ALONE, dist], capture_output=True, check=False, timeout=60
    )

    assert done.returncode == 0, done.stderr.decode()
    assert name.removesuffix(".map") in done.stdout.decode()


def test_modules_that_import_and_hold_each_other_come_to_an_end(dist):
    a, b = {"path": "a.js"}, {"path": "b.js"}
    inputs = {"a.js": {"imports": [b, a]}, "b.js": {"imports": [a]}}
    outputs = {"good.js": {"entryPoint": "a.js", "imports": [{"path": "good.js", "kind": "x"}]}}
    (dist / "meta.json").write_text(json.dumps({"inputs": inputs, "outputs": outputs}))
    chunks = [{"id": 1, "files": ["good.js"], "children": [1, 2]}, {"id": 2, "children": [1]}]
    deep = '{"modules":[' * 2_000 + "]}" * 2_000
    (dist / "stats.json").write_text(json.dumps({"chunks": chunks, "modules": []}))
    (dist / "zeep.json").write_text(f'{{"chunks":[],"modules":[{deep}]}}')

    found = analysed(dist)

    assert [entry.initial for entry in found.entries] == [("good.js",)]
    assert [os.path.basename(problem.path) for problem in found.problems] == ["zeep.json"]


def test_a_bomb_in_a_wheel_is_named_and_not_unpacked(tmp_path):
    path = tmp_path / "app-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("app/bomb.so", "w", force_zip64=True) as member:
            member.write(b"\x7fELF")
            for _ in range(70):
                member.write(bytes(1_000_000))
        archive.writestr("app/__init__.py", "")

    found = analysed(path)

    assert [file.path for file in found.files] == ["app/__init__.py", "app/bomb.so"]
    assert [problem.path for problem in found.problems] == ["app/bomb.so"]
    assert "not looked into" in found.problems[0].message


def test_links_that_lead_out_of_an_archive_are_named(tmp_path):
    sdist = tmp_path / "app-1.0.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        for name, target in (("app/a", "/etc/passwd"), ("app/b", "../../x"), ("app/c", "c.py")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
        archive.addfile(tarfile.TarInfo("app/c.py"), io.BytesIO())
    wheel = tmp_path / "app-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        info = zipfile.ZipInfo("app/out")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "../../../etc")

    found = [problem.message for path in (sdist, wheel) for problem in analysed(path).problems]

    assert [message.split("`")[1] for message in found] == [
        "/etc/passwd",
        "../../x",
        "../../../etc",
    ]
