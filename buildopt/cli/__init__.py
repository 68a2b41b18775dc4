"""The command line: one module per group of commands, imported when one of them is chosen."""

COMMANDS = {
    "run": ("buildopt.cli.run", "build", "Run a command, or answer it from the cache."),
    "build": ("buildopt.cli.build", "build", "Find the project's own build and run it."),
    "watch": ("buildopt.cli.watch", "build", "Run again what a change touches."),
    "explain": ("buildopt.cli.explain", "build", "Say what decided a run, input by input."),
    "trace": ("buildopt.cli.trace", "build", "Run a command and tell what it read and wrote."),
    "verify": ("buildopt.cli.verify", "build", "Run a command twice and compare what it gave."),
    "bench": ("buildopt.cli.bench", "build", "Time a command, or two versions beside each other."),
    "runs": ("buildopt.cli.runs", "look", "List the runs of this project, or show one."),
    "report": ("buildopt.cli.report", "look", "Write one HTML file about a run."),
    "init": ("buildopt.cli.init", "set up", "Write a commented buildopt.toml for this project."),
    "config": ("buildopt.cli.config", "set up", "Print every setting, and where it was set."),
    "bundle": ("buildopt.cli.bundle", "look", "Say what a build's output is made of, and why."),
    "events": ("buildopt.cli.events", "monitor", "Write to the stream of events, and read it."),
    "monitor": ("buildopt.cli.monitor", "monitor", "Follow all builds of this user, and tell."),
    "doctor": ("buildopt.cli.doctor", "set up", "Say what works here, and how to mend the rest."),
    "cache": ("buildopt.cli.cache", "set up", "Look at the cache, check it, clear it."),
    "integrations": ("buildopt.cli.integrations", "set up", "Join CI and other tools."),
    "schema": ("buildopt.cli.schema", "set up", "Print the JSON Schema of the settings."),
    "completion": ("buildopt.cli.completion", "set up", "Print what makes a shell complete."),
}
"""Name -> module that holds a click command of that name, group in the help, one line."""
GROUPS = ("build", "look", "monitor", "set up")
"""Of commands, in the order of the help."""
