"""Bad settings of every kind: each is told with its place, its value and what would be right."""

import os

import pytest

TOML, PYPROJECT, JSON = "buildopt.toml", "pyproject.toml", "package.json"

UNKNOWN = [
    (TOML, "inptu = []\n", "line 1: unknown key `inptu`", "`input`"),
    (TOML, "# input\n\nquiet = true\n 'timout_s' = 4", "line 4: unknown key", "known keys: "),
    (TOML, "cache-limit = '1 GB'", "`cache-limit`", "`cache_limit`"),
    (TOML, "force = true", "`force` is no key of a file", "`BUILDOPT_FORCE` or `--force`"),
    (TOML, "state_dir = 'x'", "`state_dir` is no key of a file", "`BUILDOPT_STATE_DIR`"),
    (TOML, "[seasoning.rules.x]\n", "line 1: unknown key `seasoning`", "known keys: "),
    (TOML, "[[tsaks]]\n", "line 1: unknown key `tsaks`", "`tasks`"),
    (TOML, "x = 1\n'' = 2", "line 1: unknown key `x`", "known keys: "),
    (TOML, "[tasks.a]\ncommand = 'x'\ninput = []\n", "line 3: unknown key `tasks.a.input`",
     "`tasks.a.inputs`"),
    (TOML, "tasks.a = { command = 'x', input = [] }", "line 1: unknown key `tasks.a.input`",
     "`tasks.a.inputs`"),
    (TOML, "[tasks]\n\na.command = 'x'\na.otuputs = []\n", "line 4: unknown key",
     "`tasks.a.outputs`"),
    (PYPROJECT, "[project]\ninptu = 1\n\n[tool.buildopt]\ninptu = []\n", "line 5: unknown key",
     "`input`"),
    (PYPROJECT, "[tool]\n\nbuildopt.inptu = []\n", "line 3: unknown key", "`input`"),
    (JSON, '{\n "inptu": 1,\n "buildopt": {\n  "inptu": []}}', "line 4: unknown key", "`input`"),
    (JSON, '{"buildopt": {"tasks": {"a": {"command": "x",\n"cmd": 1}}}}', "line 2: unknown key",
     "`tasks.a.command`"),
]  # fmt: skip
IMPOSSIBLE = [
    (TOML, "quiet = true\ninput = 'src'\n", "line 2: `input` cannot be `src`", "a list of texts"),
    (TOML, "input = [1]", "`input` cannot be `[1]`", "a list of texts"),
    (TOML, "input = ['']", "`input` cannot be", "none of them empty"),
    (TOML, "input = [\n'a',\n[],\n]", "line 1: `input` cannot be", "a list of texts"),
    (TOML, 'input = ["a\\u0000b"]', "a\\x00b", "a list of texts"),
    (TOML, "observe = 'magic'", "`observe` cannot be `magic`", "seccomp"),
    (TOML, "observe = ''", "`observe` cannot be ``", "seccomp"),
    (TOML, "observe = { way = 'off' }", "`observe` cannot be `a table`", "seccomp"),
    (TOML, "[observe]\nway = 'off'", "line 1: `observe` cannot be `a table`", "seccomp"),
    (TOML, "observe = []", "`observe` cannot be `[]`", "seccomp"),
    (TOML, "cache = 'maybe'", "`maybe`", "read-write, read, write or off"),
    (TOML, "network = 'on'", "`on`", "uncacheable"),
    (TOML, "quiet = 1", "`quiet` cannot be `1`", "true or false"),
    (TOML, "quiet = 'true'", "`quiet` cannot be `true`", "true or false"),
    (TOML, "report = ''", "`report` cannot be", "true, false or the path of a file"),
    (TOML, "report = 1", "`report` cannot be `1`", "true, false or the path of a file"),
    (TOML, "quiet = 2026-11-24", "`2026-11-24`", "true or false"),
    (TOML, "cache_limit = 10", "`cache_limit` cannot be `10`", "a size such as"),
    (TOML, "cache_limit = '10 XB'", "`10 XB`", "a size such as"),
    (TOML, "cache_limit = ''", "`cache_limit`", "a size such as"),
    (TOML, "cache_limit = '-1 GB'", "`-1 GB`", "a size such as"),
    (TOML, "cache_max_age_days = true", "`true`", "a whole number"),
    (TOML, "cache_max_age_days = -1", "`-1`", "from 1 to 36,500"),
    (TOML, "cache_max_age_days = 0", "`0`", "from 1 to 36,500"),
    (TOML, "cache_max_age_days = 1.5", "`1.5`", "a whole number"),
    (TOML, "cache_max_age_days = nan", "`nan`", "a whole number"),
    (TOML, "cache_max_age_days = inf", "`inf`", "a whole number"),
    (TOML, "cache_max_age_days = 99999999999999999999", "`9999", "from 1 to 36,500"),
    (TOML, f"cache_max_age_days = 0x{'f' * 5000}", "a number of more than", "from 1 to 36,500"),
    (TOML, "tasks = []", "`tasks` cannot be `[]`", "`[tasks.NAME]`"),
    (TOML, "[[tasks]]\nname = 'x'", "line 1: `tasks` cannot be", "`[tasks.NAME]`"),
    (TOML, "[tasks]\nsite = 'make'", "line 2: `tasks.site` cannot be `make`", "`[tasks.site]`"),
    (TOML, "\n[tasks.'']\ncommand = 'x'", "line 2: `` cannot be a name in `tasks`", "not empty"),
    (TOML, "[tasks.-x]\ncommand = 'x'", "line 1: `-x` cannot be a name", "`-`"),
    (TOML, "[tasks.a]\ncommand = ''", "line 2: `tasks.a.command` cannot be ``", "the words"),
    (TOML, "[tasks.a]\ncommand = []", "`tasks.a.command` cannot be `[]`", "the words"),
    (TOML, "[tasks.a]\ncommand = ['', 'x']", "`tasks.a.command`", "the words"),
    (TOML, "[tasks.a]\ncommand = ['x', 3]", "`tasks.a.command`", "the words"),
    (TOML, "[tasks.a]\ncommand = 3", "`tasks.a.command` cannot be `3`", "the words"),
    (TOML, "[tasks.a]\ncommand = \"echo 'x\"", "`echo 'x`", "no closing quotation"),
    (TOML, "[tasks.a]\ncommand = 'x'\ncache = ''", "line 3: `tasks.a.cache`", "read-write"),
    (TOML, "[tasks.a]\ncommand = 'x'\npersistent = 0", "`tasks.a.persistent`", "true or false"),
    (TOML, "[tasks.a]\ncommand = 'x'\ndirectory = ''", "`tasks.a.directory`", "not empty"),
    (PYPROJECT, "[tool]\nbuildopt = true", "line 2: `tool.buildopt` cannot be `true`", "a table"),
    (PYPROJECT, "[[tool.buildopt]]\nquiet = true", "line 1: `tool.buildopt`", "a table"),
    (PYPROJECT, "[tool.buildopt]\ncache = 1", "line 2: `cache` cannot be `1`", "read-write"),
    (JSON, '{"buildopt": "^1.0"}', "line 1: `buildopt` cannot be `^1.0`", "a table"),
    (JSON, '{"buildopt": null}', "`buildopt` cannot be `null`", "a table"),
    (JSON, '{"buildopt": {"input": ["\\ud800"]}}', "`input` cannot be `[\"\\ud800\"]`", "a list"),
    (JSON, '{"buildopt": {\n"cache_max_age_days": NaN}}', "line 2: `cache_max", "a whole number"),
    (JSON, '{"buildopt": {"quiet": "a\\nb"}}', "`a\\nb`", "true or false"),
    (JSON, f'{{"buildopt": {{"quiet": "{"x" * 999}"}}}}', f"`{'x' * 60}…`", "true or false"),
]  # fmt: skip
BROKEN = [
    (TOML, "quiet = = 1\n", "line 1, column 9: ", "TOML"),
    (TOML, "quiet = true\n\nquiet = false\n", "line 3", "TOML"),
    (TOML, "[tasks.a\n", "line 1", "TOML"),
    (TOML, "quiet = true\ninput = [", "end of document", "TOML"),
    (TOML, b"quiet = true\n\ninput = ['\xff']\n", "line 3: it is not UTF-8", "UTF-8"),
    (TOML, "quiet = true\n".encode("utf-16"), "line 1: it is not UTF-8", "UTF-8"),
    (TOML, f"input = {'[' * 20000}", "too deeply", "TOML"),
    (TOML, f"cache_max_age_days = {'9' * 5000}", "integer", "TOML"),
    (TOML, b"quiet = true\0\n", "line 1", "TOML"),
    (PYPROJECT, "[tool.buildopt]\nquiet = true\n[project]\n= 1\n", "line 4", "TOML"),
    (PYPROJECT, "[tool]\n'buildopt' . quiet = true\n= 1\n", "line 3", "TOML"),
    (PYPROJECT, b"[tool.buildopt]\nquiet = true\n# \xff\n", "line 3: it is not UTF-8", "UTF-8"),
    (JSON, '{\n"buildopt": {"quiet": true},\n}', "line 3, column 1: ", "JSON"),
    (JSON, '{"buildopt" : { "input": [}', "line 1, column ", "JSON"),
    (JSON, '{"buildopt": {"quiet": true,\n"quiet": false}}', "line 2: `quiet` is there twice",
     "one"),
    (JSON, '{"buildopt": {"tasks": {"a": {"command": "x"},\n"a": {}}}}', "`tasks.a` is there",
     "one"),
    (JSON, '{"buildopt": {},\n"scripts": {},\n"buildopt": {}}', "line 3: `buildopt` is",
     "one"),
    (JSON, f'{{"buildopt": {{"input": {"[" * 99999}', "too deeply", "JSON"),
]  # fmt: skip
MISSING = [
    (TOML, "quiet = true\n[tasks.site]\noutputs = []\n", "line 2: `tasks.site` has no `command`",
     "`command`"),
    (TOML, "[tasks]\nsite = {}", "line 2: `tasks.site` has no `command`", "`command`"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("slug", "name", "content", "message", "hint"),
    [
        *(("unknown-key", *case) for case in UNKNOWN),
        *(("impossible-value", *case) for case in IMPOSSIBLE),
        *(("broken-settings", *case) for case in BROKEN),
        *(("missing-key", *case) for case in MISSING),
    ],
)
def test_a_mistake_is_told_with_place_and_hint(
    project, refused, slug, name, content, message, hint
):
    project.write(name, content)

    error = refused()

    assert (error.slug, message in error.message) == (slug, True), error.message
    assert error.message.startswith(f"cannot read settings `{name}`: ")
    assert hint in error.hint
    assert "\n" not in error.message


def test_a_file_above_the_working_directory_is_told_by_its_path(project, refused):
    path = project.write("buildopt.toml", "timout_s = 4\n")

    error = refused("sub")

    assert error.message == f"cannot read settings `{path}`: line 1: unknown key `timout_s`"


def test_a_mistake_of_the_users_own_file_is_told_by_its_path(project, refused):
    path = project.write_users("\nquiet = 1\n")

    assert refused().message == f"cannot read settings `{path}`: line 2: `quiet` cannot be `1`"


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_is_told_and_not_waited_for(project, refused, make):
    make(project.root / "buildopt.toml")

    error = refused()

    assert (error.slug, "no regular file" in error.message) == ("unreadable-settings", True)


def test_a_link_to_nothing_is_told(project, refused):
    (project.root / "buildopt.toml").symlink_to("nowhere")

    assert "a link to nothing" in refused().message


@pytest.mark.parametrize("name", [TOML, PYPROJECT, JSON])
def test_a_file_that_may_not_be_read_is_told(project, refused, name):
    (project.root / name).symlink_to(name)  # a loop: permissions do not stop root

    error = refused()

    assert error.slug == "unreadable-settings"
    assert "symbolic links" in error.message


def test_a_users_folder_that_is_a_file_holds_no_settings(project):
    project.write(".config", "a file", below="home")

    assert project.load().quiet is False
