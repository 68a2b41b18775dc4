"""A workspace of ten TypeScript packages, grown from the sample `fixtures/projects/ts-workspace`.

    units ──> table ──> report ──> cli (bundled by esbuild)
    text, dates ──> collections ──> query, store ──┘ └──> web (React, built by Vite)

Its scripts are the sample's, with the web page's build and `check`, which is both build and test.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from sources import index_lines, label_module, package_sources

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures/projects"
SAMPLE = FIXTURES / "ts-workspace"
WEB_SAMPLE = FIXTURES / "vite-react"
SAMPLE_SEED = 7
"""The same workspace for every seed of edits; any number would do."""

USES: dict[str, tuple[str, ...]] = {
    "units": (),
    "text": (),
    "dates": (),
    "table": ("units",),
    "collections": ("text", "dates"),
    "query": ("collections", "text"),
    "store": ("collections", "dates"),
    "report": ("table", "store", "query"),
    "cli": ("table", "units", "report"),
    "web": ("report", "query", "units"),
}
"""The packages in an order in which they can be built, and what each imports."""
SAMPLED = ("units", "table", "cli")
"""Packages that the sample has: their own sources stay, others are added."""
PANELS = ("Overview", "Parcels", "Routes", "Tariffs", "Search", "Settings", "History", "Help")
"""Components of the web page, each with a style sheet."""
DEPENDENCY = "yoctocolors"
DEPENDENCY_VERSIONS = ("2.1.1", "2.1.0", "2.0.2", "2.0.0")
"""Of a small package that the command line imports; the first is installed at first."""
CHECK = ("npm", "run", "check")
"""What a developer runs after an edit who wants to know whether all is well, and what a CI runs."""


def workspace_files() -> dict[str, str]:
    """Every file of it by its path, but for what npm writes."""
    source = random.Random(SAMPLE_SEED)
    files = _sample_files()
    for package, uses in USES.items():
        below = f"packages/{package}/"
        made = {} if package == "web" else package_sources(package, uses, source)
        made[f"src/{package}-label.ts"] = label_module(package)
        files |= {below + name: text for name, text in made.items()}
        if package not in ("web", "cli"):
            index = below + "src/index.ts"
            files[index] = files.get(index, "") + index_lines(made)
        files[below + "package.json"] = _manifest(package, files.get(below + "package.json"))
        files[below + "tsconfig.json"] = _configuration(package)
        files[below + "README.md"] = f"# @tally/{package}\n\nOne of the packages of tally.\n"
    files |= _cli_entry(files) | _web_files() | _root_files(files)
    files["docs/guide.md"] = "# Guide\n\nHow the packages belong together.\n"
    return files


def _sample_files() -> dict[str, str]:
    names = [path for path in SAMPLE.rglob("*") if path.is_file()]
    kept = [path for path in names if "node_modules" not in path.parts]
    files = {str(path.relative_to(SAMPLE)): path.read_text(encoding="utf-8") for path in kept}
    del files["package-lock.json"]
    return files


def _manifest(package: str, sampled: str | None) -> str:
    manifest = json.loads(sampled) if sampled else _new_manifest(package)
    manifest["dependencies"] = {f"@tally/{name}": "1.0.0" for name in USES[package]}
    if package == "cli":
        manifest["dependencies"][DEPENDENCY] = DEPENDENCY_VERSIONS[0]
        manifest["exports"] = {".": {"types": "./dist/index.d.ts", "default": "./dist/index.js"}}
    if package == "web":
        manifest["dependencies"] |= {"react": "^19.0.0", "react-dom": "^19.0.0"}
    return json.dumps(manifest, indent=2) + "\n"


def _new_manifest(package: str) -> dict[str, object]:
    manifest: dict[str, object] = {
        "name": f"@tally/{package}",
        "version": "1.0.0",
        "license": "MIT",
        "type": "module",
    }
    if package == "web":
        return manifest | {"private": True, "scripts": {"build": "vite build"}}
    exports = {".": {"types": "./dist/index.d.ts", "default": "./dist/index.js"}}
    return manifest | {"exports": exports, "scripts": {"test": "node --test test/"}}


def _configuration(package: str) -> str:
    options: dict[str, object] = {
        "rootDir": "src",
        "outDir": "dist",
        "tsBuildInfoFile": "dist/.tsbuildinfo",
    }
    if package == "web":
        options |= {
            "outDir": "types",
            "tsBuildInfoFile": "types/.tsbuildinfo",
            "emitDeclarationOnly": True,
            "jsx": "react-jsx",
            "lib": ["ES2022", "DOM", "DOM.Iterable"],
            "module": "ESNext",
            "moduleResolution": "Bundler",
            "types": ["vite/client"],
        }
    configuration = {
        "extends": "../../tsconfig.base.json",
        "compilerOptions": options,
        "include": ["src"],
        "references": [{"path": f"../{name}"} for name in USES[package]],
    }
    return json.dumps(configuration, indent=2) + "\n"


def _cli_entry(files: dict[str, str]) -> dict[str, str]:
    """The sample's command, with colours; and an index, by which the tests reach the modules."""
    main = "packages/cli/src/main.ts"
    modules = [name for name in files if name.startswith("packages/cli/src/") and name != main]
    lines = index_lines({name.removeprefix("packages/cli/"): "" for name in modules})
    text = f"import {{ red }} from '{DEPENDENCY}'\n" + files[main]
    text = text.replace("console.error('usage", "console.error(red('usage")
    text = text.replace("DIR...')", "DIR...'))")
    return {main: text, "packages/cli/src/index.ts": lines}


