"""Manifests hold what others wrote: whatever it is, there is a plan or a message."""

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from buildopt.errors import BuildoptError
from buildopt.tasks.graph import plan
from buildopt.tasks.workspaces import load_project

words = st.sampled_from(
    ["a", "b", "packages/a", "build", "*", "^1.0.0", "workspace:*", "workspace:", "file:../b", "",
     ".", "!", "!*", "{a,b}", "@", "1.2.3", "npm@10", "\n", "a#b", "^build", "//"]
)  # fmt: skip
leaves = st.none() | st.booleans() | st.integers() | words
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
)
keys = st.sampled_from(
    ["name", "version", "scripts", "workspaces", "dependencies", "peerDependencies",
     "packageManager", "packages"]
)  # fmt: skip
manifests = st.dictionaries(keys, values, max_size=6) | values


@given(manifests, manifests, manifests, values)
@settings(deadline=None)
def test_there_is_a_plan_or_a_message_with_a_slug(root, first, second, pnpm):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / ".git").mkdir()
        for below, manifest in ((".", root), ("packages/a", first), ("packages/b", second)):
            (folder / below).mkdir(parents=True, exist_ok=True)
            (folder / below / "package.json").write_text(json.dumps(manifest))
        if pnpm:
            (folder / "pnpm-workspace.yaml").write_text(json.dumps({"packages": pnpm}))
        try:
            chosen, workspace = load_project(place, {})
            made = plan(["build"], settings=chosen, workspace=workspace, directory=place)
        except BuildoptError as error:
            assert error.message
            assert error.hint
            assert error.slug
        else:
            assert made.tasks
