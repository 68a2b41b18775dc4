"""Each workload under strace and under observation: no path that strace shows may be missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

STRACE = ("strace", "-f", "-qq", "-y", "-s", "4096", "-e", "trace=%file,%process,fchdir,getdents64")
QUOTED = re.compile(r'(?:(AT_FDCWD|\d+)<((?:[^>\\]|\\.)*)>, )?"((?:[^"\\]|\\.)*)"')
DESCRIPTOR = re.compile(r"\d+<(/[^>]*)>")
ONE_PATH = ("execve", "readlink", "readlinkat", "getxattr", "lgetxattr", "setxattr", "lsetxattr")
"""Of these only the first text is a path: the others are arguments, contents and names."""
CHANCE = re.compile(r"/(proc|dev|sys)(/|$)|/cc\w{6}(\.|$)|tmp_obj_\w+$|/\.git/t\w{6}$|/tar\w+$")
"""What has another name in each run."""

SCRIPTS = {
    "shell": """
        mkdir -p out/deep; cp a out/; cp -r src out/copy; mv out/a out/b; ln -s b out/link
        cat out/link missing 2> /dev/null; ls -l src; find . -name '*.c'; test -x a; rm -r out
        (cd src && cat ../a s.c); readlink link; chmod 600 a; touch -r a b; ln a hard; rmdir no
        stat -f a > /dev/null; tar cf t.tar src; tar xf t.tar -C src; sort -o a a; true
    """,
    "python": "python3 -c 'import json, decimal, email.message, sqlite3, asyncio; import m'",
    "node": "node main.js",
    "make": "make -j2 all",
    "git": "git init -q .; git add -A; git -c user.name=n -c user.email=e commit -qm x; git status",
}


@pytest.mark.parametrize("workload", SCRIPTS)
def test_every_path_that_strace_shows_is_told(observe, workload, tmp_path, monkeypatch):
    tools = {"shell": "tar", "python": "python3"}
    for tool in ("strace", tools.get(workload, workload), *(["gcc"] * (workload == "make"))):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setenv(name, "2000-01-01T00:00:00Z")
    command = ("sh", "-c", SCRIPTS[workload])
    log = tmp_path / "log"
    fill(observe.folder)
    traced = subprocess.run(
        [*STRACE, "-o", log, *command], cwd=observe.folder, capture_output=True, check=False
    )
    if b"ptrace" in traced.stderr.lower() or not log.exists():
        pytest.skip("strace may not trace here")
    fill(observe.folder)

    told = observe(*command)

    shown = paths_in(log.read_text(errors="surrogateescape"), observe.folder)
    seen = {access.path for access in told.accesses}
    seen |= {access.other for access in told.accesses}
    assert len(shown) > 20
    missing = sorted(shown - seen)
    assert missing == [], missing
    assert told.incomplete == set()


def fill(folder):
    """The same project each time."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "src").mkdir(parents=True)
    (folder / "lib").mkdir()
    (folder / "a").write_text("b\na\n")
    (folder / "b").write_text("b")
    (folder / "link").symlink_to("a")
    (folder / "src/h.h").write_text("#define N 0\n")
    for name in "st":
        (folder / f"src/{name}.c").write_text(f'#include "h.h"\nint {name}(void) {{return N;}}\n')
    (folder / "main.c").write_text("int s(void); int main(void) { return s(); }\n")
    (folder / "Makefile").write_text("all: main\nmain: main.o src/s.o src/t.o\n")
    (folder / "m.py").write_text("import os\nprint(sorted(os.listdir('src')))\n")
    (folder / "lib/index.js").write_text("exports.x = 1\n")
    (folder / "main.js").write_text("require('./lib'); require('fs').readdirSync('src')\n")


def paths_in(log, folder):
    """Absolute paths of a log; each process's changes of the working directory are followed."""
    directories = {}
    paths = set()
    for pid, call in whole_calls(log):
        name = call.partition("(")[0]
        directory = directories.setdefault(pid, str(folder))
        if child := re.fullmatch(r"(?:clone3?|v?fork)\(.* = (\d+)", call, re.DOTALL):
            directories[child[1]] = directory
        if name in ("getdents64", "fchdir"):
            folder_behind = DESCRIPTOR.search(call)[1]
            paths.add(folder_behind)
            directories[pid] = folder_behind if name == "fchdir" else directory
            continue
        for base, behind, text in texts_of(name, call):
            start = behind if base else directory
            paths.add(absolute(start, plain(text)))
        if name == "chdir" and call.endswith("= 0"):
            directories[pid] = absolute(directory, plain(next(iter(texts_of(name, call)))[2]))
    return {path for path in paths if path and not CHANCE.search(path)}


def whole_calls(log):
    """Calls with their process, each put where it began; what another one interrupts is joined."""
    calls, begun = [], {}
    for line in log.splitlines():
        pid, _, call = line.partition(" ")
        call = call.strip()
        if resumed := re.match(r"<\.\.\. \w+ resumed>", call):
            calls[begun[pid]] = (pid, calls[begun[pid]][1] + call[resumed.end() :])
            continue
        begun[pid] = len(calls)
        calls.append((pid, call.removesuffix("<unfinished ...>")))
    return calls


def texts_of(name, call):
    if name in ("getcwd", "symlink", "symlinkat") or "(" not in call:
        return []
    found = [match.groups() for match in QUOTED.finditer(call)]
    return found[:1] if name in ONE_PATH else found


def absolute(directory, text):
    """As the kernel reads it, up to where it would give up; empty for no path at all."""
    if not text:
        return ""
    path = "/" if text.startswith("/") else directory
    for name in text.split("/"):
        if name == "..":
            if not os.path.isdir(path):
                return path
            path = os.path.dirname(os.path.realpath(path))
        elif name not in ("", "."):
            path = os.path.join(path, name)
    return path


def plain(text):
    return text.encode().decode("unicode_escape") if "\\" in text else text
