"""What is to be mended in a bundle."""

import shutil
from pathlib import Path

import pytest

from buildopt.bundle.analysis import analyse, plain_means
from tests.unit.bundle.bundle_writing import analysed, kinds_of, write_chunk, write_lock
from tests.unit.bundle.map_writing import map_of

FIXTURES = Path(__file__).parents[3] / "fixtures" / "bundles"
LANGUAGES = ("de", "en", "fr", "it", "es", "pl", "sv", "da", "fi", "nl")


def test_modules_that_a_computed_name_took_are_told_with_their_bytes(tmp_path):
    shutil.copy(FIXTURES / "webpack-stats.json", tmp_path / "stats.json")
    parts = [("webpack://x/./node_modules/words/lang/de.js", "de();" * 10)]
    write_chunk(tmp_path / "dist", "main.js", parts)

    found = analysed(tmp_path).findings

    assert [(f.kind, f.subject, f.bytes) for f in found] == [
        ("context-require", "node_modules/words", 50)
    ]


def test_a_whole_library_beside_its_single_functions_is_told(tmp_path):
    parts = [(f"node_modules/tools/{name}.js", "f();") for name in ("map", "zip", "pick")]
    write_chunk(tmp_path, "main.js", [*parts, ("node_modules/tools/tools.js", "t();" * 6000)])

    found = analysed(tmp_path).findings

    assert kinds_of(found) == [("whole-library", "node_modules/tools")]
    assert found[0].bytes == 24_000


def test_a_library_whose_one_module_is_all_there_is_no_finding(tmp_path):
    write_chunk(tmp_path, "main.js", [("node_modules/tools/tools.js", "t();" * 6000)])

    assert analysed(tmp_path).findings == ()


@pytest.mark.parametrize(("installed", "expected"), [(60, 1), (5, 0)])
def test_a_whole_library_is_told_where_its_single_functions_are_only_installed(
    tmp_path, installed, expected
):
    write_chunk(tmp_path / "dist", "m.js", [("../node_modules/tools/tools.js", "t();" * 6000)])
    write_lock(tmp_path, {})
    package = tmp_path / "node_modules/tools"
    package.mkdir(parents=True)
    for number in range(installed):
        (package / f"f{number}.js").touch()

    assert kinds_of(analysed(tmp_path).findings) == (
        [("whole-library", "node_modules/tools")] * expected
    )


def test_many_languages_of_a_package_are_told(tmp_path):
    parts = [(f"node_modules/x/locale/{name}.js", "f();") for name in LANGUAGES]
    write_chunk(tmp_path, "main.js", parts)

    found = analysed(tmp_path).findings

    assert kinds_of(found) == [("all-locales", "node_modules/x")]


def test_many_files_of_one_language_are_no_finding(tmp_path):
    parts = [(f"node_modules/x/locale/en/{name}x.js", "f();") for name in LANGUAGES]
    write_chunk(tmp_path, "main.js", parts)

    assert analysed(tmp_path).findings == ()


def test_a_clean_bundle_has_no_findings(tmp_path):
    write_chunk(tmp_path, "main.js", [("src/a.js", "a();")])

    assert analysed(tmp_path).findings == ()


def test_a_map_without_columns_is_told_since_its_figures_mean_little(tmp_path):
    path = write_chunk(tmp_path, "main.js", [("src/a.js", "a();" * 9)])
    sources = ["src/a.js", "src/b.js", "src/c.js", "src/d.js"]
    path.with_name("main.js.map").write_bytes(map_of(sources, [[(0, 0)]]))

    found = analysed(tmp_path)

    assert [(f.kind, f.bytes) for f in found.findings] == [("coarse-map", 36)]
    assert found.attribution[0].silent_sources == 3


def test_modules_that_two_entries_hold_are_told_with_what_sharing_them_saves(tmp_path):
    shared = [("node_modules/x/a.js", "a();" * 600), ("node_modules/x/b.js", "b(1);" * 600)]
    write_chunk(tmp_path, "shop.js", [("src/shop.js", "s();"), *shared])
    write_chunk(tmp_path, "admin.js", [("src/admin.js", "s();"), *shared])

    found = analyse(str(tmp_path), plain_means(("gzip",)), measures_savings=True).findings

    assert [(f.kind, f.subject, f.bytes) for f in found] == [("repeated", "node_modules/x", 5400)]
    assert found[0].modules == ("node_modules/x/a.js", "node_modules/x/b.js")
    assert found[0].saving.raw == 5400
    assert 0 < found[0].saving.gzip < 200


@pytest.mark.parametrize(
    "names", [("index.mjs", "index.cjs"), ("app-AAAAAAAA.js", "app-legacy-BBBBBBBB.js")]
)
def test_two_forms_of_one_file_are_not_held_against_each_other(tmp_path, names):
    for name in names:
        write_chunk(tmp_path, name, [("node_modules/x/a.js", "a();" * 600)])

    assert analysed(tmp_path).findings == ()


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_package_that_came_in_whole_by_export_star_is_told(tmp_path, is_whole):
    names = ["one", "two", "three", "four", "five"]
    package = tmp_path / "node_modules/lib"
    (package / "inner").mkdir(parents=True)
    (package / "package.json").write_text('{"name": "lib", "version": "1.0.0"}')
    (package / "index.js").write_text("export * from './inner/index.js';\nexport * from './one';\n")
    lines = [f'export * as {name} from "../{name}.js";\n' for name in names]
    (package / "inner/index.js").write_text("".join(lines))
    for name in names:
        (package / f"{name}.js").write_text("export const x = 1;\n")
    (tmp_path / "package.json").write_text("{}")
    parts = [(f"../node_modules/lib/{n}.js", "f();" * 900) for n in names[: 5 if is_whole else 4]]
    parts += [(f"../node_modules/lib/{n}.js", "e;") for n in ("index", "inner/index")]
    write_chunk(tmp_path / "dist", "main.js", parts)

    found = analysed(tmp_path).findings

    expected = [("export-star", "node_modules/lib")] if is_whole else []
    assert kinds_of(found) == expected
