"""`buildopt bundle` as a user calls it."""

import json
import os
import sqlite3
import time

import pytest

from tests.unit.bundle.bundle_writing import write_chunk, write_lock, write_metafile
from tests.unit.bundle.test_bundle_archive import wheel

A = "../node_modules/a/index.js"


@pytest.fixture
def built(rig):
    """A project with a bundle in dist/, and statistics that tell why."""
    write_lock(rig.root, {"node_modules/a": "1.2.3"})
    write_chunk(rig.root / "dist", "main.js", [("../src/i.js", "i();"), (A, "a();" * 50)])
    imports = {"src/i.js": ["node_modules/a/index.js"]}
    write_metafile(rig.root, imports, {"dist/main.js": []}, ("dist/main.js", "src/i.js"))
    return rig


def told(rig, *arguments):
    """The object that a command prints, and nothing else on stdout."""
    done = rig.call("bundle", *arguments, "--json")
    assert done.stderr == b""
    return json.loads(done.stdout)


def text(rig, *arguments, status=0):
    done = rig.call("bundle", *arguments)
    assert done.returncode == status, done.stderr.decode()
    return done.stdout.decode()


def test_the_folder_need_not_be_named(built):
    found = told(built)

    assert (found["schema"], found["kind"]) == (1, "bundle")
    assert [file["path"] for file in found["files"]] == ["main.js"]
    assert set(found["totals"]) == {"raw", "gzip", "brotli", "zstd"}
    assert found == told(built, "dist")


def test_a_folder_that_nobody_named_and_that_is_no_project_is_not_searched(rig):
    write_chunk(rig.root / "deep/below", "main.js", [("../src/i.js", "i();")])

    unnamed, named = rig.call("bundle"), rig.call("bundle", ".", "--json")

    assert (unnamed.returncode, named.returncode) == (2, 0)
    assert b"is no project and holds no code\nhint: " in unnamed.stderr


def test_the_document_keeps_its_contract(built):
    found = told(built)

    assert set(found["files"][0]) >= {"path", "raw", "gzip", "brotli"}
    assert set(found["packages"][0]) >= {"name", "version", "instance", "bytes"}
    contract = {"path", "mapped", "unmapped", "line_ends", "map_comment"}
    assert set(found["attribution"][0]) >= contract
    assert found["why"] == [
        {
            "package": "a",
            "instance": "node_modules/a",
            "chain": ["src/i.js", "node_modules/a/index.js"],
        }
    ]


def test_a_second_analysis_gives_the_same_from_what_is_remembered(built):
    first = told(built)

    second = told(built)

    assert second == first
    built.environ["BUILDOPT_BUNDLE_MEMO"] = "0"
    assert told(built) == first


def test_an_unchanged_output_is_answered_from_signatures_alone(built):
    first = told(built)
    time.sleep(0.05)
    told(built)
    kept = list((built.cache / "v1" / "bundle" / "unchanged").iterdir())
    assert len(kept) == 1

    assert built.call("bundle", "--json").stdout == built.call("bundle", "--json").stdout
    shown = text(built)

    assert told(built) == first
    assert "a        1.2.3" in shown


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("dist/main.js", "other();\n"),
        ("dist/main.js.map", "{}"),
        ("dist/new.js", "more();\n"),
        ("dist/lazy/new.js", "more();\n"),
        ("package-lock.json", "{}"),
        ("meta.json", "{}"),
        ("pnpm-lock.yaml", "packages:\n"),
    ],
)
def test_what_an_analysis_looked_at_makes_it_anew_when_it_changes(built, path, content):
    time.sleep(0.05)  # what is younger than a tick of the clock is not remembered at all
    first = told(built)
    assert told(built) == first

    built.write(path, content)

    built.environ["BUILDOPT_BUNDLE_MEMO"] = "0"
    expected = told(built)
    del built.environ["BUILDOPT_BUNDLE_MEMO"]
    assert told(built) == expected


