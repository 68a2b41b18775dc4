"""An output folder as a whole."""

import base64
import json
import os

import pytest

from buildopt.bundle.analysis import analyse, plain_means
from buildopt.bundle.document import encode, load
from buildopt.errors import UsageError
from tests.unit.bundle.bundle_writing import (
    analysed,
    kinds_of,
    write_chunk,
    write_lock,
    write_metafile,
)
from tests.unit.bundle.map_writing import map_of

A, B = "../node_modules/a/index.js", "../node_modules/b/node_modules/a/index.js"


@pytest.fixture
def project(tmp_path):
    """A project whose output has one package twice."""
    write_lock(tmp_path, {"node_modules/a": "2.0.0", "node_modules/b/node_modules/a": "1.0.0"})
    parts = [("../src/index.js", "main();"), (A, "a2();a2();"), (B, "a1();")]
    write_chunk(tmp_path / "dist", "main.js", parts, wrapper=("(()=>{", "})();"))
    (tmp_path / "dist" / "page.html").write_text('<script src="./main.js"></script>')
    return tmp_path


def test_every_file_but_maps_is_measured_and_summed_up(project):
    found = analysed(project)

    assert [file.path for file in found.files] == ["main.js", "page.html"]
    assert found.totals.raw == sum(file.raw for file in found.files)
    assert found.totals.gzip == sum(file.gzip for file in found.files)
    assert found.totals.brotli is None


def test_the_bytes_of_each_file_add_up(project):
    found = analysed(project)

    (row,) = found.attribution
    size = os.path.getsize(project / "dist" / "main.js")
    assert row.mapped + row.unmapped + row.line_ends + row.map_comment == size
    assert (row.unmapped, row.no_source, row.map) == (6, 5, "file")
    assert sum(module.bytes for module in found.modules) == row.mapped


def test_each_copy_of_a_package_has_its_bytes_and_version(project):
    found = analysed(project)

    assert [(p.name, p.version, p.instance, p.bytes) for p in found.packages] == [
        ("a", "2.0.0", "node_modules/a", 10),
        ("a", "1.0.0", "node_modules/b/node_modules/a", 5),
    ]


def test_a_package_that_is_there_twice_is_told_with_what_it_costs(project):
    found = analysed(project)

    (duplicate,) = found.duplicates
    assert (duplicate.name, duplicate.versions) == ("a", ("2.0.0", "1.0.0"))
    assert duplicate.extra_bytes == 5
    assert duplicate.pinned_by["node_modules/b/node_modules/a"] == "b"


def test_without_statistics_the_page_tells_what_is_loaded_at_once(project):
    write_chunk(project / "dist", "later.js", [("../src/later.js", "later();")])

    found = analysed(project)

    assert [(entry.name, entry.initial) for entry in found.entries] == [
        ("page.html", ("page.html", "main.js"))
    ]
    assert {file.path: file.role for file in found.files} == {
        "main.js": "initial",
        "page.html": "initial",
        "later.js": "other",
    }


def test_statistics_tell_entries_and_why_each_copy_is_there(project):
    imports = {"src/index.js": ["node_modules/a/index.js"]}
    write_metafile(project, imports, {"web/dist/main.js": []}, ("web/dist/main.js", "src/index.js"))

    found = analysed(project)

    assert found.entries[0].initial == ("main.js",)
    assert [(why.package, why.chain) for why in found.why] == [
        ("a", ("src/index.js", "node_modules/a/index.js"))
    ]


def test_the_output_folder_itself_gives_the_same_as_its_project(project):
    assert analysed(project / "dist") == analysed(project)


def test_one_file_can_be_asked_for(project):
    found = analysed(project / "dist" / "main.js")

    assert [file.path for file in found.files] == ["main.js"]


def test_a_map_that_is_not_there_leaves_the_file_unmapped(project):
    (project / "dist" / "main.js.map").unlink()

    found = analysed(project)

    (row,) = found.attribution
    assert (row.map, row.mapped, row.unmapped_kinds) == ("missing", 0, {"no map": row.unmapped})
    assert [problem.path for problem in found.problems] == ["main.js"]
    assert ("no-map", "main.js") in kinds_of(found.findings)


def test_a_hidden_map_beside_the_file_is_found(project):
    write_chunk(project / "dist", "hidden.js", [("../src/h.js", "h();")], comment="// end")

    found = analysed(project)

    assert [row.mapped for row in found.attribution if row.path == "hidden.js"] == [4]


def test_an_inline_map_is_read_and_told(project):
    encoded = base64.b64encode(map_of(["../src/i.js"], [[(0, 0)]])).decode()
    comment = f"//# sourceMappingURL=data:application/json;base64,{encoded}"
    (project / "dist" / "inline.js").write_text(f"i();\n{comment}\n")

    found = analysed(project)

    (row,) = [row for row in found.attribution if row.path == "inline.js"]
    assert (row.map, row.mapped, row.map_comment) == ("inline", 4, len(comment))
    assert ("inline-map", "inline.js") in kinds_of(found.findings)


