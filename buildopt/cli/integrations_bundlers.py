"""`buildopt integrations vite|rollup|webpack|esbuild`: what to add so that builds tell more."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

import click

from buildopt.integrations.bundlers import BUNDLERS, COPY, PLUGIN, Bundler


def _plugin_command(name: str) -> click.Command:
    epilog = f"""\b
Examples:
  buildopt integrations {name}
  cp "$(buildopt integrations {name} --path)" {COPY}
"""

    @click.command(name, epilog=epilog, help=_help(name, "the plugin's file and how to name it"))
    @click.option("--path", is_flag=True, help="Only the path of the plugin's file.")
    def command(path: bool) -> None:
        click.echo(PLUGIN if path else "\n".join(_with_plugin(BUNDLERS[name])))

    return command


def _option_command(name: str) -> click.Command:
    epilog = f"""\b
Examples:
  buildopt integrations {name}
  buildopt bundle dist
"""

    @click.command(name, epilog=epilog, help=_help(name, "the option that writes its statistics"))
    def command() -> None:
        click.echo("\n".join(_with_statistics(BUNDLERS[name])))

    return command


def _help(name: str, what: str) -> str:
    return f"Print what joins {name} with buildopt: {what}."


def _with_plugin(bundler: Bundler) -> Iterator[str]:
    yield "package.json:"
    yield f"  {bundler.script}"
    yield "copy of the plugin, so that it is there on every machine:"
    yield f"  cp {quote(PLUGIN)} {COPY}"
    yield f"{bundler.config}:"
    yield from (f"  {line}" for line in bundler.lines)
    yield "what it told:"
    yield "  buildopt events list --type buildopt.bundler."


def _with_statistics(bundler: Bundler) -> Iterator[str]:
    yield "package.json:"
    yield f"  {bundler.script}"
    yield "what the bundle is made of, by these statistics:"
    yield "  buildopt bundle dist"


vite = _plugin_command("vite")
rollup = _plugin_command("rollup")
webpack = _option_command("webpack")
esbuild = _option_command("esbuild")
