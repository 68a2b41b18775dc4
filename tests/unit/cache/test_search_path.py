import os

import pytest

from buildopt.cache.search_path import SearchPath, meanings
from buildopt.cache.tokens import tokens_for


@pytest.fixture
def path_with_yarn(tmp_path):
    """The `PATH` in a script of yarn 1 that runs under a node, yarn's folder being named anew."""

    def make(number, node):
        folder = tmp_path / f"yarn--17959859061{number}-0.288570{number}"
        folder.mkdir()
        for name in ("node", "yarn"):
            (folder / name).write_text(f'#!/bin/sh\n\nexec "{node}" "$@"\n')
            (folder / name).chmod(0o755)
        text = f"{folder}{os.pathsep}{tmp_path}/bin"
        return SearchPath(text, "/", tokens_for("/project", {}))

    return make


def test_node_of_yarn_means_what_it_starts(path_with_yarn):
    first, again = (path_with_yarn(number, "/bin/node") for number in (1, 2))
    other = path_with_yarn(3, "/opt/node")
    known = meanings(first.value("digest", first.names_among(())))

    assert set(known) == {"node", "yarn"}
    assert all(again.place_of(name) == place for name, place in known.items())
    assert other.place_of("node") != known["node"]
