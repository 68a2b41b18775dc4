"""The record of a command whose steps were answered is as whole as where they ran."""

import os
import shutil

import pytest

OBSERVE = "auto"
MANAGER = '#!/bin/sh\nexec "${npm_config_script_shell:-/bin/sh}" -c "$1"\n'
SCRIPT = "./npm 'sh inner.sh' > out && cat other"
"""The redirection keeps the list whole: `sh inner.sh` is a step of that step."""
INNER_SCRIPT = """
cat a folder/x 2>/dev/null
cat maybe 2>/dev/null
ls folder
readlink link
echo $GITHUB_SHA
tool
true
"""


def change_file(rig):
    rig.write("a", "changed")


def let_an_absent_file_appear(rig):
    rig.write("maybe", "there now")


def add_to_a_listed_folder(rig):
    rig.write("folder/new", "")


def remove_from_a_listed_folder(rig):
    (rig.root / "folder/x").unlink()


def turn_a_link(rig):
    (rig.root / "link").unlink()
    (rig.root / "link").symlink_to("elsewhere")


def change_a_variable(rig):
    rig.environ["GITHUB_SHA"] = "22222222"


def unset_a_variable(rig):
    del rig.environ["GITHUB_SHA"]


def change_a_tool(rig):
    rig.write("bin/tool", "#!/bin/sh\necho other tool\n", 0o755)


def shadow_a_tool(rig):
    rig.write("first/tool", "#!/bin/sh\necho tool in front\n", 0o755)


def remove_a_tool(rig):
    (rig.root / "bin/tool").unlink()


CHANGES = (
    change_file,
    let_an_absent_file_appear,
    add_to_a_listed_folder,
    remove_from_a_listed_folder,
    turn_a_link,
    change_a_variable,
    unset_a_variable,
    change_a_tool,
    shadow_a_tool,
    remove_a_tool,
)


@pytest.fixture
def answered(rig):
    """A project whose last record was made while its inner step was answered."""
    rig.write("npm", MANAGER, 0o755)
    rig.write("inner.sh", INNER_SCRIPT)
    for name in ("a", "folder/x", "other"):
        rig.write(name, f"{name}\n")
    rig.write("bin/tool", "#!/bin/sh\necho the tool\n", 0o755)
    (rig.root / "first").mkdir()
    (rig.root / "link").symlink_to("somewhere")
    rig.environ["PATH"] = f"{rig.root}/first:{rig.root}/bin:{rig.environ['PATH']}"
    rig.environ["GITHUB_SHA"] = "11111111"
    run(rig)
    rig.write("other", "edited, so that only the second step runs\n")
    done = run(rig)
    outcomes = [step["outcome"] for step in done.result["tasks"]]
    assert (outcomes, done.not_stored) == (["executed", "fresh"], [])
    return rig


def run(rig, script=SCRIPT):
    return rig.run("--", "./npm", script)


def test_command_is_answered_where_its_steps_were_and_nothing_changed(answered):
    assert run(answered).outcome in ("fresh", "restored")


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_step_depends_on_the_whole_depends_on_though_the_step_was_answered(answered, change):
    change(answered)
    plain, tree = answered.always_rebuild("./npm", SCRIPT)

    done = run(answered)

    assert (done.outcome, done.out, done.status) == ("executed", plain.stdout, plain.returncode)
    assert answered.tree() == tree


def test_outputs_of_steps_that_were_answered_come_back_after_their_deletion(answered):
    script = "mkdir -p made/deep && cp a made/deep/file && ln -sfn deep made/link && cat other"
    run(answered, script)
    answered.write("other", "edited once more\n")
    run(answered, script)
    tree = answered.tree()
    shutil.rmtree(answered.root / "made")

    done = run(answered, script)

    assert (done.outcome, answered.tree()) == ("restored", tree)
    assert os.readlink(answered.root / "made/link") == "deep"
