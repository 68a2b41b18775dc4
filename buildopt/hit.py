"""Answers an unchanged run from file signatures alone, or says that it does not know.

A *hit index* is one file that the full path writes, whole, as a by-product of a hit or of a
store. It is named by a digest of everything that the invocation itself is: arguments,
directory, environment, umask, kinds of the standard streams. It holds the paths that the run
depends on and one digest over what `lstat` said of them when they were last known to be good:

    buildopt-hit DIGEST LENGTH…\\n  then the sections, of those lengths:
      boot      hash of the boot that the signatures are bound to, or empty
      watched   paths whose whole signature counts, NUL between them
      absent    paths where nothing may be
      folders   paths where a folder must be, whose permission bits count
      told      what we say on stderr before the output
      chunks    "FD:LENGTH," for each piece of output, in order of arrival
      output    the bytes of those pieces
      words     how the summary line goes on behind the time it took, or QUIET
      event     the run.finished event, with @MARKS@ where this run's own values go
      usual     usual duration of a real run, nanoseconds

DIGEST is BLAKE2b over the lengths, the sections and the signatures, so that a damaged index
is one that does not match. `replay_if_fresh` may only say "same as recorded" or "don't know";
whatever else (settings, options, restoring, explaining) belongs to the full path.

Built-in modules only: every import here is paid by every unchanged build.
"""

import marshal
import posix
import sys
import time
from _blake2 import blake2b
from collections.abc import Mapping

from buildopt import __version__, journal_line, places

MAGIC = b"buildopt-hit"
SECTIONS = (
    "boot", "watched", "absent", "folders", "told", "chunks", "output", "words", "event", "usual",
)  # fmt: skip
QUIET = b"-"
BOOT_ID = b"/proc/sys/kernel/random/boot_id"
NULL_DEVICE = (1, 3)
DUPFD_QUERY = 1027
"""Asks whether two descriptors are of one opening; Linux 6.10, include/uapi/linux/fcntl.h."""

IGNORED_NAMES = frozenset(
    b"_ SHLVL OLDPWD PWD TERM_SESSION_ID WINDOWID XDG_RUNTIME_DIR DISPLAY WAYLAND_DISPLAY"
    b" LS_COLORS PS1 PROMPT_COMMAND INVOCATION_ID JOURNAL_STREAM COLUMNS LINES TERM COLORTERM"
    b" NO_COLOR FORCE_COLOR TERM_PROGRAM TERM_PROGRAM_VERSION TMUX TMUX_PANE STY".split()
)
"""Variables that no build result depends on; docs/environment.md says why for each."""
IGNORED_PREFIXES = (
    b"SSH_", b"XDG_SESSION_", b"DBUS_", b"LESS", b"HIST", b"STARSHIP_", b"DIRENV_", b"VTE_",
    b"KONSOLE_", b"ITERM_", b"GPG_", b"CLICOLOR",
)  # fmt: skip
LOOK_NAMES = frozenset(
    b"TERM TERM_PROGRAM COLORTERM NO_COLOR FORCE_COLOR COLUMNS LINES CLICOLOR"
    b" CLICOLOR_FORCE".split()
)


COLOUR_NAMES = frozenset((b"NO_COLOR", b"FORCE_COLOR", b"CLICOLOR", b"CLICOLOR_FORCE"))
"""Of those, what is heeded on a pipe too."""


def replay_if_fresh(arguments: list[str]) -> int | None:
    """Exit status of a run that is just as recorded, its output replayed; None: don't know."""
    started_ns = time.monotonic_ns()
    environ = posix.environ
    cache = places.cache_folder(environ)
    if not cache or not is_allowed(environ):
        return None
    try:
        path = index_path(cache, arguments)
        sections = read_index(path)
    except (OSError, ValueError):
        return None
    if sections is None:
        return None
    say(sections["told"])
    try:
        _replay(sections)
    except OSError as error:  # a full disk behind our stdout: the command would have failed too
        posix.write(2, b"buildopt: cannot write the output: %s\n" % str(error).encode())
        return 1
    _tell(path, sections, started_ns)
    return 0


def is_allowed(environ: Mapping[bytes, bytes]) -> bool:
    """Whether this way is open: not switched off, and no outer run wants to know what we did."""
    return environ.get(b"BUILDOPT_FAST_PATH") != b"0" and b"BUILDOPT_ACTIVE" not in environ


