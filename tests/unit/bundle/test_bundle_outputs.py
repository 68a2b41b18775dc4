"""Which paths belong to a bundle or an archive."""

import pytest

from buildopt.bundle import place
from buildopt.bundle.outputs import places_of
from buildopt.errors import UsageError


@pytest.mark.parametrize(
    ("paths", "places"),
    [
        (["dist/assets/a.js", "dist/index.html"], ["dist"]),
        (["packages/web/dist/a.js", "packages/ui/dist/b.css"],
         ["packages/ui/dist", "packages/web/dist"]),
        (["site/js/a.js", "site/b.js"], ["site"]),
        (["public/build/a.js"], ["public/build"]),
        (["dist/app-1.0-py3-none-any.whl", "dist/app-1.0.tar.gz"],
         ["dist/app-1.0-py3-none-any.whl", "dist/app-1.0.tar.gz"]),
        (["coverage/sorter.js", "node_modules/.vite/deps/a.js", "notes.txt", "a.js"], []),
    ],
)  # fmt: skip
def test_the_output_folder_or_the_archive_is_named(paths, places):
    found = places_of([f"/p/{path}" for path in paths], "/p")

    assert found == tuple(f"/p/{place}" for place in places)


def test_what_lies_outside_of_the_project_is_left_alone():
    assert places_of(["/elsewhere/dist/a.js"], "/p") == ()


def test_a_folder_with_more_files_than_any_output_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(place, "MOST_FILES", 2)
    for name in "abc":
        (tmp_path / f"{name}.js").touch()

    with pytest.raises(UsageError, match="more than 2 files"):
        place.find_place(str(tmp_path))
