"""Where every call begins: an unchanged run is answered at once, the rest is the command line's."""

import sys

from buildopt import hit


def main() -> int:
    """Answer `buildopt …`; the status to exit with."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["run"]:
        status = hit.replay_if_fresh(arguments)
        if status is not None:
            return status
    from buildopt.cli.app import run_command_line

    return run_command_line(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
