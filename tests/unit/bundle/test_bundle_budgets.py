"""Limits that a build must keep."""

import pytest

from buildopt.bundle.budgets import judge, parse_budget
from buildopt.errors import UsageError
from tests.unit.bundle.bundle_writing import analysed, write_chunk

A = "node_modules/a/index.js"


@pytest.fixture
def build(tmp_path):
    def make(name="now", times=1):
        dist = tmp_path / name / "dist"
        write_chunk(dist, f"main-{name}0000.js", [("src/i.js", "i();"), (A, "a();" * 100 * times)])
        (dist / "index.html").write_text(f'<script src="main-{name}0000.js"></script>')
        return analysed(tmp_path / name)

    return make


def verdicts(text, analysis, against=None):
    return [(v.subject, v.is_kept) for v in judge(parse_budget(text), analysis, against)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("total.raw<=1MB", [("total", True)]),
        ("total<=10", [("total", False)]),
        ("initial.gzip <= 1 kB", [("initial:index.html", True)]),
        ("initial:index.html.gzip<=1kB", [("initial:index.html", True)]),
        ("file:*.js.raw<=100", [("main-now0000.js", False)]),
        ("package:a<=400", [("a", True)]),
        ("package:a<=399", [("a", False)]),
        ("package:absent<=0", [("absent", True)]),
        ("duplicates<=0", [("duplicates", True)]),
    ],
)
def test_a_budget_is_kept_up_to_its_limit(build, text, expected):
    assert verdicts(text, build()) == expected


@pytest.mark.parametrize(
    ("text", "is_kept"),
    [("total.raw<=+5%", False), ("total.raw<=+100%", True), ("file:*.js.raw<=+400", True),
     ("file:*.js.raw<=+399", False), ("duplicates<=+0", True)],
)  # fmt: skip
def test_a_relative_budget_adds_to_what_the_other_build_has(build, text, is_kept):
    before, after = build("old"), build("new", times=2)

    assert [kept for _, kept in verdicts(text, after, before)] == [is_kept]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "total",
        "total<300",
        "total.lzma<=3",
        "total<=many",
        "total<=5%",
        "all<=3kB",
        "total<=+x%",
    ],
)
def test_what_is_no_budget_is_refused(text):
    with pytest.raises(UsageError, match="is no budget"):
        parse_budget(text)


def test_a_relative_budget_needs_something_to_compare_with(build):
    with pytest.raises(UsageError, match="needs something"):
        verdicts("total.raw<=+5%", build())


def test_an_estimate_is_never_held_against_an_exact_size(build, tmp_path):
    from buildopt.bundle.analysis import analyse
    from buildopt.bundle.measurement import Means
    from buildopt.bundle.memo import NoMemo
    from buildopt.bundle.sizes import methods

    build("now")
    quick, exact = (
        analyse(
            str(tmp_path / "now"),
            Means(methods=methods(["brotli"], is_quick=is_quick), sizes=NoMemo(), shares=NoMemo()),
        )
        for is_quick in (True, False)
    )

    with pytest.raises(UsageError, match="different ways"):
        verdicts("total.brotli<=+5%", quick, exact)


@pytest.mark.parametrize("text", ["file:*.wasm.raw<=3", "initial:other<=3", "total.brotli<=1MB"])
def test_a_budget_about_nothing_that_is_there_is_a_mistake(build, text):
    with pytest.raises(UsageError, match="names nothing"):
        verdicts(text, build())
