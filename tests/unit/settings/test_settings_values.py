"""What is in files and variables, and what becomes of it."""

import pytest

from buildopt.settings import loading
from buildopt.settings.keys import KEYS

SAMPLES = {
    "number": ("90", 90),
    "size": ("2 GB", "2 GB"),
    "text": ("x y", "x y"),
    "file": ("out/r.html", "out/r.html"),
}


def sample(key):
    """A text for a variable, and what it means."""
    if key.kind == "choice":
        return key.choices[-1], key.choices[-1]
    if key.kind == "list":
        return "a 'b c'  d/**", ("a", "b c", "d/**")
    return SAMPLES.get(key.kind, ("yes", True))


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_each_key_has_a_variable_of_its_own_name(project, key):
    text, expected = sample(key)

    found = project.load(**{key.variable: text})

    assert getattr(found, key.name) == expected


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_an_empty_variable_is_as_none(project, key):
    bare = project.load()

    found = project.load(**{key.variable: ""})

    assert getattr(found, key.name) == getattr(bare, key.name)


@pytest.mark.parametrize(
    ("text", "expected"), [("0", False), ("No", False), (" off ", False), ("ON", True), ("1", True)]
)
def test_a_flag_is_any_of_eight_words(project, text, expected):
    project.write("buildopt.toml", "quiet = true\n")

    assert project.load(BUILDOPT_QUIET=text).quiet is expected


@pytest.mark.parametrize(
    ("text", "expected"), [("1", True), ("no", False), ("./no", "./no"), ("r.html", "r.html")]
)
def test_a_report_is_asked_for_by_a_flag_or_a_path(project, text, expected):
    project.write("buildopt.toml", f'report = "{text}"\n')

    assert project.load().report == expected
    assert project.load(BUILDOPT_REPORT="other").report == "other"
    project.write("buildopt.toml", "report = true\n")
    assert project.load(BUILDOPT_REPORT=text).report == expected


@pytest.mark.parametrize(
    ("variable", "text", "hint"),
    [
        ("BUILDOPT_CACHE", "maybe", "read-write, read, write or off"),
        ("BUILDOPT_OBSERVE", "magic", "auto, seccomp, declared or off"),
        ("BUILDOPT_NETWORK", "on", "deny"),
        ("BUILDOPT_FORCE", "perhaps", "true or false"),
        ("BUILDOPT_NO_STDIN", "2", "true or false"),
        ("BUILDOPT_INPUT", "'src", "no closing quotation"),
        ("BUILDOPT_IGNORE_ENV", "''", "none of them empty"),
        ("BUILDOPT_CACHE_LIMIT", "much", "`500 MB`"),
        ("BUILDOPT_CACHE_LIMIT", "0", "`500 MB`"),
        ("BUILDOPT_CACHE_LIMIT", "-1", "`500 MB`"),
        ("BUILDOPT_CACHE_LIMIT", "nan", "`500 MB`"),
        ("BUILDOPT_CACHE_MAX_AGE_DAYS", "0", "from 1 to 36,500"),
        ("BUILDOPT_CACHE_MAX_AGE_DAYS", "a month", "a whole number"),
        ("BUILDOPT_CACHE_MAX_AGE_DAYS", "9" * 5000, "a whole number"),
    ],
)
def test_an_impossible_variable_is_told_by_its_name(project, refused, variable, text, hint):
    error = refused(**{variable: text})

    assert error.slug == "impossible-value"
    assert f"`{variable}`" in error.message
    assert text[:9] in error.message
    assert hint in error.hint


def test_a_limit_is_a_number_of_bytes(project):
    project.write("buildopt.toml", 'cache_limit = "1.5 GiB"\ncache_max_age_days = 7\n')

    found = project.load()

    assert (found.cache_limit_bytes, found.cache_max_age_days) == (1_610_612_736, 7)
    assert project.load(BUILDOPT_CACHE_LIMIT="2 GB").cache_limit_bytes == 2_000_000_000


def test_limits_have_defaults(project):
    assert project.load().cache_limit_bytes == 10_000_000_000


@pytest.mark.parametrize(
    ("written", "command"),
    [
        ("\"npm run 'the build'\"", ("npm", "run", "the build")),
        ('"tsc && vite build"', ("/bin/sh", "-c", "tsc && vite build")),
        ('["make", "a b", ""]', ("make", "a b", "")),
    ],
)
def test_a_command_is_split_as_a_shell_would_or_given_to_one(project, written, command):
    project.write("buildopt.toml", f"[tasks.site]\ncommand = {written}\n")

    (task,) = project.load().tasks

    assert (task.name, task.command) == ("site", command)


def test_every_key_of_a_task_is_kept(project):
    project.write(
        "buildopt.toml",
        """
        [tasks."the site"]
        command = "make"
        directory = "web"
        inputs = ["src/**"]
        outputs = ["dist"]
        env = ["MODE"]
        private = [".tool"]
        state = [".state"]
        network = "ignore"
        cache = "read"
        depends_on = ["lint", "^build"]
        persistent = true
        """,
    )

    (task,) = project.load().tasks

    assert task._asdict() == {
        "name": "the site",
        "command": ("make",),
        "directory": "web",
        "inputs": ("src/**",),
        "outputs": ("dist",),
        "env": ("MODE",),
        "private": (".tool",),
        "state": (".state",),
        "network": "ignore",
        "cache": "read",
        "depends_on": ("lint", "^build"),
        "persistent": True,
    }


def test_a_table_that_others_own_is_kept_as_it_is(project, monkeypatch):
    monkeypatch.setattr(loading, "NAMESPACES", ("alert",))
    project.write("buildopt.toml", "[alert.rules.mine]\nmetric = 'load'\n")

    found = project.load()

    assert found.namespaces == {"alert": {"rules": {"mine": {"metric": "load"}}}}
