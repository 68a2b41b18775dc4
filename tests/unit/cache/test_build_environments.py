"""Folders that a front end makes for one build alone stand in records by their meaning."""

import os

from buildopt.cache.artifacts import Artifacts
from buildopt.cache.layout import open_cache
from buildopt.cache.store import Sought, store
from buildopt.cache.tokens import BUILD_ENVIRONMENT, tokens_for
from buildopt.model import Chunk, Execution, Usage


def tokens(number):
    return tokens_for(f"/tmp/sdist-{number}/p", {BUILD_ENVIRONMENT: f"/tmp/env-{number}"})


def test_paths_of_one_build_mean_those_of_the_next():
    for path in ("/tmp/env-1/lib/x.py", "/tmp/sdist-1/p/setup.py", "/tmp/sdist-1/.git", "/tmp/x"):
        recorded = tokens(1).shorten(path)

        assert tokens(2).expand(recorded) == path.replace("-1", "-2")
    assert tokens(1).shorten_text("/tmp/env-1/bin:/bin") == "$BUILDENV/bin:/bin"


def test_without_a_build_environment_the_folder_above_is_just_a_folder():
    assert tokens_for("/srv/a/p", {}).shorten("/srv/a/x") == "/srv/a/x"


def bound_to(tmp_path, text, content, *, is_for_one_build):
    root = tmp_path / "above" / "project"
    root.mkdir(parents=True)
    (root / "out").write_text(content.replace("@", str(root.parent)))
    said = Chunk(stream="stdout", data=os.fsencode(text.replace("@", str(root.parent))))
    stored = store(
        [str(root / "out")],
        (),
        Execution(0, 0, Usage(1.0, 1.0, 1), (said,)),
        Artifacts(open_cache(str(tmp_path / "cache"))[0]),
        Sought(str(root), {}, is_for_one_build),
    )
    return stored.entry.bound_to


def test_text_that_names_the_folder_of_one_build_binds_its_record_to_nothing(tmp_path):
    assert bound_to(tmp_path / "a", "in @", "same", is_for_one_build=False)
    assert not bound_to(tmp_path / "b", "in @", "same", is_for_one_build=True)


def test_output_that_names_it_does(tmp_path):
    assert bound_to(tmp_path, "", "made in @", is_for_one_build=True)
