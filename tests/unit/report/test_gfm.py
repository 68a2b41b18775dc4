"""Markdown as a parser of it reads it."""

import pytest
from markdown_it import MarkdownIt

from buildopt.report.gfm import code, sentence, table, text

NAMES = [
    "main.js", "a|b", "`", "``a`", "a`|`b", "| --- |", "<script>", "</code>", "*x*", "a\nb",
    "[x](http://y)", "\x1b[31m", "\u202etxt",
]  # fmt: skip


def read(markdown):
    """The cells of tables, or the paragraphs, each as its pieces: how and what."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    return [[(piece.type, piece.content) for piece in token.children]
            for token in tokens if token.type == "inline"]  # fmt: skip


def shown(name):
    return name.replace("\n", "\\n").replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_code_span_in_a_line_and_in_a_cell(name):
    alone = read(f"Ran {code(name)}.")
    cells = read("\n".join(table(("name", "size:"), [(code(name), "1 B")])))

    assert alone == [[("text", "Ran "), ("code_inline", shown(name)), ("text", ".")]]
    assert cells[2:] == [[("code_inline", shown(name))], [("text", "1 B")]]


@pytest.mark.parametrize("name", NAMES)
def test_words_are_no_markup_in_a_line_and_in_a_cell(name):
    [line] = read(f"Said: {text(name)}.")
    cells = read("\n".join(table(("said",), [(text(name),)])))

    assert {how for how, _ in line} <= {"text", "text_special"}
    assert "".join(what for _, what in line) == f"Said: {shown(name)}."
    assert "".join(what for _, what in cells[1]) == shown(name)


def test_a_mention_and_a_reference_are_broken():
    assert "@team" not in text("ask @team")
    assert "#7" not in sentence("closes #7")
    assert "`@team/kit`" in sentence("`@team/kit` changed")


def test_rows_that_are_left_out_are_counted():
    lines = list(table(("n:",), [(str(number),) for number in range(4)], most=2, left_out=3))

    assert lines == ["", "| n |", "| ---: |", "| 0 |", "| 1 |", "| and 5 more |"]
    assert list(table(("n:",), [], left_out=3)) == []
