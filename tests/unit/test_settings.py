"""Settings files: which one counts, and what is said about mistakes."""

import pytest

from buildopt import settings
from buildopt.errors import SettingsError


def load(fs, directory="/home/u/p/sub", **environ):
    fs.makedirs(directory, exist_ok=True)
    return settings.load(directory, {"HOME": "/home/u", **environ})


def test_nearest_settings_make_the_root(fs):
    fs.create_dir("/home/u/p/.git")
    fs.create_file("/home/u/p/sub/buildopt.toml", contents='input = ["src"]\n')

    found = load(fs)

    assert (found.root, found.input) == ("/home/u/p/sub", ("src",))


def test_without_settings_the_git_root_is_the_root(fs):
    fs.create_dir("/home/u/p/.git")

    assert load(fs).root == "/home/u/p"


def test_without_either_the_directory_is_the_root(fs):
    assert load(fs).root == "/home/u/p/sub"


def test_pyproject_and_package_json_count_only_with_a_part_of_ours(fs):
    fs.create_dir("/home/u/p/.git")
    fs.create_file("/home/u/p/pyproject.toml", contents="[project]\nname = 'buildopt-user'\n")
    fs.create_file("/home/u/p/sub/package.json", contents='{"buildopt": {"quiet": true}}')

    found = load(fs)

    assert (found.root, found.quiet) == ("/home/u/p/sub", True)


def test_tasks_are_read_with_their_command_split_as_a_shell_would(fs):
    contents = '[tasks.site]\ncommand = "npm run \'the build\'"\noutputs = ["dist"]\n'
    fs.create_file("/home/u/p/sub/buildopt.toml", contents=contents)

    (task,) = load(fs).tasks

    assert task.command == ("npm", "run", "the build")
    assert task.outputs == ("dist",)


def test_environment_is_stronger_than_the_project_and_that_than_the_user(fs):
    fs.create_file(
        "/home/u/.config/buildopt/buildopt.toml", contents='cache = "off"\nquiet = true\n'
    )
    fs.create_file("/home/u/p/sub/buildopt.toml", contents='cache = "read"\n')

    found = load(fs, BUILDOPT_CACHE="write")

    assert (found.cache, found.quiet) == ("write", True)


@pytest.mark.parametrize(
    ("contents", "slug", "message", "hint"),
    [
        ("inptu = []\n", "unknown-key", "line 1: unknown key `inptu`", "`input`"),
        ("[tasks.a]\ninput = []\n", "unknown-key", "unknown key `tasks.a.input`", "tasks.a.inputs"),
        ("input = 'src'\n", "impossible-value", "`input`", "a list of texts"),
        ("observe = 'magic'\n", "impossible-value", "`magic`", "seccomp"),
        ("cache = 'maybe'\n", "impossible-value", "`maybe`", "read-write"),
        ("quiet = 1\n", "impossible-value", "`quiet`", "true or false"),
        ("cache_limit = 10\n", "impossible-value", "`cache_limit`", "a text"),
        ("cache_max_age_days = true\n", "impossible-value", "`True`", "a whole number"),
        ("quiet = = 1\n", "broken-settings", "line 1", "TOML"),
    ],
)
def test_a_mistake_is_told_with_place_and_hint(fs, contents, slug, message, hint):
    fs.create_file("/home/u/p/sub/buildopt.toml", contents=contents)

    with pytest.raises(SettingsError) as caught:
        load(fs)

    assert caught.value.slug == slug
    assert message in caught.value.message
    assert "/home/u/p/sub/buildopt.toml" in caught.value.message
    assert hint in caught.value.hint


def test_every_file_that_could_change_the_settings_is_consulted(fs):
    fs.create_dir("/home/u/p/.git")

    consulted = load(fs).consulted

    assert "/home/u/p/sub/buildopt.toml" in consulted
    assert "/home/u/p/package.json" in consulted
    assert "/home/u/.config/buildopt/buildopt.toml" in consulted


def test_network_and_paths_that_do_not_count_can_be_set(tmp_path):
    (tmp_path / "buildopt.toml").write_text(
        'network = "ignore"\nallow_hosts = ["localhost"]\nprivate = ["x/**"]\nstate = ["s"]\n'
    )

    chosen = settings.load(str(tmp_path), {})

    assert (chosen.network, chosen.allow_hosts) == ("ignore", ("localhost",))
    assert (chosen.private, chosen.state) == (("x/**",), ("s",))


def test_impossible_network_is_told(tmp_path):
    (tmp_path / "buildopt.toml").write_text('network = "on"\n')

    with pytest.raises(SettingsError, match="network"):
        settings.load(str(tmp_path), {})


def test_limits_of_the_cache_can_be_set(fs):
    contents = 'cache_limit = "1.5 GiB"\ncache_max_age_days = 7\n'
    fs.create_file("/home/u/p/sub/buildopt.toml", contents=contents)

    found = load(fs, BUILDOPT_CACHE_MAX_AGE_DAYS="90")

    assert (found.cache_limit_bytes, found.cache_max_age_days) == (1_610_612_736, 90)
    assert load(fs, BUILDOPT_CACHE_LIMIT="2 GB").cache_limit_bytes == 2_000_000_000
    assert settings.load("/", {}).cache_limit_bytes == 10_000_000_000


@pytest.mark.parametrize(
    ("variable", "value", "hint"),
    [
        ("BUILDOPT_CACHE_LIMIT", "much", "`500 MB`"),
        ("BUILDOPT_CACHE_LIMIT", "0", "`500 MB`"),
        ("BUILDOPT_CACHE_MAX_AGE_DAYS", "0", "1 or more"),
        ("BUILDOPT_CACHE_MAX_AGE_DAYS", "a month", "a whole number"),
    ],
)
def test_an_impossible_limit_is_told(fs, variable, value, hint):
    with pytest.raises(SettingsError) as caught:
        load(fs, **{variable: value})

    assert (caught.value.slug, hint in caught.value.hint) == ("impossible-value", True)
    assert f"`{value}`" in caught.value.message
