"""Limits that a build must keep."""

import pytest

from buildopt.bundle.budgets import judge, parse_budget
from buildopt.bundle.summary import summary_of
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
        "total<=usual5%",
        "total<=usual",
    ],
)
def test_what_is_no_budget_is_refused(text):
    with pytest.raises(UsageError, match="is no budget"):
        parse_budget(text)


@pytest.mark.parametrize("text", ["total.raw<=+5%", "total.raw<=usual+5%"])
def test_a_relative_budget_without_anything_to_compare_with_is_not_judged(build, text):
    (verdict,) = judge(parse_budget(text), build(), None)

    assert (verdict.limit, verdict.before, verdict.is_kept) == (None, None, True)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("total.raw<=usual+5%", False),
        ("total.raw<=usual+60%", True),
        ("initial.gzip<=usual+10kB", True),
        ("file:*.js.raw<=usual+0", False),
        ("package:a<=usual+399", False),
        ("package:a<=usual+400", True),
        ("duplicates<=usual+0", True),
        ("total.brotli<=usual+1%", None),
    ],
)
def test_a_trend_is_held_against_the_median_of_earlier_builds(build, text, kept):
    history = [summary_of(build(f"old{number}", times)) for number, times in enumerate([1, 2, 9])]
    if kept is None:
        with pytest.raises(UsageError, match="names nothing"):
            judge(parse_budget(text), build(times=3), None, tuple(history))
        return

    (verdict,) = judge(parse_budget(text), build(times=3), None, tuple(history))
    (unknown,) = judge(parse_budget(text), build(times=3), None, tuple(history[:2]))

    assert (verdict.is_kept, verdict.limit is None) == (kept, False)
    assert unknown.limit is None


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
