"""What is to be mended in a bundle."""

import shutil
from pathlib import Path

from tests.unit.bundle.bundle_writing import analysed, kinds_of, write_chunk
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
