"""The command line: one module per group of commands, imported when one of them is chosen."""

COMMANDS = {
    "run": ("buildopt.cli.run", "build", "Run a command, or answer it from the cache."),
    "explain": ("buildopt.cli.explain", "build", "Say what decided a run, input by input."),
    "trace": ("buildopt.cli.trace", "build", "Run a command and tell what it read and wrote."),
    "verify": ("buildopt.cli.verify", "build", "Run a command twice and compare what it gave."),
    "runs": ("buildopt.cli.runs", "look", "List the runs of this project, or show one."),
    "report": ("buildopt.cli.report", "look", "Write one HTML file about a run."),
    "doctor": ("buildopt.cli.doctor", "set up", "Say what works here, and how to mend the rest."),
    "cache": ("buildopt.cli.cache", "set up", "Look at the cache, check it, clear it."),
}
"""Name -> module that holds a click command of that name, group in the help, one line."""
