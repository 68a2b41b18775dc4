"""What the probes bring back: facts without a judgement, so that every verdict can be tested."""

from __future__ import annotations

from dataclasses import dataclass

from buildopt.tool_versions import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a fact cannot be had, and what the message about it advises."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The system and the programs that this call consists of."""

    system: str
    kernel_release: str
    architecture: str
    max_user_watches: int | None
    """Limits of inotify; None where the system does not tell."""
    max_user_instances: int | None
    buildopt_version: str
    buildopt_folder: str
    python_version: str
    python_program: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """Whether commands can be watched, from this very call."""

    refusal: str
    """Why not; empty where they can."""
    remembered_refusal: str | None
    """What `run` goes by: its answer of earlier in this boot. None where there is none yet."""
    remembered_path: str
    supervises_in_thread: bool
    outer_run: str
    """Id of the `buildopt run` that this call is inside of, or empty."""
    tracer: str
    """`strace (12)`: the process that traces this one by ptrace, or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """The file system that holds a path."""

    point: str
    kind: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder, and what a real write there showed; the project's is only looked at."""

    path: str
    exists: bool
    trouble: str = ""
    """Why no file could be made there; empty where one could, or where none was tried."""
    private: str = ""
    """The folder, `path` or one below it, that nobody else may look into."""
    owner_uid: int | None = None
    """Owner and permission bits of `private`; None where it is missing."""
    mode: int | None = None
    device: int = 0
    mount: Mount | None = None
    times_are_believed: bool = True
    """Whether an unchanged time proves an unchanged file on this kind of file system."""
    has_reflinks: bool | None = None
    free_bytes: int | None = None
    used_bytes: int = 0
    ahead_s: float | None = None
    """The file system's clock less ours, as far as the difference is certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Where our words go."""

    is_terminal: bool
    term: str
    columns: int
    no_color: bool
    force_color: bool
    encoding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The settings that hold here."""

    observe: str
    files: tuple[str, ...]
    variables: tuple[str, ...]
    """Names of the variables of ours that are set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Everything that the verdicts judge."""

    now_s: float
    uid: int
    machine: Machine
    watching: Watching
    settings: Chosen | Trouble
    project: Folder
    is_repository: bool
    """Whether git keeps the project."""
    cache: Folder | Trouble
    state: Folder | Trouble
    tools: tuple[Tool, ...]
    absent_tools: tuple[str, ...]
    terminal: Terminal
