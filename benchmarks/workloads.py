"""Real builds to measure with: prepared once from npm and PyPI, run afterwards without a network.

python benchmarks/workloads.py [--dir DIR] [NAME…]    prepare them, and print how each is run

Versions are pinned here; what those depend on themselves is as the registry has it that day. To
install one anew, remove its file `NAME.prepared`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

DEFAULT_PLACE = Path(tempfile.gettempdir()) / "buildopt-workloads"
WEB_PACKAGES = ("react@18.3.0", "react-dom@18.3.0", "d3@7.9.0", "lodash-es@4.17.21")
C_FILES = 30
C_FUNCTIONS = 6
"""In each file; a file then takes about as long as one of a small interpreter's."""
HEADER_FOLDERS = ("include/first", "include/second", "include/third", "generated")
"""Each header lies in one of them, so that the compiler looks in vain in those before it."""


class Workload(NamedTuple):
    """A command that builds something, and what it leaves behind."""

    name: str
    directory: Path
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    made: tuple[str, ...]
    """Names and globs below `directory` of all that a run makes; caches of bytecode stay."""

    def clean(self) -> None:
        """Bring back the state from which each run starts."""
        for pattern in self.made:
            for path in self.directory.glob(pattern):
                _remove(path)
        temporary = Path(self.environment["TMPDIR"])
        _remove(temporary)
        temporary.mkdir(parents=True)

    def run(self) -> None:
        """Run it plainly; raises SystemExit with its words if it fails."""
        self.clean()
        _call(self.argv, self.directory, self.environment)


def prepare(place: Path, names: Iterable[str] = ()) -> list[Workload]:
    """The workloads (all, or those of `names`), installed below `place` and run once."""
    wanted = list(names) or list(MAKERS)
    return [_prepared(name, place.resolve()) for name in wanted]


def _prepared(name: str, place: Path) -> Workload:
    folder = place / name
    make, made = MAKERS[name], MADE[name]
    mark = place / f"{name}.prepared"
    is_new = not mark.exists()
    if is_new:
        _remove(folder)
        folder.mkdir(parents=True)
    argv = make(folder, is_new=is_new)
    workload = Workload(name, folder, argv, _environment(name, place), made)
    if is_new:
        workload.run()
        mark.write_text("installed, and run once\n", encoding="ascii")
    return workload


