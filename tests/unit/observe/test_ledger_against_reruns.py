"""Random scripts: what is answered from a trace equals what a rerun does.

A run is recorded as a pipeline would: what was observed, and the outputs' contents. Before the
next run somebody changes the tree. If all observations hold, the recorded outputs are put
back, and the tree and all that was printed must be as after a plain rerun on a copy.
"""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from buildopt.model import Observation, Observed
from buildopt.observe.listing import list_folder
from buildopt.observe.placement import Placement

FILES = ("a", "b", "c", "d/x", "d/y", "e/w", "d/s/z")
FOLDERS = ("d", "e", "d/s", "f")
LINKS = ("l", "m", "d/k")
ALL = FILES + FOLDERS + LINKS
STEPS = 6
CASES = 150


def show(script, path):
    status = script.stat(path)
    if status is None or status.st_mode & 0o170000 == 0o040000:
        return status is None
    return status.st_mode & 0o170111, status.st_size


def show_link(script, path):
    status = script.lstat(path)
    return status and status.st_mode & 0o170000


def copy(script, source, target):
    data = script.cat(source)
    if data is not None:
        script.write(target, data or b"-")


def sort_in_place(script, path, _):
    data = script.cat(path)
    if data is not None:
        script.write(path, bytes(sorted(data)) or b"-")


def copy_tree(script, source, target):
    names = script.ls(source)
    if names is None or script.stat(target) is not None or target.startswith(source):
        return
    script.mkdir(target)
    for name in sorted(names):
        below, made = f"{source}/{name}", f"{target}/{name}"
        status = script.lstat(below)
        if status is not None and status.st_mode & 0o170000 == 0o040000:
            copy_tree(script, below, made)
        else:
            copy(script, below, made)


def cat_all(script, folder, _):
    return [script.cat(f"{folder}/{name}") for name in sorted(script.ls(folder) or ())]


def publish_folder(script, source, target):
    script.mkdir("tmp.d")
    script.write("tmp.d/one", b"1")
    copy(script, source, "tmp.d/two")
    script.rename("tmp.d", target)


def publish_file(script, source, target):
    data = script.cat(source)
    script.create(".tmp", data or b"none")
    script.rename(".tmp", target)


OPERATIONS = {
    "cat": (ALL, ALL, lambda s, a, b: s.cat(a)),
    "stat": (ALL, ALL, lambda s, a, b: show(s, a)),
    "lstat": (ALL, ALL, lambda s, a, b: show_link(s, a)),
    "ls": (FOLDERS, ALL, lambda s, a, b: sorted(s.ls(a) or ("none",))),
    "ls-top": (FOLDERS, ALL, lambda s, a, b: sorted(s.ls("."))),
    "readlink": (LINKS, ALL, lambda s, a, b: s.readlink(a)),
    "cat-all": (FOLDERS, ALL, cat_all),
    "write": (ALL, ALL, lambda s, a, b: s.write(a, b"constant")),
    "append": (FILES, ALL, lambda s, a, b: s.append(a)),
    "create": (FILES, ALL, lambda s, a, b: s.create(a)),
    "cp": (FILES, FILES, copy),
    "mv": (ALL, ALL, lambda s, a, b: s.rename(a, b)),
    "rm": (ALL, ALL, lambda s, a, b: s.unlink(a)),
    "rm-rf": (FOLDERS, ALL, lambda s, a, b: s.rm_rf(a)),
    "rmdir": (FOLDERS, ALL, lambda s, a, b: s.rmdir(a)),
    "mkdir": (FOLDERS, ALL, lambda s, a, b: s.mkdir(a)),
    "ln-s": (LINKS, ALL, lambda s, a, b: s.symlink(b, a)),
    "chmod": (FILES, ALL, lambda s, a, b: s.chmod(a, 0o755)),
    "truncate": (FILES, ALL, lambda s, a, b: s.truncate(a, 2)),
    "sort-o": (FILES, ALL, sort_in_place),
    "cp-r": (FOLDERS, FOLDERS, copy_tree),
    "publish-folder": (FILES, FOLDERS, publish_folder),
    "publish-file": (FILES, FILES, publish_file),
}


