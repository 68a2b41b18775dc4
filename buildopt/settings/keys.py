"""What can be set: the one table of all keys, and what each of them takes.

Defaults are those of the records (`records.py`); a test holds names and kinds against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from buildopt.model import CacheMode, NetworkMode

Kind = Literal["flag", "number", "size", "choice", "text", "file", "list", "words"]
"""What a value is: true or false; a whole number; a size; one of some words; a text that is not
empty; whether a file is written, or its path; a list of texts; a command, as a text or as a list of
its words."""

WAYS = ("auto", "seccomp", "declared", "off")
CACHE_MODES: tuple[str, ...] = get_args(CacheMode)
NETWORK_MODES: tuple[str, ...] = get_args(NetworkMode)
MOST_JOBS = 10_000
"""More than any machine has cores for: what is more is a slip of the hand."""
MOST_DAYS = 36_500
"""A hundred years: what is more is a slip of the hand, and no date can be computed from it."""


MOST_PORT = 65_535


class Key(NamedTuple):
    """One thing that can be set, by a file, by `BUILDOPT_NAME`, or by `run --name`."""

    name: str
    kind: Kind
    meaning: str
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 0
    has_option: bool = False
    in_files: bool = True
    """No for what belongs to one call, or decides where things are before a file is read."""
    is_planned: bool = False
    """Checked and kept, and nothing reads it yet."""

    @property
    def variable(self) -> str:
        """The environment variable of the same meaning."""
        return f"BUILDOPT_{self.name.rstrip('_').upper()}"

    @property
    def option(self) -> str:
        """The option of `buildopt run` of the same meaning, or empty."""
        return "--" + self.name.rstrip("_").replace("_", "-") if self.has_option else ""


KEYS = (
    Key(
        "observe", "choice",
        "How inputs are found out: `auto` watches where the system can and else takes those that "
        "are declared; `off` neither watches nor records",
        choices=WAYS, has_option=True,
    ),
    Key(
        "cache", "choice", "Which way the cache is used: answers, records, both or neither",
        choices=CACHE_MODES, has_option=True,
    ),
    Key("input", "list", "Further inputs of every command, as globs", has_option=True),
    Key("output", "list", "Further outputs of every command, inside the project", has_option=True),
    Key("env", "list", "Variables that count although they are left out of the key else",
        has_option=True),
    Key("ignore_input", "list", "Inputs that do not count, as globs", has_option=True),
    Key("ignore_output", "list", "Outputs that are not recorded, as globs", has_option=True),
    Key("ignore_env", "list", "Variables that do not count, as patterns", has_option=True),
    Key("strict_outputs", "flag",
        "What earlier runs made is an input like any file and is never removed", has_option=True),
    Key("strict_private", "flag", "The caches that tools keep count like any file",
        has_option=True),
    Key(
        "network", "choice",
        "A connection to a server outside the run: the run is not recorded (`uncacheable`), it "
        "does not matter (`ignore`), or it is refused (`deny`)",
        choices=NETWORK_MODES,
    ),
    Key("allow_hosts", "list",
        "Servers that do not matter: `HOST`, `HOST:PORT` or the path of a socket"),
    Key("private", "list", "Further paths that are a tool's own cache: neither input nor output"),
    Key("state", "list",
        "Further paths that a tool keeps from run to run: they hold as found or as left"),
    Key("lists", "flag",
        "Scripts inside a command that are plain lists (`a && b`) have a record for each part"),
    Key("jobs", "number",
        "How many tasks run at once; 0: as many as there are processor cores",
        most=MOST_JOBS, has_option=True),
    Key("continue_", "flag", "A task that fails stops only those that depend on it",
        has_option=True, in_files=False),
    Key("filter", "list", "Packages whose tasks are run", has_option=True, in_files=False),
    Key("affected", "text",
        "Runs only tasks that a change since this revision touches; `.`: since the branch began",
        has_option=True, in_files=False),
    Key("graph", "choice", "Draws the graph of the tasks and runs nothing",
        choices=("none", "text", "json", "dot"), has_option=True, in_files=False),
    Key("no_stdin", "flag", "The command gets an empty stdin", has_option=True),
    Key("pass_fds", "flag", "The command keeps inherited descriptors beyond 2; nothing is recorded",
        has_option=True),
    Key("report", "file",
        "Each run writes a report: `buildopt-report.html` in the working directory, or that file",
        has_option=True),
    Key("bundle_analysis", "flag",
        "Bundles and wheels that a run has made are analysed in the background once it has ended"),
    Key("bundle_budgets", "list",
        "Limits that `buildopt bundle check` holds a bundle to: docs/bundles.md"),
    Key("quiet", "flag", "No line of ours", has_option=True),
    Key("verbose", "flag", "All reasons of a miss, not only the first", has_option=True),
    Key("no_color", "flag", "Our line has no colour, which it has not anyway", has_option=True),
    Key("cache_limit", "size", "How much the cache may hold", has_option=True),
    Key("cache_max_age_days", "number", "How long a record may go unused, in days",
        least=1, most=MOST_DAYS),
    Key("cache_dir", "text", "Folder of the cache", has_option=True, in_files=False),
    Key("state_dir", "text", "Folder of the journal and of what plugins keep", in_files=False),
    Key("environment", "text",
        "What events say as `deployment.environment.name`; else `ci` or `development`"),
    Key("machine", "text",
        "What events say of the machine's class; else its system, architecture and processors"),
    Key("monitor_host", "text", "Where `buildopt monitor` listens; beyond this machine only with a "
        "token; `unix:FILE` is a socket"),
    Key("monitor_port", "number", "Its port; 0: any that is free", most=MOST_PORT),
    Key("monitor_token", "text", "Its token; else it makes one at each start", in_files=False),
    Key("trusted_plugins", "list",
        "Plugins, or distributions of some, that the monitor runs in its own process although they "
        "are not buildopt's"),
    Key("force", "flag", "Runs the command and records over a hit",
        has_option=True, in_files=False),
    Key("dry_run", "flag", "Says hit or miss and why, and runs nothing",
        has_option=True, in_files=False),
    Key("shell", "flag", "The command is one text for `sh -c`", has_option=True, in_files=False),
    Key("result_file", "text", "File that gets one JSON object about the run",
        has_option=True, in_files=False),
)  # fmt: skip
"""Every key but `tasks`, in the order in which they are told."""

TASK_KEYS = (
    Key("command", "words",
        "The command: a text, which a shell runs where it has a shell's characters, or a list of "
        "words"),
    Key("directory", "text", "Where it runs, relative to the root"),
    Key("inputs", "list", "Its further inputs, as globs"),
    Key("outputs", "list", "What it makes"),
    Key("env", "list", "As `env`, for this task"),
    Key("private", "list", "As `private`, for this task"),
    Key("state", "list", "As `state`, for this task"),
    Key("network", "choice", "As `network`, for this task", choices=NETWORK_MODES),
    Key("cache", "choice", "As `cache`, for this task", choices=CACHE_MODES),
    Key("depends_on", "list",
        "Tasks that come before; `^NAME`: that task of the packages this one depends on"),
    Key("persistent", "flag", "It is started and left running, as a development server"),
)  # fmt: skip
"""The keys of `[tasks.NAME]`."""

FILE_KEYS = {key.name: key for key in KEYS if key.in_files}
NAMESPACES: Mapping[str, str] = {
    "plugins": "A table for each plugin of the monitor",
    "alert": "Rules, channels and quiet times of the alert plugin (docs/alerts.md)",
    "pep517": "The build backend that ours wraps (docs/guides/python-builds.md)",
}
"""Names and meanings of further tables of a settings file. Whoever owns one checks it when it is
read (`Settings.namespaces`), since a run waits for nothing that it does not use."""
SWITCHES = ("BUILDOPT_FAST_PATH", "BUILDOPT_STAT_MEMO", "BUILDOPT_PLUGINS")
"""Variables for tests and trouble: `0` switches off the answer from signatures alone, what is
remembered of files' contents, or all plugins."""