def test_a_falsified_memo_does_not_break_the_sum(built):
    first = told(built)
    for kept in (built.cache / "v1" / "bundle" / "unchanged").iterdir():
        kept.write_bytes(b"x" + kept.read_bytes()[1:])
    for database in built.cache.rglob("cache.db"):
        connection = sqlite3.connect(database)
        with connection:
            connection.execute("UPDATE Cache SET value = ?", (b'{"sources": {}}',))
        connection.close()

    assert told(built) == first


def test_a_memo_that_others_may_write_is_left_off_and_said_once(built):
    told(built)
    for folder in ("sizes", "shares", "unchanged"):
        (built.cache / "v1" / "bundle" / folder).chmod(0o777)

    done = built.call("bundle", "--json")

    assert done.stderr.count(b"not remembered") == 1
    assert json.loads(done.stdout)["kind"] == "bundle"


def test_people_see_the_sum_the_packages_and_how_the_sizes_were_made(built):
    shown = text(built)

    assert "dist: " in shown.splitlines()[0]
    assert "mapped" in shown.splitlines()[1]
    assert "gzip 9 (zlib " in shown
    assert "a        1.2.3" in shown


def test_an_estimate_is_marked(built):
    assert "brotli 5 (brotli" in text(built, "--quick")
    assert "estimate" in text(built, "--quick")


def test_names_of_files_cannot_move_the_cursor_or_colour_the_text(built):
    write_chunk(built.root / "dist", "\x1b[31m[bold]x.js", [("../src/\x1b]0;t\x07.js", "x();")])

    shown = text(built)

    assert "\x1b" not in shown
    assert "[bold]x.js" in shown


def test_an_output_that_is_not_utf_8_gets_plain_characters(built):
    built.environ |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    write_chunk(built.root / "dist", "é.js", [("../src/é.js", "x();")])

    assert text(built).isascii()
    assert text(built, "why", "a").isascii()


def test_why_shows_the_imports_that_lead_to_a_package_or_a_module(built):
    assert "└ node_modules/a/index.js" in text(built, "why", "a")
    assert told(built, "why", "a/index.js")["why"][0]["bytes"] == 200
    assert told(built, "why", "a", "dist")["why"][0]["version"] == "1.2.3"


def test_why_suggests_the_name_that_was_meant(built):
    done = built.call("bundle", "why", "node_modules/aa")

    assert done.returncode == 2
    assert b"nothing of the name" in done.stderr


def test_why_tells_how_to_get_statistics_where_there_are_none(built):
    (built.root / "meta.json").unlink()

    done = built.call("bundle", "why", "a")

    assert done.returncode == 2
    assert b"--metafile" in done.stderr


def test_a_document_stands_for_the_build_that_it_was_written_of(built):
    (built.root / "before.json").write_bytes(built.call("bundle", "--json").stdout)
    write_lock(built.root, {"node_modules/a": "2.0.0"})
    write_chunk(built.root / "dist", "main.js", [("../src/i.js", "i();"), (A, "a();" * 90)])

    found = told(built, "diff", "before.json", "dist")
    shown = text(built, "diff", "before.json", "dist")

    assert found["packages"][0]["cause"] == "version 1.2.3 → 2.0.0"
    assert found["files"][0]["status"] == "changed"
    assert "+160 B, +80 %" in shown


@pytest.mark.parametrize(("budget", "status"), [("total.raw<=1MB", 0), ("package:a<=10", 1)])
def test_a_budget_decides_the_status(built, budget, status):
    shown = text(built, "check", "--budget", budget, status=status)

    assert ("kept" if status == 0 else "over") in shown
    assert told(built, "check", "--budget", budget)["passed"] is (status == 0)


def test_a_relative_budget_takes_an_earlier_document(built):
    (built.root / "before.json").write_bytes(built.call("bundle", "--json").stdout)
    write_chunk(built.root / "dist", "main.js", [("../src/i.js", "i();"), (A, "a();" * 90)])

    call = ("check", "--budget", "total.raw<=+5%", "--against", "before.json")
    found = told(built, *call)

    assert [row["is_kept"] for row in found["budgets"]] == [False]


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("check", "--budget", "all"),
        ("nowhere",),
        ("diff", "a", "b"),
        ("--encoding", "x"),
    ],
)
def test_a_mistake_is_told_in_two_lines(built, arguments):
    done = built.call("bundle", *arguments)

    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.startswith(b"buildopt: ")
    assert b"\nhint: " in done.stderr


