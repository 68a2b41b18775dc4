"""What one state of the inputs makes and another does not: gone when that one is given back."""

RUN = ("--input", "src/**", "--output", "out", "--", "./build.sh")


def test_a_file_that_the_recorded_run_removed_is_gone_after_its_restore(rig):
    rig.script("build.sh", 'rm -rf out; mkdir out; read -r name < src/name; echo > "out/$name"')
    for state in ("old", "new", "old"):
        rig.write("src/name", f"{state}\n")
        rig.run(*RUN)

    rig.write("src/name", "new\n")
    done = rig.run(*RUN)

    assert done.outcome == "restored"
    assert set(rig.tree("out")) == {"new"}
