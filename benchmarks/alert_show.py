"""A transcript: a real build fails, memory is really filled, and who was told of it where and when.

    python -m benchmarks.alert_show FILE

A monitor with a console, a file and a webhook (a receiver in this process) watches a copy of the
Vite sample. The rule for memory stands a few percent above what is in use now, since the machine
may have much; a helper fills 8 % of it, and ends. Needs npm. Times are since the monitor's start.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil

SAMPLE = Path(__file__).parent.parent / "fixtures" / "projects" / "vite-react"
BUILDOPT = str(Path(sys.executable).with_name("buildopt"))
WAIT_S = 120.0
FILL = (
    "import sys, time; held = bytearray(int(sys.argv[1])); held[::4096] = b'x' * len(held[::4096])"
)
SETTINGS = """
[alert]
notify = ["console", "log", "hook"]
channels.log = {{ type = "file", path = "{log}" }}
channels.hook = {{ type = "webhook", url = "{url}", secret = "s3cret" }}
[alert.rules.memory]
levels.warning = {{ fire = {fire:.3f}, clear = {clear:.3f}, for = "3s" }}
levels.critical = {{ fire = 0.99, clear = 0.98 }}
keep = "3s"
"""


class Transcript:
    """What happened, each line with its time."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.titles: list[str] = []
        """Of what the webhook got."""
        self._start_s = time.monotonic()
        self._lock = threading.Lock()

    def say(self, who: str, text: str) -> None:
        """Add some lines."""
        with self._lock:
            at = f"{time.monotonic() - self._start_s:7.2f} s"
            self.lines += [f"{at}  {who:<8} {line}" for line in text.splitlines() or [""]]

    def wait_for(self, start: str, count: int = 1) -> None:
        """Wait until the webhook has got so many messages that begin so."""
        ends_s = time.monotonic() + WAIT_S
        while sum(title.startswith(start) for title in self.titles) < count:
            if time.monotonic() > ends_s:
                self.say("nothing", f"no message `{start}` within {WAIT_S:.0f} s")
                return
            time.sleep(0.05)


def main() -> None:
    """Play it, and write the transcript."""
    transcript = Transcript()
    with tempfile.TemporaryDirectory() as folder:
        play(Path(folder), transcript)
    Path(sys.argv[1]).write_text("\n".join(transcript.lines) + "\n")
    print("\n".join(transcript.lines))


def play(place: Path, transcript: Transcript) -> None:
    """All of it, in a folder of its own."""
    project, log = place / "project", place / "alerts.jsonl"
    shutil.copytree(SAMPLE, project, ignore=shutil.ignore_patterns("node_modules", "dist"))
    subprocess.run(["npm", "ci", "--silent"], cwd=project, check=True)
    server = receiver(transcript)
    used = psutil.virtual_memory().percent / 100
    (project / "buildopt.toml").write_text(
        SETTINGS.format(
            log=log, url=f"http://127.0.0.1:{server.server_port}/", fire=used + 0.05,
            clear=used + 0.03,
        )
    )  # fmt: skip
    environ = {
        **os.environ, "BUILDOPT_STATE_DIR": str(place / "state"),
        "BUILDOPT_CACHE_DIR": str(place / "cache"),
    }  # fmt: skip
    monitor = subprocess.Popen(
        [BUILDOPT, "monitor", "--port", "0"], cwd=project, env=environ, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    threading.Thread(target=follow, args=(monitor, transcript), daemon=True).start()
    try:
        time.sleep(4)
        builds(project, environ, transcript)
        memory(used, transcript)
        ask(project, environ, transcript)
    finally:
        monitor.terminate()
        monitor.wait(10)
    transcript.say("file", log.read_text() if log.exists() else "nothing")


def builds(project: Path, environ: dict[str, str], transcript: Transcript) -> None:
    """A build passes, fails by an edit, and passes again when that is taken back."""
    source = project / "src" / "main.tsx"
    good = source.read_text()
    build(project, environ, transcript)
    transcript.say("edit", "src/main.tsx imports ./nowhere")
    source.write_text(f'import "./nowhere";\n{good}')
    build(project, environ, transcript)
    transcript.wait_for("warning: the build fails")
    transcript.say("edit", "src/main.tsx as it was")
    source.write_text(good)
    build(project, environ, transcript)
    transcript.wait_for("over: the build fails")


def build(project: Path, environ: dict[str, str], transcript: Transcript) -> None:
    """Run the build of the sample."""
    transcript.say("user", "$ buildopt run -- npm run build")
    command = [BUILDOPT, "run", "--", "npm", "run", "build"]
    done = subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True)
    last = (done.stdout + done.stderr).strip().splitlines()[-1]
    transcript.say("build", f"exit status {done.returncode}: {last}")


def memory(used: float, transcript: Transcript) -> None:
    """A helper fills memory until the alert came, and ends."""
    size = int(psutil.virtual_memory().total * 0.08)
    transcript.say("helper", f"{used:.1%} is in use; takes {size / 1e9:.1f} GB, and touches it")
    helper = subprocess.Popen([sys.executable, "-c", f"{FILL}; time.sleep(600)", str(size)])
    try:
        transcript.wait_for("warning: memory")
    finally:
        helper.kill()
        helper.wait()
    transcript.say("helper", "ended")
    transcript.wait_for("over: memory")


def ask(project: Path, environ: dict[str, str], transcript: Transcript) -> None:
    """What the commands say afterwards."""
    for words in (["list"], ["history"], ["stats"]):
        transcript.say("user", f"$ buildopt alert {' '.join(words)}")
        command = [BUILDOPT, "alert", *words]
        done = subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True)
        transcript.say("alert", done.stdout + done.stderr)


def follow(monitor: subprocess.Popen[str], transcript: Transcript) -> None:
    """Write down what the monitor says on its terminal."""
    assert monitor.stdout is not None
    for line in monitor.stdout:
        transcript.say("console", line.rstrip())


def receiver(transcript: Transcript) -> ThreadingHTTPServer:
    """A webhook's receiver."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name is the server's
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sent = self.headers["Idempotency-Key"], self.headers["X-Buildopt-Signature"][:20]
            transcript.say("webhook", f"{body['title']}  [key {sent[0]}, signed {sent[1]}…]")
            transcript.titles.append(body["title"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # as above
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    main()
