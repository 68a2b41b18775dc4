"""`buildopt integrations`: what joins buildopt with CI systems, build systems and other tools."""

from __future__ import annotations

from importlib import import_module

import click

SUBCOMMANDS = {
    "ci": ("buildopt.cli.integrations_ci", "Tell a CI system about runs, in its own form."),
}
"""Name -> module that holds a click command of that name, one line. Imported when chosen."""

EPILOG = """\b
Examples:
  buildopt integrations ci summary >> "$GITHUB_STEP_SUMMARY"
  buildopt integrations ci --help
"""


class Integrations(click.Group):
    """Subcommands by the table, imported when chosen."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of that name, imported now."""
        if cmd_name not in SUBCOMMANDS:
            return None
        command = getattr(import_module(SUBCOMMANDS[cmd_name][0]), "command")  # noqa: B009
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The lines of the table; nothing is imported for them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in SUBCOMMANDS.items()])


@click.group("integrations", cls=Integrations, epilog=EPILOG)
def command() -> None:
    """Join buildopt with the tools around it."""
