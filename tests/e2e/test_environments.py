import sys

from buildopt import journal


def test_events_say_in_which_environment_they_happened_also_those_of_a_hit(rig):
    rig.script("build.sh", "cat in.txt > out.txt\n")
    rig.write("in.txt", "a")
    call = ("--quiet", "--input", "in.txt", "--output", "out.txt", "--", "./build.sh")
    outcomes = []
    for environment in ("staging", "staging", "staging", "production", "production"):
        rig.environ["BUILDOPT_ENVIRONMENT"] = environment
        outcomes.append(rig.run(*call).result["outcome"])
    rig.environ.pop("BUILDOPT_ENVIRONMENT")
    rig.run(*call)
    rig.write("buildopt.toml", 'machine = "build-box"\n')
    rig.run(*call)

    told = [(e.environment, e.machine) for e in rig.events("buildopt.run.finished")]
    assert outcomes == ["executed", "fresh", "fresh", "fresh", "fresh"]
    names = [environment for environment, _ in told]
    assert names == ["staging"] * 3 + ["production"] * 2 + ["development"] * 2
    assert told[0][1].startswith(sys.platform) and told[-1][1] == "build-box"
    assert {e.environment for e in journal.read_backwards(str(rig.state).encode())} == set(names)
