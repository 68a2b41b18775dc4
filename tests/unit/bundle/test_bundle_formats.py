"""Statistics files of bundlers: who imports whom, and what an entry loads."""

import shutil
from pathlib import Path

import pytest

from buildopt.bundle.formats.statistics import read_graphs
from buildopt.bundle.graph import Graph, Import, chain_to, importers, joined, reasons
from buildopt.bundle.model import Tool

FIXTURES = Path(__file__).parents[3] / "fixtures" / "bundles"


@pytest.fixture
def graph_of(tmp_path):
    """The graph of fixtures that lie in one folder."""

    def read(*names):
        for name in names:
            shutil.copy(FIXTURES / name, tmp_path / name)
        graphs, problems = read_graphs([str(tmp_path)])
        assert problems == []
        return joined(graphs)

    return read


def chains(graph):
    return {why.instance: why.chain for why in reasons(graph)}


def test_webpack_tells_its_version_entries_and_what_they_load(graph_of):
    graph = graph_of("webpack-stats.json")

    assert graph.tool == Tool(name="webpack", version="5.112.2")
    assert graph.entry_modules == ("./src/index.js",)
    assert [(c.name, c.initial, c.lazy) for c in graph.closures] == [
        ("main", ("main.js", "main.css"), ("page.js", "deep.js"))
    ]


def test_a_way_goes_through_kept_imports_even_if_a_dropped_one_is_shorter(graph_of):
    graph = graph_of("webpack-stats.json")

    found = chains(graph)

    assert found["node_modules/clock"] == (
        "./src/index.js",
        "./src/page.js",
        "./node_modules/clock/index.js",
    )


def test_a_module_whose_reasons_are_not_listed_is_reached_through_its_issuer(graph_of):
    graph = graph_of("webpack-stats.json")

    found = chains(graph)

    assert found["node_modules/clock/node_modules/words"][-2:] == (
        "./node_modules/clock/index.js",
        "./node_modules/clock/node_modules/words/index.js",
    )


def test_modules_that_a_computed_name_took_are_told(graph_of):
    graph = graph_of("webpack-stats.json")

    assert list(graph.context_modules.values()) == [("./node_modules/words/lang/de.js",)]


def test_who_imports_a_copy_is_told_without_its_own_modules(graph_of):
    graph = graph_of("webpack-stats.json")

    assert importers(graph)["node_modules/words"] == ("./src/menu.js",)


def test_an_entry_that_only_a_dynamic_import_leads_to_is_no_entry_of_the_build(graph_of):
    graph = graph_of("esbuild-metafile.json")

    assert graph.entry_modules == ("src/index.js",)
    assert [(c.initial, c.lazy) for c in graph.closures] == [
        (
            ("web/dist/index-A1.js", "web/dist/shared-D4.js", "web/dist/index-C3.css"),
            ("web/dist/page-B2.js",),
        )
    ]


def test_esbuild_chains_spell_names_as_the_metafile_does(graph_of):
    graph = graph_of("esbuild-metafile.json")

    assert chain_to(graph, "node_modules/clock/node_modules/words/index.js") == (
        "src/index.js",
        "src/page.js",
        "node_modules/clock/index.js",
        "node_modules/clock/node_modules/words/index.js",
    )
    assert chain_to(graph, "node:fs") == ()


def test_a_manifest_tells_what_each_entry_loads(graph_of):
    graph = graph_of("vite-manifest.json")

    assert [(c.name, c.initial, c.lazy) for c in graph.closures] == [
        (
            "index.html",
            ("assets/index-A1.js", "assets/index-C3.css"),
            ("assets/page-B2.js", "assets/page-E5.css", "assets/shared-D4.js"),
        )
    ]


def test_raw_data_of_rollup_tells_imports(graph_of):
    graph = graph_of("rollup-raw-data.json")

    assert graph.tool == Tool(name="rollup", version="4.68.7")
    assert chains(graph) == {
        "node_modules/words": ("/src/index.js", "/node_modules/words/index.js")
    }


def test_what_one_file_does_not_know_another_tells(graph_of):
    graph = graph_of("vite-manifest.json", "rollup-raw-data.json")

    assert graph.closures[0].name == "index.html"
    assert graph.entry_modules == ("/src/index.js",)


@pytest.mark.parametrize(
    "text",
    [
        '{"inputs": {}, "outputs": {"a.js": {"imports": 7}}}',
        '{"modules": [{"name": 7}], "chunks": []}',
        '{"modules": [',
        '{"nodeMetas": {"a": {"id": null}}}',
    ],
)
def test_a_broken_statistics_file_is_named_and_the_rest_goes_on(tmp_path, text):
    (tmp_path / "stats.json").write_text(text)

    graphs, problems = read_graphs([str(tmp_path)])

    assert graphs == []
    assert [problem.path for problem in problems] == [str(tmp_path / "stats.json")]


@pytest.mark.parametrize("text", ["{}", '{"name": "x"}', '{"a": {"b": 1}}', "7", ""])
def test_other_json_is_passed_over(tmp_path, text):
    (tmp_path / "tsconfig.json").write_text(text)

    assert read_graphs([str(tmp_path)]) == ([], [])


def test_imports_in_a_circle_end():
    circle = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "node_modules/x/i.js")]
    imports = tuple(Import(importer=left, imported=right) for left, right in circle)
    graph = Graph(imports=imports, entry_modules=("a",))

    (why,) = reasons(graph)

    assert why.chain == ("a", "b", "c", "node_modules/x/i.js")
