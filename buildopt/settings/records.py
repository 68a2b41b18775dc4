"""The settings as the rest of the program reads them; `keys.py` says what each of them means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from buildopt.model import CacheMode, NetworkMode
from buildopt.quantities import parse_size


class TaskSettings(NamedTuple):
    """`[tasks.NAME]`: a command with a name, and what it reads and writes."""

    name: str = ""
    command: tuple[str, ...] = ()
    directory: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    network: NetworkMode | Literal[""] = ""
    """Empty, as of `cache`: as for every other command."""
    cache: CacheMode | Literal[""] = ""
    depends_on: tuple[str, ...] = ()
    persistent: bool = False


class Settings(NamedTuple):
    """Everything that can be set; each default is the value that suits a stranger's project."""

    observe: str = "auto"
    cache: CacheMode = "read-write"
    input: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    ignore_input: tuple[str, ...] = ()
    ignore_output: tuple[str, ...] = ()
    ignore_env: tuple[str, ...] = ()
    strict_outputs: bool = False
    strict_private: bool = False
    network: NetworkMode = "uncacheable"
    allow_hosts: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    lists: bool = True
    jobs: int = 0
    """0: as many as there are processor cores."""
    continue_: bool = False
    filter: tuple[str, ...] = ()
    affected: str = ""
    graph: str = "none"
    no_stdin: bool = False
    pass_fds: bool = False
    report: bool | str = False
    """A path, from the root if a file of settings says it, or True for its usual name."""
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False
    bundle_analysis: bool = True
    bundle_budgets: tuple[str, ...] = ()
    cache_limit: str = "10 GB"
    """As much as GitHub's free cache for a repository, and little beside a developer's disk."""
    cache_max_age_days: int = 30
    """Longer than most branches live."""
    cache_dir: str = ""
    """Empty, as of `state_dir`: the user's own folder (`folders.py`)."""
    state_dir: str = ""
    environment: str = ""
    machine: str = ""
    """Empty, as of `environment`: what `deployment.py` finds."""
    monitor_host: str = "127.0.0.1"
    monitor_port: int = 7117
    """Any would do that is below the ports which Linux gives away by itself (from 32768 on)."""
    monitor_token: str = ""
    trusted_plugins: tuple[str, ...] = ()
    force: bool = False
    dry_run: bool = False
    shell: bool = False
    result_file: str = ""
    tasks: tuple[TaskSettings, ...] = ()
    namespaces: Mapping[str, Mapping[str, Any]] | None = None  # Any: as their owners left them
    """Tables that others check (`keys.NAMESPACES`), as they were found."""
    overrides: frozenset[str] = frozenset()
    """Keys that a variable or an option sets: no task of a file says otherwise."""
    root: str = ""
    file: str = ""
    """The project file that was read, or empty."""
    npm_caches: tuple[str, ...] = ()
    """Folders in which an `.npmrc` has npm keep its cache; see `npmrc.py`."""
    consulted: tuple[str, ...] = ()
    """Paths, present or not, whose change could change these settings."""

    @property
    def cache_limit_bytes(self) -> int:
        """`cache_limit` as a number."""
        return parse_size(self.cache_limit)
