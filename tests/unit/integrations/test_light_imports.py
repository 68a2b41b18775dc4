"""What an application loads with the middleware: the standard library and a little of ours."""

import subprocess
import sys

LISTING = """
import sys
before = set(sys.modules)
import buildopt.integrations.{name}
for module in sorted(set(sys.modules) - before):
    origin = getattr(sys.modules[module], "__file__", None) or ""
    if "site-packages" in origin or module.startswith("buildopt."):
        print(module)
"""
OURS = (
    "buildopt.integrations", "buildopt.serving", "buildopt.journal", "buildopt.events",
    "buildopt.event_cuts", "buildopt.model", "buildopt.hit", "buildopt.places",
    "buildopt.deployment", "buildopt.secrets_found",
)  # fmt: skip


def test_the_middleware_loads_no_library_and_little_of_ours():
    for name in ("asgi", "wsgi"):
        command = (sys.executable, "-c", LISTING.format(name=name))
        loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

        assert loaded
        assert [module for module in loaded if not module.startswith(OURS)] == []
