"""Steps of a wrapped command: what it starts has records of its own.

::

    buildopt run -- npm run build
      ├ the command runs watched, with `npm_config_script_shell` = buildopt
      │   npm ── buildopt -c "tsc && vite build"      client.py: asks, starts, waits
      │            ├ sh -c "tsc"                      script.py: a list is taken apart
      │            └ sh -c "vite build"
      │   make ── buildopt run -- cc …                joined.py: the same for a call of ours
      └ server.py, threads of the main process, outside of the watch: looks each step up,
        answers it (stage.py), or has the client run it between pipes that are recorded
"""
