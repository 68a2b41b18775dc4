"""A soak: many runs at once in work trees that share a cache, killed, stopped, pruned, edited.

One seed makes all choices. A work tree is worked in by several at once, who may only run; what
must be alone (an edit between known states, a check of the whole tree) waits until they are gone.
Every action goes as a line to a log; `soak_count` tells from it what was executed more than once.
"""

import os
import random
import select
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e import soak_count, soak_project
from tests.e2e.soak_project import STATES, TASKS, Copy
from tests.rig import PROGRAM, Rig

MARK = "BUILDOPT_SOAK"
"""A variable that every process of a soak has, and none of another's."""
RUN_MARK = "BUILDOPT_SOAK_RUN"
"""A variable with the number of the run that a process belongs to."""
LONG_STOP_S = 11.0
"""Longer than anybody waits for a holder that is stopped (`locks.STOPPED_HOLDER_S`)."""
FIRST_MOMENT_S = 0.5
"""Within it a run is killed or stopped, until it is known how long runs take here."""
ACTIONS = {
    "run": 60, "check": 8, "edit": 10, "edit while they run": 4, "kill": 8, "stop": 4,
    "prune": 2, "kill a prune": 1, "sweep": 1, "verify": 1, "stop for long": 0.3,
}  # fmt: skip
"""How often each is chosen, in relation to the others."""
PATIENCE_S = 120
"""For one process: one that takes longer hangs."""
END_S = 10
"""How long the last processes may take to end, when all that were waited for have."""


@dataclass(frozen=True)
class Wish:
    """How long and how hard; `actions` of each worker end it earlier."""

    seed: int
    seconds: float
    workers: int = 32
    copies: int = 6
    actions: int = 1_000_000
    limit: str = "40 kB"


@dataclass
class Found:
    """What a soak came to; `faults` must be empty."""

    figures: Counter = field(default_factory=Counter)
    faults: list = field(default_factory=list)
    times_s: dict = field(default_factory=dict)


