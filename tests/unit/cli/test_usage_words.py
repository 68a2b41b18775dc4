"""A command line that makes no sense is told in the form of our messages."""

import pytest

from buildopt.cli.app import run_command_line


@pytest.mark.parametrize(
    ("words", "status", "message", "hint"),
    [
        ("run --inptu x", 125, "no such option `--inptu`", "did you mean `--input`?"),
        ("cache --nope", 2, "no such option `--nope`", "see `buildopt cache --help`."),
        (
            "run --observe x",
            125,
            "invalid value for `--observe`: `x` is not one of `auto`, `seccomp`, `declared`, `off`",
            "see `buildopt run --help`.",
        ),
        ("events list --type", 2, "option `--type` requires an argument", "see `buildopt events"),
        (
            "completion",
            2,
            "missing argument `{bash|zsh|fish}`. Choose from: bash, zsh, fish",
            "see `buildopt completion --help`.",
        ),
        (
            "runs --limit 0",
            2,
            "invalid value for `--limit`: 0 is not in the range x>=1",
            "see `buildopt runs --help`.",
        ),
        ("run -q --input -- true", 125, "option `--input` requires an argument", "see `buildopt"),
        ("cache nope", 2, "no such command `nope`", "see `buildopt cache --help`."),
        (
            "run --cache-limit zz",
            125,
            "invalid value for `--cache-limit`: `zz` is no size above zero",
            "it takes a size such as",
        ),
        (
            "integrations ci nope",
            2,
            "invalid value for `[FORM]`: `nope` is not one of",
            "see `buildopt integrations ci --help`.",
        ),
    ],
)
def test_mistake_is_told_in_two_lines(capsys, words, status, message, hint):
    assert run_command_line(words.split()) == status

    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith(f"buildopt: {message}")
    assert second.startswith(f"hint: {hint}")
    assert second.endswith("See docs/messages.md#usage")