def random_script(chance):
    steps = []
    for _ in range(chance.randint(1, STEPS)):
        name = chance.choice(list(OPERATIONS))
        first, second, _ = OPERATIONS[name]
        steps.append((name, chance.choice(first), chance.choice(second)))
    return steps


def perform(script, steps):
    return [OPERATIONS[name][2](script, first, second) for name, first, second in steps]


def change(root, chance):
    path = root / chance.choice(ALL)
    kind = chance.choice(("edit", "remove", "folder", "mode", "link"))
    try:
        if kind == "edit":
            path.write_bytes(chance.choice((b"one", b"two", b"three")))
        elif kind == "remove":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        elif kind == "folder":
            path.mkdir()
        elif kind == "mode":
            path.chmod(chance.choice((0o644, 0o755)))
        else:
            path.symlink_to(chance.choice(("a", "d", "d/../b", "nowhere")))
    except OSError:
        pass


@dataclass
class Record:
    observed: Observed
    outputs: dict[str, tuple[str, object, int]]
    digests: dict[str, str]
    printed: list[object]


def state_of(path):
    """Kind, content and mode; None where nothing is."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    kind = status.st_mode & 0o170000
    if kind == 0o120000:
        return ("link", os.readlink(path), 0)
    if kind == 0o040000:
        return ("folder", None, status.st_mode & 0o7777)
    return ("file", Path(path).read_bytes(), status.st_mode & 0o7777)


def tree(root):
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, root)] = state_of(path)
    return found


def holds(seen: Observation, record: Record, placement, digest_of):
    status = state_of(seen.subject)
    kind = status[0] if status else ""
    if seen.kind == "absent":
        return status is None
    if seen.kind == "directory":
        return kind == "folder" and f"{status[2]:o}" == (seen.value or f"{status[2]:o}")
    if seen.kind == "link":
        return kind == "link" and status[1] == seen.value
    if seen.kind == "listing":
        return list_folder(placement, seen.subject, record.outputs) == seen.value
    if seen.value.startswith("present+"):
        return kind == "file" and seen.value == f"present+{status[2]:o}"
    return kind == "file" and digest_of(seen.subject) == seen.value


def fits(record: Record):
    """Whether nothing but such a file stands where one was overwritten: it keeps its mode."""
    observed = {seen.subject for seen in record.observed.observations}
    for path, (kind, _, mode) in record.outputs.items():
        now = state_of(path)
        if path not in observed and kind == "file" and now and (now[0], now[2]) != (kind, mode):
            return False
    return True


def restore(record: Record):
    for path in sorted(record.observed.removed, reverse=True):
        take_away(path)
    for path, (kind, content, mode) in sorted(record.outputs.items()):
        now = state_of(path)
        if now == (kind, content, mode):
            continue
        if now and now[0] != kind:
            take_away(path)
        if kind == "folder":
            os.makedirs(path, exist_ok=True)
        elif kind == "link":
            if now and now[0] == kind:
                os.unlink(path)
            os.symlink(content, path)
        else:
            Path(path).write_bytes(content)
        if kind != "link":
            os.chmod(path, mode)


def take_away(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def holds_by_adoption(seen: Observation, record: Record, own, placement, digest_of):
    """As `holds`, where what the task itself made does not count."""
    if seen.kind == "listing":
        depended_on = {
            o.subject for o in record.observed.observations if o.kind not in ("absent", "listing")
        }
        hidden = set(record.outputs) | (own - depended_on)
        return list_folder(placement, seen.subject, hidden) == seen.value
    status = state_of(seen.subject)
    if seen.kind == "absent" and seen.value and status is not None:
        if seen.value == "kept":
            return status == record.outputs[seen.subject]
        return is_own_throughout(seen.subject, own)
    return holds(seen, record, placement, digest_of)


def is_own_throughout(path, own):
    if path not in own or not os.path.isdir(path) or os.path.islink(path):
        return path in own
    return all(is_own_throughout(os.path.join(path, name), own) for name in os.listdir(path))


def made_by(record: Record):
    """Outputs whose content the run made: not those of which only the mode changed."""
    inputs = {o.subject: o.value for o in record.observed.observations if o.kind == "file"}
    for path, (kind, _, _) in record.outputs.items():
        if kind != "file" or inputs.get(path, "")[:32] != record.digests.get(path, "")[:32]:
            yield path


def first_that(records, condition):
    return next((record for record in reversed(records) if condition(record)), None)


def record_of(observed, printed, digest_of):
    outputs = {path: state_of(path) for path in observed.outputs}
    digests = {path: digest_of(path) for path, state in outputs.items() if state[0] == "file"}
    return Record(observed, outputs, digests, printed)


@pytest.mark.parametrize("seed", range(CASES))
def test_what_a_trace_answers_equals_a_rerun(seed, root, script_in, plain_script_in, digest_of):
    chance = random.Random(seed)
    steps = random_script(chance)
    for _ in range(6):
        change(root, chance)
    placement = Placement(script_in(root).policy)
    records: list[Record] = []
    history = []

    for number in range(6):
        plain_root = root.parent / "plain" / str(number) / "project"
        shutil.copytree(root, plain_root, symlinks=True)
        before = tree(root)
        printed = perform(plain_script_in(plain_root), steps)
        expected = tree(plain_root)
        found = first_that(
            records,
            lambda record: (
                fits(record)
                and all(
                    holds(seen, record, placement, digest_of)
                    for seen in record.observed.observations
                )
            ),
        )
        if found is not None:
            restore(found)
            got = found.printed
        else:
            script = script_in(root, strict_outputs=True)
            got = perform(script, steps)
            observed = script.observed()
            assert observed.changed == (), (steps, before)
            if not observed.incomplete:
                records.append(record_of(observed, got, digest_of))
        history.append(("hit" if found else "run", before))
        assert tree(root) == expected, (seed, steps, history, found)
        assert got == printed, (seed, steps, history, found)
        for _ in range(chance.choice((0, 0, 1, 2))):
            change(root, chance)


@pytest.mark.parametrize("seed", range(CASES))
def test_adopting_own_outputs_costs_nobody_a_file(
    seed, root, script_in, plain_script_in, digest_of
):
    chance = random.Random(seed)
    steps = random_script(chance)
    for _ in range(6):
        change(root, chance)
    placement = Placement(script_in(root).policy)
    records: list[Record] = []
    own: set[str] = set()
    history = []

    for number in range(6):
        plain_root = root.parent / "plain" / str(number) / "project"
        shutil.copytree(root, plain_root, symlinks=True)
        before = tree(root)
        perform(plain_script_in(plain_root), steps)
        expected = tree(plain_root)
        found = first_that(
            records,
            lambda record, own=own: (
                fits(record)
                and all(
                    holds_by_adoption(seen, record, own, placement, digest_of)
                    for seen in record.observed.observations
                )
            ),
        )
        if found is not None:
            restore(found)
        else:
            script = script_in(root, frozenset(own))
            got = perform(script, steps)
            observed = script.observed()
            assert observed.changed == (), (steps, before)
            assert tree(root) == expected
            if observed.incomplete:
                break
            found = record_of(observed, got, digest_of)
            records.append(found)
            history.append(("run", before))
        foreign = {path for path in before if str(root / path) not in own}
        after = tree(root)
        lost = {path for path in foreign if after.get(path) != expected.get(path)}
        assert not lost, (lost, after, expected, steps, history)
        own = {path for path in own | set(made_by(found)) if os.path.lexists(path)}
        for _ in range(chance.choice((0, 0, 1, 2))):
            change(root, chance)