class Soak:
    """The work trees, their shared cache and the log."""

    def __init__(self, place, wish):
        self.rig = Rig(place)
        self.wish = wish
        self.log = Path(place) / "log"
        self.log.touch()
        self.rig.environ[MARK] = self.mark = f"{wish.seed}-{os.getpid()}"
        self.copies = [Copy(self.rig.place / f"copy-{n}") for n in range(wish.copies)]
        self.gates = {copy: Gate() for copy in self.copies}
        self.found = Found()
        self._lock = threading.Lock()
        self._number = 0
        for copy in self.copies:
            copy.make()
            copy.set_state(STATES[0], in_place=True)

    def soak(self):
        """Do it; what it came to."""
        until_s = time.monotonic() + self.wish.seconds
        workers = [
            threading.Thread(target=self._work, args=(number, until_s))
            for number in range(self.wish.workers)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self._check_the_end()
        return self.found

    def tell(self, *words):
        """One line of the log, by one write; the number of an action that begins."""
        with open(self.log, "ab", buffering=0) as log:
            log.write(" ".join(map(str, words)).encode() + b"\n")

    def fault(self, *words):
        with self._lock:
            self.found.faults.append(" ".join(map(str, words)))

    def count(self, name, number=1):
        with self._lock:
            self.found.figures[name] += number

    def _work(self, number, until_s):
        choose = random.Random(f"{self.wish.seed}-{number}")
        for _ in range(self.wish.actions):
            if time.monotonic() >= until_s:
                return
            name = choose.choices(list(ACTIONS), ACTIONS.values())[0]
            copy = choose.choice(self.copies)
            self.count(name)
            try:
                getattr(self, "_" + name.replace(" ", "_"))(choose, copy)
            except Exception as error:
                self.fault(name, copy.name, repr(error))
                raise

    def _run(self, choose, copy):
        with self.gates[copy].shared():
            self._finish(self._start(copy, choose.choice(list(TASKS))))

    def _kill(self, choose, copy):
        with self.gates[copy].shared():
            run = self._start(copy, choose.choice(list(TASKS)))
            if not run.ends_within(self._moment_s(choose)):
                self.tell("disturbed", run.number, copy.name, run.task)
                run.process.kill()
                self.count("killed")
            self._finish(run)

    def _stop(self, choose, copy, longest_s=FIRST_MOMENT_S):
        with self.gates[copy].shared():
            run = self._start(copy, choose.choice(list(TASKS)))
            if not run.ends_within(self._moment_s(choose)):
                self.tell("disturbed", run.number, copy.name, run.task)
                run.process.send_signal(signal.SIGSTOP)
                self.count("stopped")
                run.ends_within(choose.uniform(0, longest_s))
                run.process.send_signal(signal.SIGCONT)
            self._finish(run)

    def _moment_s(self, choose):
        """A moment within a run that executes: any of its stages may be the one."""
        usual_s = self.found.times_s.get("executed", [FIRST_MOMENT_S])[-1]
        return choose.uniform(0, usual_s)

    def _stop_for_long(self, choose, copy):
        self._stop(choose, copy, longest_s=min(LONG_STOP_S * 1.3, self.wish.seconds))

    def _edit(self, choose, copy):
        with self.gates[copy].alone():
            state = choose.choice(STATES)
            self.tell("edit", copy.name, state)
            copy.set_state(state, in_place=choose.random() < 0.5)
            self.gates[copy].settle([state])

    def _edit_while_they_run(self, choose, copy):
        gate = self.gates[copy]
        with gate.shared(), gate.editing:
            state, before = choose.choice(STATES), gate.states[-1]
            self.tell("edit", copy.name, state)
            gate.states += [state[0] + before[1], before[0] + state[1], state]
            copy.set_state(state, in_place=False)
            gate.settle(gate.states)

    def _check(self, choose, copy):
        """Alone with a work tree: whatever was done to it, the next run makes it right."""
        with self.gates[copy].alone():
            task = choose.choice(list(TASKS))
            state = self.gates[copy].states[-1]
            run = self._start(copy, task)
            self._finish(run)
            if copy.made(task) != soak_project.expected(state):
                made = {name: what[:2] for name, what in copy.made(task).items()}
                self.fault("wrong tree", run, state, run.err, made)
            if litter := copy.litter():
                self.fault("litter", run, litter)

    def _prune(self, choose, copy):
        self.tell("prune-begins")
        done = self._call(copy, "cache", "prune", "--limit", self.wish.limit, "--json")
        self.tell("prune-ends")
        if done.returncode or done.stderr:
            self.fault("prune", done.returncode, done.stderr)

    def _kill_a_prune(self, choose, copy):
        self.tell("prune-begins")
        with self._popen(copy, PROGRAM, "cache", "prune", "--limit", self.wish.limit) as prune:
            try:
                prune.wait(self._moment_s(choose) / 4)
            except subprocess.TimeoutExpired:
                prune.kill()
                self.count("killed prunes")
        self.tell("prune-ends")

    def _sweep(self, choose, copy):
        self.tell("prune-begins")
        words = [sys.executable, "-P", "-m", "buildopt.cache.background"]
        done = self._subprocess(copy, *words, self.rig.cache, "100000", "3600")
        self.tell("prune-ends")
        if done.returncode or done.stderr:
            self.fault("sweep", done.returncode, done.stderr)

    def _verify(self, choose, copy):
        done = self._call(copy, "cache", "verify")
        if done.returncode or done.stderr:
            self.fault("verify", done.returncode, done.stdout, done.stderr)

    def _call(self, copy, *words):
        return self._subprocess(copy, PROGRAM, *words)

    def _popen(self, copy, *words, **variables):
        return subprocess.Popen(
            words, cwd=copy.root, env=self.rig.environ | variables, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def _subprocess(self, copy, *words):
        return subprocess.run(
            words, cwd=copy.root, env=self.rig.environ, stdin=subprocess.DEVNULL,
            capture_output=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip

    def _start(self, copy, task):
        with self._lock:
            self._number += 1
            number = self._number
        gate = self.gates[copy]
        first_state = gate.settled
        self.tell("run", number, copy.name, task)
        words = soak_project.arguments(task, self.log)
        process = self._popen(copy, PROGRAM, "run", *words, **{RUN_MARK: self._mark_of(number)})
        return Running(number, copy, task, process, first_state, gate)

    def _finish(self, run):
        """Wait until it has ended, and with it whatever survived it; hold it to its promises."""
        run.out, run.err = run.process.communicate(timeout=PATIENCE_S)
        if run.process.returncode == -signal.SIGKILL:
            _left_of(f"{RUN_MARK}={self._mark_of(run.number)}")
        state = soak_project.state_printed(run.task, run.out)
        outcome = run.outcome
        self.tell(
            "ended", run.number, run.copy.name, run.task, state or "-", outcome,
            "stored" if run.err.endswith(b"; stored\n") else "not-stored",
        )  # fmt: skip
        self.count(f"runs that were {outcome}")
        self.found.times_s.setdefault(outcome, []).append(time.monotonic() - run.began_s)
        is_whole = run.process.returncode == 0 and state in run.gate.states[run.first_state :]
        if not run.has_sound_words:
            self.fault("words", run, run.err)
        if not is_whole:
            self.tell("unlike", run.number, run.copy.name, run.task, repr(run.told()))

    def _check_the_end(self):
        for copy in self.copies:
            for task in TASKS:
                run = self._start(copy, task)
                self._finish(run)
                if copy.made(task) != soak_project.expected(self.gates[copy].states[-1]):
                    self.fault("wrong tree at the end", run, run.err)
            if litter := copy.litter():
                self.fault("litter at the end", copy.name, litter)
        done = self._call(self.copies[0], "cache", "verify")
        if done.returncode or done.stderr:
            self.fault("verify at the end", done.stdout, done.stderr)
        for pid in _left_of(f"{MARK}={self.mark}"):
            self.fault("left process", pid)
        counted = soak_count.count(self.log.read_text().splitlines())
        self.found.figures += counted.figures
        self.found.faults += counted.faults

    def _mark_of(self, number):
        return f"{self.mark}-{number}"


class Running:
    """One run of a task in a work tree."""

    def __init__(self, number, copy, task, process, first_state, gate):
        self.number, self.copy, self.task = number, copy, task
        self.process, self.first_state, self.gate = process, first_state, gate
        self.began_s = time.monotonic()
        self.out = self.err = b""

    def ends_within(self, seconds):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    @property
    def outcome(self):
        line = self.err.rstrip(b"\n").rpartition(b"\n")[2].decode()
        if self.process.returncode == -signal.SIGKILL:
            return "killed"
        return line.removeprefix("buildopt: ").partition(" ")[0] or "silent"

    @property
    def has_sound_words(self):
        """Whether stderr holds our one line, and no trouble of ours."""
        if self.process.returncode == -signal.SIGKILL:
            return b"Traceback" not in self.err
        ours = [line for line in self.err.splitlines() if not line.startswith((b"rm:", b"mkdir:"))]
        ours = [line for line in ours if not line.startswith((b"./build.sh:", b"chmod:", b"ln:"))]
        return len(ours) == 1 and self.outcome in ("fresh", "restored", "executed")

    def told(self):
        return self.process.returncode, self.out, self.err[-300:]

    def __str__(self):
        return f"run {self.number} {self.copy.name} {self.task}"


class Gate:
    """Lets many share a work tree, or one be alone in it; those who would be alone go first.

    `states` are those that the inputs came through since somebody was alone, also for a moment.
    """

    def __init__(self):
        self.states, self.settled = [STATES[0]], 0
        self.editing = threading.Lock()
        self._condition = threading.Condition()
        self._sharing = self._waiting = 0
        self._is_alone = False

    def settle(self, states):
        """An edit is done: who begins now finds the last of the states."""
        self.states, self.settled = states, len(states) - 1

    @contextmanager
    def shared(self):
        with self._condition:
            self._condition.wait_for(lambda: not self._is_alone and not self._waiting)
            self._sharing += 1
        try:
            yield
        finally:
            with self._condition:
                self._sharing -= 1
                self._condition.notify_all()

    @contextmanager
    def alone(self):
        with self._condition:
            self._waiting += 1
            self._condition.wait_for(lambda: not self._is_alone and not self._sharing)
            self._waiting -= 1
            self._is_alone = True
        try:
            yield
        finally:
            with self._condition:
                self._is_alone = False
                self._condition.notify_all()


def _left_of(mark):
    """Processes that have a variable so set and do not end within a grace of seconds."""
    left = set(_marked(mark))
    for pid in list(left):
        try:
            life = os.pidfd_open(pid)
        except OSError:
            left.discard(pid)
            continue
        if select.select([life], [], [], END_S)[0]:
            left.discard(pid)
        os.close(life)
    return left


def _marked(text):
    for folder in Path("/proc").iterdir():
        try:
            if text.encode() in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)
        except (OSError, ValueError):
            continue
