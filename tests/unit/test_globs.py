"""Patterns of declared inputs and outputs."""

import pytest

from buildopt.globs import parse

ROOT = "/p"


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("a.txt", "/p/a.txt"),
        ("src", "/p/src/deep/file.ts"),
        ("src/", "/p/src/deep/file.ts"),
        ("src/**", "/p/src/deep/file.ts"),
        ("src/**", "/p/src/file.ts"),
        ("src/**/*.ts", "/p/src/file.ts"),
        ("src/**/*.ts", "/p/src/a/b/file.ts"),
        ("**/test_*.py", "/p/test_a.py"),
        ("*.json", "/p/.hidden.json"),
        ("src/[ab].c", "/p/src/a.c"),
        ("src/?.c", "/p/src/b.c"),
        ("pack*", "/p/packages/below/it"),
        ("../other/x", "/other/x"),
        ("/abs/*.h", "/abs/a.h"),
        ("./a//b", "/p/a/b"),
        (".", "/p/anything"),
        ("odd\udcffname", "/p/odd\udcffname"),
    ],
)
def test_pattern_covers(pattern, path):
    assert parse(pattern, ROOT).covers(path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("a.txt", "/p/a.txt.bak"),
        ("src", "/p/src2/file.ts"),
        ("src/*.ts", "/p/src/file.js"),
        ("*.json", "/p/sub/a.json"),
        ("src/**/*.ts", "/p/lib/file.ts"),
        ("src/**", "/p/src"),
        ("a/*/b", "/p/a/b"),
    ],
)
def test_pattern_does_not_cover(pattern, path):
    assert not parse(pattern, ROOT).covers(path)


@pytest.mark.parametrize(
    ("pattern", "folder", "leads"),
    [
        ("src/**/*.ts", "/p", True),
        ("src/**/*.ts", "/p/src/deep", True),
        ("src/**/*.ts", "/p/lib", False),
        ("a/*/c/*.x", "/p/a/b", True),
        ("a/*/c/*.x", "/p/a/b/d", False),
        ("*.txt", "/p/sub", False),
    ],
)
def test_pattern_leads_only_to_folders_below_which_it_can_match(pattern, folder, leads):
    assert parse(pattern, ROOT).leads_to(folder) is leads
