"""The compiler of TypeScript asks of a style sheet only what it is; the real one, from npm."""

import json
import os
import shutil
import subprocess

import pytest

from tests.e2e.scenario_project import INSTALL_ENVIRON, NOT_HERE

OBSERVE = "auto"
pytestmark = [pytest.mark.projects, pytest.mark.xdist_group("typescript")]

OPTIONS = {
    "target": "ES2022",
    "module": "ESNext",
    "moduleResolution": "Bundler",
    "strict": True,
    "types": [],
    "rootDir": ".",
    "outDir": "dist",
}
WAYS = {
    "plain": ("tsc", {}),
    "unchecked imports are mistakes": ("tsc", {"noUncheckedSideEffectImports": True}),
    "incremental": ("tsc", {"incremental": True}),
    "project references": ("tsc -b", {"composite": True}),
    "all kinds of sources": ("tsc", {"allowJs": True, "allowArbitraryExtensions": True}),
    "only checked": ("tsc --noEmit", {}),
}


@pytest.fixture(scope="session")
def typescript(tmp_path_factory):
    """A folder `node_modules` with TypeScript."""
    place = tmp_path_factory.mktemp("typescript")
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    (place / "package.json").write_text('{"private": true}')
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "typescript@5"],
        cwd=place, env=os.environ | INSTALL_ENVIRON, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode and (said := NOT_HERE.search(done.stdout + done.stderr)):
        pytest.skip(f"npm says `{said[0]}`")
    assert done.returncode == 0, done.stderr
    return place / "node_modules"


@pytest.fixture
def build(rig, typescript, request):
    """Builds a project with style sheets; `request.param` is one of `WAYS`."""
    command, options = WAYS[request.param]
    os.symlink(typescript, rig.root / "node_modules")
    settings = {"compilerOptions": OPTIONS | options, "include": ["src"]}
    rig.write("tsconfig.json", json.dumps(settings))
    rig.write("src/ambient.d.ts", "declare module '*.css' { const n: string; export default n }\n")
    rig.write("src/main.ts", "import './all.css'\nimport n from './one.css'\nexport const a = n\n")
    rig.write("src/all.css", "p { color: red }\n")
    rig.write("src/one.css", "a { color: red }\n")
    rig.environ["PATH"] = f"{rig.root}/node_modules/.bin:{rig.environ['PATH']}"

    def build():
        return rig.run("--", *command.split())

    first = build()
    assert (first.status, first.outcome) == (0, "executed"), first.out
    build()
    return build, command.split()


@pytest.mark.parametrize("build", list(WAYS), indirect=True)
def test_style_sheet_with_another_content_changes_nothing_for_the_compiler(rig, build):
    build, command = build
    rig.write("src/all.css", "p { color: blue; margin: 0 }\n")
    rig.write("src/one.css", "")
    plain, tree = rig.always_rebuild(*command)

    done = build()

    assert done.outcome in ("fresh", "restored"), done.reasons
    assert (done.status, done.out) == (plain.returncode, plain.stdout)
    assert rig.tree() == tree


@pytest.mark.parametrize("build", ["plain", "unchecked imports are mistakes"], indirect=True)
def test_style_sheet_that_is_gone_or_a_folder_now_is_a_miss(rig, build):
    build, command = build
    (rig.root / "src/all.css").unlink()
    gone = build()
    (rig.root / "src/all.css").mkdir()
    plain, _ = rig.always_rebuild(*command)

    folder = build()

    assert [gone.outcome, folder.outcome] == ["executed", "executed"]
    assert (folder.status, folder.out) == (plain.returncode, plain.stdout)


@pytest.mark.parametrize("build", ["plain"], indirect=True)
def test_declaration_beside_a_style_sheet_counts_by_its_content(rig, build):
    build, _ = build
    rig.write("src/one.d.css.ts", "declare const n: number\nexport default n\n")

    done = build()

    assert done.outcome == "executed"
    assert done.reasons
