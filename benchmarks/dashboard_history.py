"""Writes 29 days of builds, measurements, alerts and bundles into a state folder, all made up.

For measurements and pictures of the dashboard: a monitor that starts on the folder takes it in,
learns from it and finds what changed, as it does with builds that took place.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path

from buildopt import blobs
from buildopt.events import CacheLookup, CacheStored, RunFinished, TaskFinished, TaskResult
from buildopt.journal import Journal
from buildopt.model import MissReason
from buildopt.monitor.samples import Writer

NS = 10**9
DAY_S = 86_400
DAYS = 29
RUNS = 1_000
ALERTS = 100
BUNDLES = 24
SAMPLES_EACH_S = 3_600
TASKS = (("web build", 14.0, 0.45), ("api tests", 42.0, 0.3), ("lint", 3.2, 0.6))
"""Name, usual seconds, share of hits."""
STEPS = {
    "web build": ("tsc", "vite build"),
    "api tests": ("pip", "pytest"),
    "lint": ("ruff", "eslint"),
}
"""The two steps of each."""
STEP_DAY, STEP = 19, 1.28
"""From that day on the first task takes so many times as long."""
FILES = ("src/App.tsx", "src/routes/cart.tsx", "package-lock.json", "vite.config.ts")
MACHINE = "linux-x86_64-8"
PACKAGES = (
    ("react-dom", 131_000), ("chart-kit", 88_000), ("lodash", 71_000), ("date-fns", 38_000),
    ("router", 26_000), ("zod", 21_000), ("icons", 14_000), ("react", 7_400),
)  # fmt: skip


def write(folder: str, *, now_s: float, runs: int = RUNS, alerts: int = ALERTS) -> None:
    """All of it, in the order in which it would have happened."""
    chance = random.Random(7)
    moments = [
        *((at, _build) for at in _times(chance, now_s, runs)),
        *((at, _alert) for at in _times(chance, now_s, alerts)),
        *((at, _bundle) for at in _times(chance, now_s, BUNDLES)),
    ]  # fmt: skip
    for number, (at_s, happen) in enumerate(sorted(moments, key=lambda each: each[0])):
        happen(folder, chance, number, at_s, (at_s - now_s) / DAY_S + DAYS)
    _samples(folder, chance, now_s)


def _times(chance: random.Random, now_s: float, count: int) -> list[float]:
    return [now_s - chance.random() * (DAYS - 0.1) * DAY_S - 60 for _ in range(count)]


def _journal(folder: str, run: str, environment: str) -> Journal:
    host = "runner-3" if environment == "ci" else "desk"
    return Journal(
        state=os.fsencode(folder), source=f"/{host}/shop/1", run_id=run,
        environment=environment, machine=MACHINE,
    )  # fmt: skip


def _build(folder: str, chance: random.Random, number: int, at_s: float, day: float) -> None:
    task, usual_s, hits = chance.choices(TASKS, (6, 3, 2))[0]
    environment = "ci" if chance.random() < 0.35 else "development"
    run = f"{number:08x}-made-up"
    journal, at_ns = _journal(folder, run, environment), int(at_s * NS)
    step = STEP if task == TASKS[0][0] and day >= STEP_DAY else 1.0
    took_s = usual_s * step * chance.lognormvariate(0, 0.03)
    common = {"task": task, "command": ("npm", "run", task), "directory": "."}
    if chance.random() < hits:
        journal.append(
            RunFinished(
                **common, run_id=run, outcome=chance.choice(("fresh", "restored")), exit_code=0,
                duration_s=0.004, time_saved_s=took_s, hit_ratio=1.0, project="shop",
            ), now_ns=at_ns,
        )  # fmt: skip
        return
    failed = int(chance.random() < 0.04)
    reasons = (MissReason("file-changed", chance.choice(FILES)),)
    facts = {
        **common, "outcome": "executed", "exit_code": failed, "stored": not failed,
        "miss_reasons": reasons, "duration_s": took_s,
    }  # fmt: skip
    journal.append(CacheLookup(task=task, result="miss", miss_reasons=reasons), now_ns=at_ns)
    processes = json.dumps(_processes(took_s)).encode()
    digest = blobs.put(os.fsencode(folder), processes, at_s)
    journal.append(TaskFinished(**facts, processes=digest), now_ns=at_ns)
    stored = CacheStored(task=task, record="r", entry="e", bytes_added=chance.randrange(3_000_000))
    journal.append(stored, now_ns=at_ns)
    steps = tuple(
        TaskResult(
            **{**facts, "task": name, "duration_s": share * took_s}, started_s=from_ * took_s
        )
        for name, from_, share in zip(STEPS[task], (0.01, 0.44), (0.42, 0.5), strict=True)
    )
    journal.append(
        RunFinished(
            **facts, run_id=run, tasks=steps, cpu_s=took_s * 2.1, hit_ratio=0.0, project="shop",
            peak_memory_bytes=round(6e8 * chance.lognormvariate(0, 0.02)),
            branch="main", commit=f"{round(day):07x}",
        ), now_ns=at_ns,
    )  # fmt: skip


def _processes(whole_s: float) -> list[dict[str, object]]:
    rows = [
        (10, 1, ("npm", "run", "build"), 0.0, 1.0, 0.02),
        (11, 10, ("sh", "-c", "tsc && vite build"), 0.01, 0.99, 0.001),
        (12, 11, ("node", "tsc", "--noEmit"), 0.02, 0.43, 0.9),
        (13, 11, ("node", "vite", "build"), 0.45, 0.98, 0.6),
        (14, 13, ("esbuild", "--service"), 0.47, 0.9, 1.6),
        (15, 13, ("node", "terser-worker"), 0.7, 0.93, 0.95),
    ]
    return [
        {
            "pid": pid, "parent_pid": parent, "command": command, "start_s": start * whole_s,
            "end_s": end * whole_s, "cpu_s": share * (end - start) * whole_s,
            "peak_memory_bytes": 90_000_000 + pid * 4_000_000, "exit_code": 0,
        }
        for pid, parent, command, start, end, share in rows
    ]  # fmt: skip


def _alert(folder: str, chance: random.Random, number: int, at_s: float, _: float) -> None:
    rule, title = chance.choice(
        (("memory", "memory is almost full"), ("cpu", "the processors are busy"),
         ("build-failure", "the build fails"), ("disk", "the disk is almost full"))
    )  # fmt: skip
    data = {
        "incident": f"{number:08x}", "rule": rule, "title": title, "since": at_s,
        "level": "critical" if chance.random() < 0.2 else "warning", "labels": {"host": "desk"},
        "advice": "`buildopt doctor` says what is short",
    }  # fmt: skip
    if rule != "build-failure":
        data |= {"unit": "%", "value": 0.9 + chance.random() / 10, "threshold": 0.9}
    journal = _journal(folder, "", "development")
    journal.emit("buildopt.alert.fired", data, now_ns=int(at_s * NS))
    if chance.random() < 0.9:
        lasts_s = chance.uniform(30, 3_000)
        ended = {**data, "duration_s": lasts_s}
        journal.emit("buildopt.alert.resolved", ended, now_ns=int((at_s + lasts_s) * NS))


def _bundle(folder: str, chance: random.Random, number: int, at_s: float, day: float) -> None:
    newer = 1.4 if day > STEP_DAY else 1.0
    grown = {
        name: round(size * (newer if name == "chart-kit" else 1) * chance.uniform(1, 1.002))
        for name, size in PACKAGES
    }
    document = _document(grown)
    files = document["files"]
    raw = sum(file["raw"] for file in files)
    run = f"{number:08x}-bundle"
    digest = blobs.put(os.fsencode(folder), json.dumps(document).encode(), at_s)
    _journal(folder, run, "ci").emit("buildopt.bundle.analyzed", {
        "kind": "bundle", "output": "dist", "task": "web build", "project": "shop",
        "totals": {"raw": raw, "gzip": round(raw * 0.31)}, "duplicates": 1,
        "packages": [{"name": name, "versions": ["1.0.0"], "bytes": size}
                     for name, size in grown.items()],
        "files": [{"path": file["path"],
                   "sizes": {"raw": file["raw"], "gzip": round(file["raw"] * 0.31)}}
                  for file in files],
        "document": digest,
    }, now_ns=int(at_s * NS))  # fmt: skip


def _document(packages: dict[str, int]) -> dict[str, list[dict[str, object]]]:
    """The form of an analysis, as far as the page reads it."""
    modules = [
        {"file": "assets/vendor.js", "name": f"{name}/part-{part}.js", "kind": "package",
         "instance": f"{name}@1.0.0", "bytes": size // 4}
        for name, size in packages.items() for part in range(4)
    ]  # fmt: skip
    modules += [
        {"file": "assets/index.js", "name": name, "kind": "own", "instance": "", "bytes": 9_000}
        for name in (*FILES[:2], "src/routes/home.tsx", "src/state/cart.ts")
    ]
    sizes: dict[str, int] = {}
    for module in modules:
        sizes[str(module["file"])] = sizes.get(str(module["file"]), 0) + int(str(module["bytes"]))
    sizes["assets/index.css"] = 31_000
    return {
        "files": [{"path": path, "raw": size + 800} for path, size in sizes.items()],
        "modules": modules,
        "packages": [
            {"name": name, "version": "1.0.0", "instance": f"{name}@1.0.0", "bytes": size}
            for name, size in packages.items()
        ],
        "duplicates": [{"instances": ["lodash@1.0.0"]}],
    }


def _samples(folder: str, chance: random.Random, now_s: float) -> None:
    """Each hour, as a machine that is busy by day has it."""
    writer = Writer(folder, environment="development", machine=MACHINE)
    hours = DAYS * 24 - 1
    for hour in range(hours):
        at_s = now_s - (hours - hour) * SAMPLES_EACH_S
        busy = max(0.05, 0.5 - abs(at_s / 3_600 % 24 - 13) / 20)
        load = busy * chance.uniform(0.6, 1.4)
        writer.append("system", int(at_s * NS), {
            "system.cpu.utilization": load, "system.cpu.load_average.1m": 8 * load,
            "system.memory.utilization": 0.35 + load / 4,
            "buildopt.system.pressure.some{resource=cpu}": load / 5,
            "buildopt.system.pressure.some{resource=io}": load / 9,
            "system.disk.io{disk.io.direction=read}": 4e9 * load,
            "system.disk.io{disk.io.direction=write}": 7e9 * load,
            "system.network.io{network.io.direction=receive}": 9e8 * load,
            "system.network.io{network.io.direction=transmit}": 2e8 * load,
            "system.filesystem.utilization{system.filesystem.mountpoint=/}": 0.6 + hour / 5_000,
        })  # fmt: skip


if __name__ == "__main__":
    write(str(Path(sys.argv[1]).resolve()), now_s=time.time())