def test_a_map_outside_of_the_project_is_not_read(project):
    (project.parent / "outside.map").write_bytes(map_of(["secret.js"], [[(0, 0)]]))
    comment = "//# sourceMappingURL=../../outside.map"
    (project / "dist" / "curious.js").write_text(f"c();\n{comment}\n")

    found = analysed(project)

    (row,) = [row for row in found.attribution if row.path == "curious.js"]
    assert (row.map, row.mapped) == ("missing", 0)
    assert "outside of the project" in found.problems[0].message


def test_a_broken_map_is_named_and_the_rest_goes_on(project):
    (project / "dist" / "broken.js").write_text("b();\n//# sourceMappingURL=broken.js.map\n")
    (project / "dist" / "broken.js.map").write_text('{"mappings": "AA"}')

    found = analysed(project)

    assert [problem.path for problem in found.problems] == ["broken.js"]
    assert "line 1" in found.problems[0].message
    assert {row.path: row.map for row in found.attribution} == {
        "broken.js": "unreadable",
        "main.js": "file",
    }


def test_links_are_named_and_not_followed(project):
    os.symlink("/etc/hostname", project / "dist" / "link.js")
    os.symlink("/etc", project / "dist" / "folder")

    found = analysed(project)

    assert [file.path for file in found.files] == ["main.js", "page.html"]
    assert sorted(problem.path for problem in found.problems) == ["folder", "link.js"]


def test_a_pipe_in_the_output_does_not_hold_the_analysis_up(project):
    os.mkfifo(project / "dist" / "pipe.js")

    found = analysed(project)

    assert [problem.path for problem in found.problems] == ["pipe.js"]


def test_the_document_is_read_back_as_it_was_written(project):
    found = analysed(project)
    (project / "analysis.json").write_bytes(encode(found))

    assert load(str(project / "analysis.json")) == found


def test_two_analyses_are_equal_byte_for_byte(project):
    assert encode(analysed(project)) == encode(analysed(project))


@pytest.mark.parametrize(
    "text", ["", "{}", '{"schema": 9, "kind": "bundle"}', '{"schema": 1, "kind": "bundle"}']
)
def test_a_document_that_is_none_of_ours_is_refused(tmp_path, text):
    (tmp_path / "old.json").write_text(text)

    with pytest.raises(UsageError, match="cannot read"):
        load(str(tmp_path / "old.json"))


def test_what_leaving_out_a_package_saves_is_measured(project):
    found = analyse(str(project), plain_means(), measures_savings=True)

    assert [package.saving.raw for package in found.packages] == [10, 5]
    assert [made.level for made in found.saving_compressors] == [6, 5]
    assert [(f.kind, f.saving.raw) for f in found.findings] == [("duplicate", 5)]


def test_what_a_map_of_its_own_saves_is_measured(tmp_path):
    encoded = base64.b64encode(map_of(["i.js"], [[(0, 0)]])).decode()
    comment = f"//# sourceMappingURL=data:application/json;base64,{encoded}"
    (tmp_path / "inline.js").write_text(f"i();\n{comment}\n")

    found = analyse(str(tmp_path), plain_means(), measures_savings=True)

    assert [(f.kind, f.saving.raw) for f in found.findings] == [("inline-map", len(comment))]


def test_a_folder_without_files_is_no_output(tmp_path):
    with pytest.raises(UsageError, match="holds no files"):
        analysed(tmp_path)


def test_a_project_without_an_output_is_told_so(tmp_path):
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "index.js").write_text("x")

    with pytest.raises(UsageError, match="has none of dist"):
        analysed(tmp_path)


def test_names_that_are_no_utf_8_are_written_out(project):
    strange = os.fsencode(project / "dist") + b"/caf\xe9.js"
    with open(strange, "wb") as file:
        file.write(b"c();\n//# sourceMappingURL=\xe9.js.map\n")
    with open(os.fsencode(project / "dist") + b"/\xe9.js.map", "wb") as file:
        file.write(map_of(["../src/c.js"], [[(0, 0)]]))

    found = analysed(project)

    assert "caf\\xe9.js" in [file.path for file in found.files]
    assert load_again(project, found) == found


def load_again(project, found):
    (project / "again.json").write_bytes(encode(found))
    return load(str(project / "again.json"))


def test_statistics_of_another_output_of_the_project_are_left_aside(project):
    stats = {"chunks": [{"id": 1, "files": ["site.js"]}], "version": "5.1.0",
             "entrypoints": {"site": {"assets": [{"name": "site.js"}], "chunks": [1]}}}  # fmt: skip
    (project / "a-stats.json").write_text(json.dumps(stats))
    write_metafile(project, {}, {"dist/main.js": []}, ("dist/main.js", "src/index.js"))
    write_chunk(project / "site", "site.js", [("../src/site.js", "s();")])

    found = [analysed(project / name) for name in ("dist", "site")]

    assert [one.tool.name for one in found] == ["esbuild", "webpack"]
    assert [[entry.name for entry in one.entries] for one in found] == [["src/index.js"], ["site"]]