def index_path(cache: bytes, arguments: list[str]) -> bytes:
    """Path of the hit index of this very invocation; raises OSError without a usable cache."""
    folder = cache + b"/" + places.FORMAT
    secret = _read(folder + b"/secret")
    if len(secret) != 32:
        raise FileNotFoundError
    streams = _stream_kinds(has_empty_stdin=arguments[1:2] == ["--no-stdin"])
    if streams is None:
        raise FileNotFoundError
    umask = posix.umask(0o077)
    posix.umask(umask)
    directory = posix.getcwdb()
    parts = [
        __version__.encode(),
        sys.implementation.cache_tag.encode(),
        streams,
        b"%o" % umask,
        directory,
        b"" if posix.environ.get(b"PWD", directory) == directory else posix.environ[b"PWD"],
        b"%d" % len(arguments),
        *[argument.encode("utf-8", "surrogateescape") for argument in arguments],
        *_key_variables(posix.environ, terminal=b"t" in streams),
    ]
    name = blake2b(marshal.dumps(parts, 2), key=secret, digest_size=20).hexdigest().encode()
    return folder + b"/hits/" + name


def read_index(path: bytes) -> dict[str, bytes] | None:
    """Sections of the index at `path` if all that it watches is as recorded, else None."""
    found = read_with_signatures(path)
    return found[0] if found else None


def read_with_signatures(path: bytes) -> tuple[dict[str, bytes], list[int]] | None:
    """The same with the signatures that were found to be as recorded."""
    data = _read(path)
    end = data.find(b"\n")
    header = data[:end].split(b" ")
    if header[0] != MAGIC or len(header) != 2 + len(SECTIONS):
        return None
    sections = {}
    start = end + 1
    for name, length in zip(SECTIONS, header[2:], strict=True):
        sections[name] = data[start : start + int(length)]
        start += int(length)
    if sections["boot"] and sections["boot"] != boot_hash():
        return None
    seen = signatures(sections)
    if seen is None or seal(data[len(MAGIC) + len(header[1]) + 2 :], seen) != header[1]:
        return None
    return sections, seen


def signatures(sections: dict[str, bytes]) -> list[int] | None:
    """What `lstat` says now of all watched paths; None where it already tells a change."""
    lstat = posix.lstat
    seen: list[int] = []
    try:
        for path in paths(sections["watched"]):
            s = lstat(path)
            seen += (s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino, s.st_dev, s.st_mode)
        for path in paths(sections["folders"]):
            seen.append(lstat(path).st_mode)
    except OSError:
        return None
    for path in paths(sections["absent"]):
        try:
            lstat(path)
        except FileNotFoundError:
            continue
        except OSError:
            return None
        return None
    return seen


def seal(body: bytes, seen: list[int]) -> bytes:
    """The digest that binds an index's sections to the signatures of what they name."""
    # Format 2 of marshal writes equal values alike; later ones tell shared objects apart.
    state = blake2b(body, digest_size=32)
    state.update(marshal.dumps(seen, 2))
    return state.hexdigest().encode()


def paths(section: bytes) -> list[bytes]:
    """The paths of a section."""
    return section.split(b"\0") if section else []


def boot_hash() -> bytes:
    """Hash of this boot's id: times of another boot may lie (a power cut loses what they told)."""
    try:
        return blake2b(_read(BOOT_ID), digest_size=8).hexdigest().encode()
    except OSError:
        return b"unknown"


def counts(name: bytes) -> bool:
    """Whether the variable `name` is one that a result may depend on."""
    return name not in IGNORED_NAMES and not name.startswith(IGNORED_PREFIXES)


