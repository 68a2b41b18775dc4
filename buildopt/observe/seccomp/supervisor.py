"""Answers the stopped calls of a run, one after the other, until none of its processes is left.

::

    waiting ── listener came ──> serving ── "ended" ──> ending ── all gone, or 1 s over ──> reported
       │                            │                                                         │
       │ no listener will come      │ the main process is gone: keep serving, report nothing  │
       └────────────> over <────────┴───────────────── all processes are gone <───────────────┘

Whatever goes wrong in here, the call goes on: then nothing is recorded any more, and the record
is incomplete.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from collections.abc import Callable

from buildopt.observe.access import Recorder
from buildopt.observe.seccomp.calls import CALLS, NAMESPACE, PECULIAR
from buildopt.observe.seccomp.decoder import Arguments, Decoder, Handler
from buildopt.observe.seccomp.hand_over import take_listener
from buildopt.observe.seccomp.memory import Memory, TextTooLong
from buildopt.observe.seccomp.notifications import (
    StoppedCall,
    is_waiting,
    let_go_on,
    prefer_sync_wake_up,
    receive,
)
from buildopt.observe.seccomp.numbers import Machine, numbers
from buildopt.observe.seccomp.paths import NoPath, UnknownPath
from buildopt.observe.seccomp.peculiar import NamespaceChange, PeculiarCalls
from buildopt.observe.seccomp.processes import Processes, TracedProcess

SURVIVOR_WAIT_S = 1.0
"""How long processes may live on after the command's main process, before they are survivors."""

FIRST_PAGE_BYTES = 4096
"""No process can have memory mapped below, so such an address fails in the kernel as well."""

ENDED = b"E"
"""What the main process says when it has reaped the command's."""

ALL_GONE = b"G"
"""What the guard is told, so that it knows our end from a sudden one."""

RESULT_LENGTH = struct.Struct("<Q")