def _environment(name: str, place: Path) -> dict[str, str]:
    """Nothing of the caller's but where programs are."""
    (place / "home").mkdir(exist_ok=True)
    return {
        "PATH": f"{os.path.dirname(_node())}:{os.defpath}",
        "LANG": "C.UTF-8",
        "HOME": str(place / "home"),
        "TMPDIR": str(place / "temporary" / name),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def _esbuild(folder: Path, *, is_new: bool) -> tuple[str, ...]:
    """A static Go program over 1,400 modules."""
    if is_new:
        _npm(folder, "esbuild@0.25.12", "three@0.170.0", "rxjs@7.8.2", "d3@7.9.0")
        _write(folder, "main.js", _entry("three", "rxjs", "d3"))
    program = str(folder / "node_modules/@esbuild/linux-x64/bin/esbuild")
    return (program, "main.js", "--bundle", "--minify", "--sourcemap", "--outfile=dist/main.js")


def _tsc(folder: Path, *, is_new: bool) -> tuple[str, ...]:
    """The compiler written in JavaScript, over the sources of RxJS."""
    if is_new:
        _npm(
            folder, "typescript@5.9.3", "rxjs@7.8.2", "@types/node@22.20.5", "@types/react@18.3.8"
        )  # fmt: skip
        shutil.copytree(folder / "node_modules/rxjs/src", folder / "src")
        _write(folder, "tsconfig.json", TSCONFIG)
    return (_node(), "node_modules/typescript/bin/tsc", "--noEmit")


def _vite(folder: Path, *, is_new: bool) -> tuple[str, ...]:
    return _vite_build(folder, "vite@6.4.6", "@vitejs/plugin-react@4.6.0", is_new=is_new)


def _vite8(folder: Path, *, is_new: bool) -> tuple[str, ...]:
    """The same with a bundler written in Rust, in threads of Node's process."""
    return _vite_build(folder, "vite@8.3.8", "@vitejs/plugin-react@6.3.0", is_new=is_new)


def _vite_build(folder: Path, *packages: str, is_new: bool) -> tuple[str, ...]:
    if is_new:
        _npm(folder, *packages, *WEB_PACKAGES)
        _write(folder, "index.html", PAGE)
        _write(folder, "main.jsx", _web_entry())
        _write(folder, "vite.config.js", VITE_CONFIG)
    return (_node(), "node_modules/vite/bin/vite.js", "build")


def _webpack(folder: Path, *, is_new: bool) -> tuple[str, ...]:
    if is_new:
        _npm(folder, "webpack@5.112.1", "webpack-cli@6.0.1", *WEB_PACKAGES)
        _write(folder, "main.js", _web_entry())
    program = "node_modules/webpack/bin/webpack.js"
    return (_node(), program, "--mode=production", "--entry=./main.js", "--devtool=source-map")


def _make(folder: Path, *, is_new: bool) -> tuple[str, ...]:
    """Compilers and shells by the hundred, two at a time."""
    if is_new:
        for number in range(C_FILES):
            header = HEADER_FOLDERS[number % len(HEADER_FOLDERS)]
            _write(folder, f"{header}/part{number}.h", f"int part{number}(int value);\n")
            _write(folder, f"source/part{number}.c", _c_source(number))
        _write(folder, "source/main.c", _c_main())
        _write(folder, "Makefile", MAKEFILE)
    return (_found("make"), "-j2")


def _wheel(folder: Path, *, is_new: bool) -> tuple[str, ...]:
    """A wheel with a C extension, built by setuptools."""
    if is_new:
        _venv(folder, "pip==24.3.1", "setuptools==75.8.0", "wheel==0.45.1")
        _unpack_sdist(folder, "markupsafe==3.0.2")
    options = ("--no-build-isolation", "--no-deps", "--no-index", "--no-cache-dir")
    return (_python(folder), "-m", "pip", "wheel", *options, "-w", "dist", ".")


def _pytest(folder: Path, *, is_new: bool) -> tuple[str, ...]:
    """The tests of click."""
    if is_new:
        _venv(folder, "pip==24.3.1", "pytest==8.3.4", "flit_core==3.12.0")
        _unpack_sdist(folder, "click==8.4.2")
        _install(folder, "--no-build-isolation", ".")
    return (_python(folder), "-m", "pytest", "-q")


MAKERS: Mapping[str, Callable[..., tuple[str, ...]]] = {
    "esbuild": _esbuild,
    "tsc": _tsc,
    "vite": _vite,
    "vite8": _vite8,
    "webpack": _webpack,
    "make": _make,
    "wheel": _wheel,
    "pytest": _pytest,
}
"""By name: installs where `is_new`, and says how it is run."""

MADE: Mapping[str, tuple[str, ...]] = {
    "esbuild": ("dist",),
    "tsc": (),
    "vite": ("dist", "node_modules/.vite*"),
    "vite8": ("dist", "node_modules/.vite*"),
    "webpack": ("dist",),
    "make": ("build",),
    "wheel": ("dist", "build", "src/*.egg-info"),
    "pytest": (".pytest_cache",),
}

TSCONFIG = """\
{
  "compilerOptions": {
    "target": "es2019", "module": "commonjs", "moduleResolution": "node10",
    "lib": ["esnext", "dom"], "types": ["node", "react"], "strict": true,
    "useUnknownInCatchVariables": false, "stripInternal": true, "esModuleInterop": true
  },
  "include": ["src"]
}
"""

PAGE = '<div id="app"></div><script type="module" src="/main.jsx"></script>\n'
VITE_CONFIG = """\
import react from "@vitejs/plugin-react";

export default { plugins: [react()], build: { sourcemap: true } };
"""

MAKEFILE = f"""\
OBJECTS := $(patsubst source/%.c,build/%.o,$(wildcard source/*.c))
CFLAGS := -O2 -MMD {" ".join(f"-I{folder}" for folder in HEADER_FOLDERS)}

build/program: $(OBJECTS)
\t$(CC) -o $@ $^

build/%.o: source/%.c
\t@mkdir -p build
\t$(CC) $(CFLAGS) -c -o $@ $<

-include $(wildcard build/*.d)
"""


def _entry(*packages: str) -> str:
    """A module that keeps all of some packages in its bundle."""
    lines = [f'import * as part{i} from "{name}";' for i, name in enumerate(packages)]
    names = ", ".join(f"part{i}" for i in range(len(packages)))
    return "\n".join([*lines, f"globalThis.all = [{names}];", ""])


def _web_entry() -> str:
    page = (
        'import { createElement } from "react";\nimport { createRoot } from "react-dom/client";\n'
    )
    show = 'createRoot(document.getElementById("app")).render(createElement("p", null, "here"));\n'
    return page + _entry("d3", "lodash-es") + show


def _c_source(number: int) -> str:
    """Calls the next part, and has functions enough to keep the compiler busy for a moment."""
    following = (number + 1) % C_FILES
    functions = "".join(_C_FUNCTION % (number, i, i + number) for i in range(C_FUNCTIONS))
    return (
        f'#include <stdio.h>\n#include <stdlib.h>\n#include "part{number}.h"\n'
        f'#include "part{following}.h"\n\n{functions}'
        f"int part{number}(int value)\n{{\n"
        f'    printf("%d\\n", step_{number}_0(value));\n'
        f"    return value > 9 ? abs(value) : part{following}(value + {number + 1});\n}}\n"
    )


_C_FUNCTION = """\
int step_%d_%d(int value)
{
    int table[16], sum = %d;
    for (int i = 0; i < 16; i++)
        table[i] = value * i ^ sum;
    for (int i = 0; i < 16; i++)
        sum += table[(i * value) & 15] > sum ? table[i] : i;
    return sum;
}

"""


def _c_main() -> str:
    return '#include "part0.h"\n\nint main(void)\n{\n    return part0(1) == 0;\n}\n'


def _npm(folder: Path, *packages: str) -> None:
    _write(folder, "package.json", '{ "private": true, "type": "module" }\n')
    _call(("npm", "install", "--no-audit", "--no-fund", "--save-exact", *packages), folder)


def _venv(folder: Path, *requirements: str) -> None:
    """A virtual environment in the project, as most have it."""
    _call((sys.executable, "-m", "venv", str(folder / ".venv")), folder)
    _install(folder, *requirements)


def _install(folder: Path, *arguments: str) -> None:
    _call((_python(folder), "-m", "pip", "install", "-q", *arguments), folder)


def _unpack_sdist(folder: Path, requirement: str) -> None:
    """The source distribution, laid out as the project in `folder`, which has its build tools."""
    with tempfile.TemporaryDirectory() as download:
        options = ("--no-deps", "--no-binary=:all:", "--no-build-isolation", "-d", download)
        _call((_python(folder), "-m", "pip", "download", *options, requirement), folder)
        (archive,) = Path(download).iterdir()
        shutil.unpack_archive(archive, download, filter="data")
        (top,) = (path for path in Path(download).iterdir() if path.is_dir())
        shutil.copytree(top, folder, dirs_exist_ok=True)


def _python(folder: Path) -> str:
    return str(folder / ".venv/bin/python")


def _node() -> str:
    return _found("node")


def _found(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise SystemExit(f"`{program}` is not installed")
    return path


def _write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def _call(
    argv: tuple[str, ...], directory: Path, environment: Mapping[str, str] | None = None
) -> None:
    done = subprocess.run(
        argv, cwd=directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        said = os.fsdecode(done.stdout[-2000:] + done.stderr[-2000:])
        raise SystemExit(f"`{' '.join(argv)}` in {directory}: exit {done.returncode}: {said}")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def main() -> None:
    """Prepare, and print the commands."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    options = parser.parse_args()
    for workload in prepare(options.dir, options.names):
        print(f"{workload.name}: cd {workload.directory} && {' '.join(workload.argv)}")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options by which workloads are chosen: `dir` and `names`."""
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MAKERS)} (all)")
    parser.add_argument(
        "--dir", type=Path, default=DEFAULT_PLACE, help=f"where they are ({DEFAULT_PLACE})"
    )


if __name__ == "__main__":
    main()