def are_joined() -> bool:
    """Whether what goes to stdout and to stderr goes to one place, one behind the other.

    Two openings of one file (`>f 2>f`) write over each other, unless both append.
    """
    first, second = posix.fstat(1), posix.fstat(2)
    if (first.st_dev, first.st_ino) != (second.st_dev, second.st_ino):
        return False
    return first.st_mode & 0o170000 != 0o100000 or _append_or_are_one()


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte; ends this process by SIGPIPE, as the command would, when nobody reads."""
    try:
        _write(descriptor, data)
    except BrokenPipeError:
        import _signal  # type: ignore[import-not-found]  # has no stub; `signal` costs 2 ms

        _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
        posix.kill(posix.getpid(), _signal.SIGPIPE)


def say(words: bytes) -> None:
    """Write words of ours to stderr; where that is full or nobody reads, they are not heard."""
    try:
        _write(2, words)
    except OSError:
        pass


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[posix.write(descriptor, view) :]
        except BlockingIOError:
            import select

            select.select((), (descriptor,), ())


def _key_variables(environ: dict[bytes, bytes], *, terminal: bool) -> list[bytes]:
    """The variables of the key as a flat, sorted list; those of the look count where they show."""
    parts: list[bytes] = []
    for name, value in sorted(environ.items()):
        if counts(name) or name in COLOUR_NAMES or (terminal and name in LOOK_NAMES):
            parts += (name, value)
    return parts


def _stream_kinds(*, has_empty_stdin: bool) -> bytes | None:
    """A letter for each standard stream and one for 1 and 2 being one; None: not for us.

    With an empty stdin the command reads none of ours, whatever it is.
    """
    if None in (sys.__stdin__, sys.__stdout__, sys.__stderr__):
        return None  # closed when we began; something else may have its number by now
    kinds = b""
    for descriptor in (0, 1, 2):
        status = posix.fstat(descriptor)
        kind = status.st_mode & 0o170000
        if posix.isatty(descriptor):
            kinds += b"t"
        elif kind == 0o020000 and _is_null(status):
            kinds += b"n"
        elif descriptor == 0:
            if not has_empty_stdin:
                return None
            kinds += b"n"
        else:
            kinds += b"p"
    return kinds + (b"j" if are_joined() else b"s")


def _append_or_are_one() -> bool:
    import fcntl  # only for a file that takes both

    flags = [fcntl.fcntl(descriptor, fcntl.F_GETFL) for descriptor in (1, 2)]
    if all(each & posix.O_APPEND for each in flags):
        return True
    try:
        return bool(fcntl.fcntl(1, DUPFD_QUERY, 2))
    except OSError:
        pass
    # One open file has one set of flags, and this one means nothing to a regular file.
    fcntl.fcntl(1, fcntl.F_SETFL, flags[0] ^ posix.O_NONBLOCK)
    changed = fcntl.fcntl(2, fcntl.F_GETFL) != flags[1]
    fcntl.fcntl(1, fcntl.F_SETFL, flags[0])
    return changed


def _is_null(status: posix.stat_result) -> bool:
    return (posix.major(status.st_rdev), posix.minor(status.st_rdev)) == NULL_DEVICE


def _read(path: bytes) -> bytes:
    descriptor = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        size = posix.fstat(descriptor).st_size
        data = posix.read(descriptor, size or 4096)
        while piece := posix.read(descriptor, 1 << 20):
            data += piece
        return data
    finally:
        posix.close(descriptor)


def _replay(sections: dict[str, bytes]) -> None:
    start = 0
    for piece in sections["chunks"].split(b",")[:-1]:
        descriptor, _, length = piece.partition(b":")
        write_all(int(descriptor), sections["output"][start : start + int(length)])
        start += int(length)


def _tell(path: bytes, sections: dict[str, bytes], started_ns: int) -> None:
    """One line for people, one for the journal, and the time of last use."""
    now_ns = time.time_ns()
    took_ns = time.monotonic_ns() - started_ns
    saved_s = max(0, int(sections["usual"]) - took_ns) / 1e9
    if sections["words"] != QUIET:
        say(b"buildopt: fresh in %d ms%s\n" % (took_ns // 1_000_000 + 1, sections["words"]))
    identity = journal_line.uuid7(now_ns, posix.urandom(10)).encode()
    event = sections["event"]
    for mark, value in (
        (b"@ID@", identity),
        (b"@RUN@", journal_line.uuid7(now_ns, posix.urandom(10)).encode()),
        (b'"@TIME@"', b"%d" % now_ns),
        (b'"@MONO@"', b"%d" % started_ns),
        (b"@PID@", b"%d" % posix.getpid()),
        (b'"@TOOK@"', b"%.6f" % (took_ns / 1e9)),
        (b'"@SAVED@"', b"%.6f" % saved_s),
    ):
        event = event.replace(mark, value)
    state = places.state_folder(posix.environ)
    if state:
        journal_line.append(journal_line.segment_path(state, now_ns), event)
    try:
        posix.utime(path)
    except OSError:
        pass  # a read-only cache still answers
