"""Programs that ask a file less than most, and what is made of that."""

import pytest

from buildopt.model import PRESENT
from buildopt.observe.access import Access, Operation
from buildopt.observe.askers import asks_for_kind_only

TSC = ("node", "/project/node_modules/.bin/tsc", "-b")
OTHER_PID = 99


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (TSC, True),
        (("/usr/bin/node", "--max-old-space-size=4096", "node_modules/typescript/bin/tsc"), True),
        (("/project/node_modules/typescript/lib/tsc",), True),
        (("node", "--require", "./hook.js", "node_modules/.bin/tsc"), False),
        (("node", "--import=./hook.js", "node_modules/.bin/tsc"), False),
        (("node", "node_modules/.bin/vue-tsc"), False),
        (("node", "build.js", "tsc"), False),
        (("sh", "-c", "tsc"), False),
        (("node",), False),
        ((), False),
    ],
)
def test_only_the_compiler_itself_asks_for_no_more_than_the_kind(argv, expected):
    assert asks_for_kind_only(argv, "/project/src/style.css") is expected


@pytest.mark.parametrize("name", ["a.ts", "a.css.ts", "a.d.css.ts", "a.json", "a.js", "css"])
def test_what_the_compiler_may_read_counts_by_its_content(name):
    assert not asks_for_kind_only(TSC, f"/project/src/{name}")


@pytest.fixture
def compiler(script, root):
    """Looks at `style.css` as the compiler does, and as another program if asked to."""
    (root / "style.css").write_text("a")
    script.ledger.process_started(1, 0, TSC, 0)
    script.ledger.process_started(OTHER_PID, 0, ("sh",), 0)

    def look(pid=1, operation=Operation.STAT):
        script.ledger.access(Access(pid, operation, script.at("style.css"), follows=True))

    return look


def value_of(script, name):
    return script.end().inputs["file", name]


def test_file_that_only_the_compiler_looked_at_counts_by_its_presence(script, compiler):
    compiler()
    compiler()

    assert value_of(script, "style.css") == PRESENT


@pytest.mark.parametrize("operation", [Operation.STAT, Operation.OPEN])
@pytest.mark.parametrize("order", [(1, OTHER_PID), (OTHER_PID, 1)])
def test_file_that_another_program_looks_at_too_counts_by_its_content(
    script, compiler, operation, order
):
    for pid in order:
        compiler(pid, operation if pid == OTHER_PID else Operation.STAT)

    assert value_of(script, "style.css") not in ("", PRESENT)


def test_file_that_the_compiler_opens_counts_by_its_content(script, compiler):
    compiler()
    compiler(operation=Operation.OPEN)

    assert value_of(script, "style.css") not in ("", PRESENT)


def test_file_that_is_overwritten_after_the_look_counts_by_its_content(script, compiler):
    compiler()
    script.write("style.css")

    assert value_of(script, "style.css") not in ("", PRESENT)
