"""What leads to a task's records."""

from __future__ import annotations

import json
import os
import sys
from hashlib import sha256

from buildopt.cache.tokens import Tokens
from buildopt.model import ObserverName, Task


def task_key(task: Task, tokens: Tokens, way: ObserverName) -> str:
    """Everything about a task but its variables and its inputs' contents, as a name."""
    system = os.uname() if hasattr(os, "uname") else None
    parts = {
        "argv": [tokens.shorten_text(argument) for argument in task.argv],
        "directory": tokens.shorten(task.directory),
        "platform": [sys.platform, system.machine if system else ""],
        "umask": task.umask,
        "inputs": [tokens.shorten(pattern) for pattern in task.inputs],
        "outputs": [tokens.shorten(pattern) for pattern in task.outputs],
        "ignored_inputs": [tokens.shorten(pattern) for pattern in task.ignored_inputs],
        "ignored_outputs": [tokens.shorten(pattern) for pattern in task.ignored_outputs],
        "variables": task.variables,
        "ignored_variables": task.ignored_variables,
        "strict": [task.strict_outputs, task.strict_private],
        "paths": [[tokens.shorten(pattern) for pattern in task.private], task.state],
        "network": [task.network, task.allowed_hosts],
        "observer": way,
    }
    return sha256(json.dumps(parts).encode("ascii")).hexdigest()[:32]
