"""Variables of a watched run that count only as far as the run may have looked at them."""

import pytest

RUN = ("--", "sh", "build.sh")


OBSERVE = "auto"


@pytest.fixture
def rig(rig):
    rig.write("a", "1")
    rig.write("build.sh", "cat a > out")
    return rig


def tool(rig, folder, text):
    """An executable called `tool` in a folder, which comes into `PATH` in front."""
    path = rig.place / folder / "tool"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {text}\n")
    path.chmod(0o755)
    return str(path.parent)


def test_identifier_of_a_ci_run_that_nobody_names_does_not_count(rig):
    rig.environ |= {"GITHUB_SHA": "1", "GITHUB_RUN_ID": "1"}
    rig.run(*RUN)

    rig.environ |= {"GITHUB_SHA": "2", "GITHUB_RUN_ID": "2", "GITHUB_REF_NAME": "main"}

    assert rig.run(*RUN).outcome == "fresh"


@pytest.mark.parametrize("where", ["build.sh", "a"])
def test_identifier_counts_where_its_name_occurs_in_what_is_read(rig, where):
    rig.write("build.sh", "cat a > out; . ./a" if where == "a" else "echo $GITHUB_SHA > out")
    rig.write("a", "echo $GITHUB_SHA")
    rig.environ |= {"GITHUB_SHA": "1", "GITHUB_RUN_ID": "1"}
    rig.run(*RUN)
    rig.environ |= {"GITHUB_RUN_ID": "2"}
    assert rig.run(*RUN).outcome == "fresh"

    rig.environ |= {"GITHUB_SHA": "2"}

    assert rig.run(*RUN).reasons == [("environment", "GITHUB_SHA")]


def test_hook_of_a_commit_is_answered_by_a_run_without_git_and_by_the_last_hook(rig):
    rig.run(*RUN)

    for date in ("@1 +0000", "@2 +0000"):
        rig.environ |= {"GIT_AUTHOR_DATE": date, "GIT_INDEX_FILE": ".git/index", "GIT_PREFIX": ""}

        assert rig.run(*RUN).outcome == "fresh"


def test_date_of_a_commit_counts_for_who_asks_git(rig):
    rig.write("build.sh", "git var GIT_AUTHOR_IDENT > out")
    rig.environ |= {"GIT_AUTHOR_NAME": "n", "GIT_AUTHOR_EMAIL": "e", "GIT_AUTHOR_DATE": "@1 +0000"}
    rig.run(*RUN)
    rig.environ |= {"GIT_AUTHOR_DATE": "@2 +0000"}

    rig.run(*RUN)

    assert rig.read("out") == b"n <e> 2 +0000\n"


def test_identifier_that_was_not_set_then_counts_for_who_names_it(rig):
    rig.write("build.sh", "echo ${GITHUB_SHA:-none} > out")
    rig.run(*RUN)

    rig.environ["GITHUB_SHA"] = "2"
    rig.run(*RUN)

    assert rig.read("out") == b"2\n"


def test_other_path_that_finds_the_same_programs_is_a_hit(rig):
    folder = rig.place / "empty"
    folder.mkdir()
    rig.run(*RUN)

    rig.environ["PATH"] = f"{folder}:{rig.environ['PATH']}"

    assert rig.run(*RUN).outcome == "fresh"
    (folder / "cat").write_text("#!/bin/sh\necho other\n")
    (folder / "cat").chmod(0o755)
    done = rig.run(*RUN)
    assert (done.outcome, rig.read("out")) == ("executed", b"other\n")
    assert done.reasons == [("environment", "PATH")]


def test_folder_in_front_that_hides_a_tool_is_a_miss_and_behind_it_is_a_hit(rig):
    rig.write("build.sh", "tool > out")
    first, other = tool(rig, "one", "one"), tool(rig, "two", "two")
    path = rig.environ["PATH"]
    rig.environ["PATH"] = f"{first}:{path}"
    rig.run(*RUN)

    rig.environ["PATH"] = f"{first}:{other}:{path}"
    assert rig.run(*RUN).outcome == "fresh"
    rig.environ["PATH"] = f"{other}:{first}:{path}"
    rig.run(*RUN)

    assert rig.read("out") == b"two\n"


