"""`buildopt completion`: the script by which a shell completes our command line."""

from __future__ import annotations

import click

from buildopt.cli.completion_answer import SHELLS, script

EPILOG = """\b
Examples:
  eval "$(buildopt completion bash)"        in ~/.bashrc
  eval "$(buildopt completion zsh)"         in ~/.zshrc, below compinit
  buildopt completion fish | source         in ~/.config/fish/config.fish

\b
Or as a file that the shell loads at the first use:
  buildopt completion bash > ~/.local/share/bash-completion/completions/buildopt
  buildopt completion zsh > ~/.zfunc/_buildopt      with fpath+=(~/.zfunc) above compinit
  buildopt completion fish > ~/.config/fish/completions/buildopt.fish
"""


@click.command("completion", epilog=EPILOG)
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the script by which SHELL completes commands, options, their values and tasks.

    Behind `--` the shell completes the wrapped command as if it stood alone.
    """
    click.echo(script(shell), nl=False)
