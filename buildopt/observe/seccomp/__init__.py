"""Watches a run by seccomp user notification: Linux, any user, no compiled code.

The command gets a filter that stops it before each call that names a path; a supervisor reads
the call, tells the recorder, and lets it go on. `observer.py` is the way in.

::

    buildopt (main process)            supervisor                     the command's processes
    ───────────────────────            ──────────                     ───────────────────────
    SeccompObserver.watch ── fork ───> waits for the listener
    execute: fork ───────────────────────────────────────────────────> install_filter
    guard thread <──────── listener ── by SCM_RIGHTS <──────────────── hand_over; exec
      (serves, if the                  loop: receive, decode,  <────── a call stops
       supervisor dies)                recorder.access, continue ────> the call executes
    Watch.finish ── "ended" ─────────> all gone, or 1 s over
    Observed <──── recorder's result ─
"""