def test_tool_that_was_looked_for_in_vain_and_is_found_now_is_a_miss(rig):
    rig.write("build.sh", "tool > out 2>/dev/null; true")
    rig.run(*RUN)

    rig.environ["PATH"] = f"{rig.environ['PATH']}:{tool(rig, 'late', 'late')}"
    rig.run(*RUN)

    assert rig.read("out") == b"late\n"


def test_without_tracing_all_of_them_count(rig):
    run = ("--observe", "declared", "--input", "a", "--output", "out", *RUN)
    rig.environ["GITHUB_SHA"] = "1"
    rig.run(*run)

    rig.environ["GITHUB_SHA"] = "2"

    assert rig.run(*run).reasons == [("environment", "GITHUB_SHA")]


def test_path_that_appears_counts(rig):
    path = rig.environ.pop("PATH")
    run = ("--", "/bin/sh", "-c", "command -v tool || echo none")
    rig.run(*run)

    rig.environ["PATH"] = f"{tool(rig, 'bin', 'x')}:{path}"

    assert rig.run(*run).out.endswith(b"/tool\n")


def test_files_of_a_tool_s_name_that_cannot_be_run_are_passed_over(rig):
    path = rig.environ["PATH"]
    first, second, third = (tool(rig, name, name) for name in ("a", "b", "c"))
    (rig.place / "a" / "tool").chmod(0o644)
    rig.environ["PATH"] = f"{first}:{second}:{path}"
    assert rig.run("--", "sh", "-c", "tool").out == b"b\n"

    rig.environ["PATH"] = f"{first}:{third}:{second}:{path}"

    assert rig.run("--", "sh", "-c", "tool").out == b"c\n"


def test_folder_of_the_path_that_depends_on_where_one_is_counts_as_text(rig):
    rig.write("sub/bin2/uname", "#!/bin/sh\necho mine\n", 0o755)
    path = rig.environ["PATH"]
    rig.environ["PATH"] = f"bin1:{path}"
    rig.run("--", "sh", "-c", "cd sub && uname")

    rig.environ["PATH"] = f"bin2:{path}"

    assert rig.run("--", "sh", "-c", "cd sub && uname").out == b"mine\n"


def test_identifier_counts_for_a_template_that_is_expanded_in_place(rig):
    run = ("--", "sh", "-c", 'eval "$(cat t)" > t.n; mv t.n t')
    for value in ("1", "2"):
        rig.environ["GITHUB_SHA"] = value
        rig.write("t", "echo $GITHUB_SHA")

        rig.run(*run)

        assert rig.read("t") == value.encode() + b"\n"


def test_identifier_counts_where_another_variable_names_it(rig):
    rig.environ["SCRIPT"] = "echo $GITHUB_SHA"
    for value in ("1", "2"):
        rig.environ["GITHUB_SHA"] = value

        assert rig.run("--", "sh", "-c", 'eval "$SCRIPT"').out == value.encode() + b"\n"


@pytest.mark.parametrize(
    "name", ["npm_package_version", "npm_config_mode", "npm_lifecycle_event", "INIT_CWD", "NODE"]
)
def test_variable_of_a_package_manager_counts_for_who_names_it(rig, name):
    rig.write("build.sh", f"echo ${name} > out")
    rig.environ |= {"npm_lifecycle_event": "build", "npm_package_name": "one", name: "1"}
    rig.run(*RUN)
    rig.environ["npm_package_name"] = "two"
    assert rig.run(*RUN).outcome == "fresh"

    rig.environ[name] = "2"

    assert rig.run(*RUN).reasons == [("environment", name)]
    assert rig.read("out") == b"2\n"