def _web_files() -> dict[str, str]:
    below = "packages/web/"
    files = {
        below + "index.html": (WEB_SAMPLE / "index.html").read_text(encoding="utf-8"),
        below + "vite.config.ts": _VITE_CONFIGURATION,
        below + ".env": "VITE_TITLE=Tally\n",
        below + "public/pin.svg": (WEB_SAMPLE / "public/pin.svg").read_text(encoding="utf-8"),
        below + "src/main.tsx": (WEB_SAMPLE / "src/main.tsx").read_text(encoding="utf-8"),
        below + "src/reset.css": (WEB_SAMPLE / "src/reset.css").read_text(encoding="utf-8"),
        below + "src/styles.css": (WEB_SAMPLE / "src/styles.css").read_text(encoding="utf-8"),
        below + "src/App.tsx": _app(),
    }
    for number, panel in enumerate(PANELS):
        package = USES["web"][number % len(USES["web"])]
        text = _PANEL.replace("@PANEL@", panel).replace("@PACKAGE@", package)
        text = text.replace("@NAME@", f"{package.capitalize()}Parcel")
        files[f"{below}src/components/{panel}.tsx"] = text
        files[f"{below}src/components/{panel}.module.css"] = _STYLES
    return files


def _app() -> str:
    imports = "".join(f"import {{ {name} }} from './components/{name}'\n" for name in PANELS)
    shown = "".join(f"      <{name} />\n" for name in PANELS)
    return (
        f"{imports}\nexport function App() {{\n  return (\n    <main>\n"
        f"      <h1>{{import.meta.env.VITE_TITLE}}</h1>\n{shown}    </main>\n  )\n}}\n"
    )


def _root_files(files: dict[str, str]) -> dict[str, str]:
    manifest = json.loads(files["package.json"])
    manifest["workspaces"] = [f"packages/{name}" for name in USES]
    manifest["scripts"] |= {
        "build": "npm run build:types && npm run build:cli && npm run build:web",
        "build:web": "npm run build -w @tally/web",
        "check": "npm run build && npm test",
    }
    web = json.loads((WEB_SAMPLE / "package.json").read_text(encoding="utf-8"))
    manifest["devDependencies"] |= web["devDependencies"]
    references = {"files": [], "references": [{"path": f"packages/{name}"} for name in USES]}
    return {
        "package.json": json.dumps(manifest, indent=2) + "\n",
        "tsconfig.json": json.dumps(references, indent=2) + "\n",
        ".gitignore": files[".gitignore"] + "types/\n",
    }


_VITE_CONFIGURATION = """\
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({ plugins: [react()], build: { manifest: true } })
"""

_PANEL = """\
import { useState } from 'react'
import { @NAME@Shelf, parse@NAME@ } from '@tally/@PACKAGE@'
import styles from './@PANEL@.module.css'

const items = ['first 3 a', 'second 40 b', 'third -2'].map(parse@NAME@)

export function @PANEL@() {
  const [isOpen, setOpen] = useState(true)
  return (
    <section className={styles.panel}>
      <h2 className={styles.title} onClick={() => setOpen(!isOpen)}>@PANEL@</h2>
      {isOpen && (
        <ul>
          {new @NAME@Shelf(items).sorted().map((item) => (
            <li key={item.id}>{item.id}</li>
          ))}
        </ul>
      )}
    </section>
  )
}
"""

_STYLES = """\
.panel {
  margin: 1rem 0;
  padding: 12px;
  border: 1px solid #ccc;
}
.title {
  font-size: 18px;
  cursor: pointer;
}
"""