def test_what_is_a_command_can_be_a_folder_too(built):
    os.rename(built.root / "dist", built.root / "diff")

    assert told(built, "./diff")["files"][0]["path"] == "main.js"


def test_markdown_says_what_changed_for_a_pull_request(built):
    (built.root / "before.json").write_bytes(built.call("bundle", "--json").stdout)
    parts = [("../src/i|`.js", "i();"), (A, "a();" * 90)]
    write_chunk(built.root / "dist", "main.js", parts)

    shown = text(built, "diff", "before.json", "dist", "--markdown").splitlines()

    assert shown[0].startswith("## +")
    assert "| package | bytes | change | because |" in shown
    assert any(line.startswith("| `` src/i\\|`.js `` |") for line in shown)


def test_a_page_is_one_file_and_the_rest_of_the_output_stays_as_it_is(built):
    plain = told(built)

    done = built.call("bundle", "--json", "--html", "page.html")

    assert json.loads(done.stdout) == plain
    assert done.stderr.decode() == f"page in {built.root / 'page.html'}\n"
    assert built.read("page.html").startswith(b"<!doctype html>")


def test_a_comparison_has_a_page(built):
    (built.root / "before.json").write_bytes(built.call("bundle", "--json").stdout)
    write_chunk(built.root / "dist", "main.js", [("../src/i.js", "i();"), (A, "a();" * 99)])

    assert text(built, "diff", "before.json", "dist", "--html", "page.html").startswith("page in ")

    assert b"Grew by 196 B" in built.read("page.html")


def test_a_page_that_cannot_be_written_is_an_error_with_a_hint(built):
    done = built.call("bundle", "--html", "dist/main.js/page.html")

    assert done.returncode != 0
    assert b"cannot write the page" in done.stderr
    assert b"hint: " in done.stderr


def test_two_wheels_are_compared_and_held_to_budgets(built):
    for version, content in (("1.0", b"a = 1"), ("1.1", b"a = 10")):
        wheel(built.root, {"app/a.py": content}, f"app-{version}-py3-none-any.whl")
    sides = ("app-1.0-py3-none-any.whl", "app-1.1-py3-none-any.whl")

    shown = text(built, "diff", *sides)
    marked = text(built, "diff", *sides, "--markdown")
    budgets = ("--budget", "total.raw<=+20%", "--budget", "file:app/*.raw<=5")
    over = text(built, "check", sides[1], *budgets, "--against", sides[0], status=1)

    assert told(built, "diff", *sides)["files"][0]["status"] == "changed"
    assert "app/a.py  changed  6 B  +1 B, +20 %" in shown
    assert "| `app/a.py` | changed | 6 B | +1 B, +20 % |" in marked
    assert "kept  total 6 B, limit 6 B" in over
    assert "over  app/a.py 6 B, limit 5 B" in over


def test_a_folder_of_archives_is_held_to_budgets_that_one_of_them_has(built):
    wheel(built.root / "dist", {"a.so": b"123"}, "a-1.whl")
    wheel(built.root / "dist", {"a.py": b"123"}, "b-1.zip")
    for name in ("main.js", "main.js.map"):
        (built.root / "dist" / name).unlink()

    found = told(built, "check", "--budget", "file:*.so.raw<=2", "--budget", "archive<=1kB")

    assert [(row["subject"], row["is_kept"]) for row in found["budgets"]] == [
        ("a-1.whl: a.so", False),
        ("a-1.whl: archive", True),
        ("b-1.zip: archive", True),
    ]


def test_an_archive_beside_a_bundle_is_a_mistake(built):
    wheel(built.root, {"app/a.py": b""}, "a.whl")

    calls = (
        ("diff", "a.whl", "dist"),
        ("diff", "dist", "a.whl"),
        ("why", "app", "a.whl"),
        ("check", "a.whl", "--budget", "total.gzip<=1kB"),
        ("check", "dist", "--budget", "archive<=1kB"),
    )
    for call in calls:
        done = built.call("bundle", *call)
        assert (done.returncode, b"\nhint: " in done.stderr) == (2, True)
