"""`buildopt integrations`: what joins buildopt with CI systems, build systems and other tools."""

from __future__ import annotations

from importlib import import_module

import click

SUBCOMMANDS = {
    "ci": ("buildopt.cli.integrations_ci:command", "Tell a CI system about runs, in its own form."),
    "vite": ("buildopt.cli.integrations_bundlers:vite", "Have Vite tell what it builds."),
    "rollup": ("buildopt.cli.integrations_bundlers:rollup", "Have Rollup tell what it builds."),
    "webpack": ("buildopt.cli.integrations_bundlers:webpack", "Have webpack write statistics."),
    "esbuild": ("buildopt.cli.integrations_bundlers:esbuild", "Have esbuild write statistics."),
}
"""Name -> where its click command is, one line. Imported when chosen."""

EPILOG = """\b
Examples:
  buildopt integrations ci summary >> "$GITHUB_STEP_SUMMARY"
  buildopt integrations ci --help
  buildopt integrations vite
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
        module, _, name = SUBCOMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The lines of the table; nothing is imported for them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in SUBCOMMANDS.items()])


@click.group("integrations", cls=Integrations, epilog=EPILOG)
def command() -> None:
    """Join buildopt with the tools around it."""
