"""The plugin `testing`: results and durations of tests -> findings, series, panels.

sessions   what one session says, from the pytest plugin or a JUnit file
inputs     when two runs had the same inputs, as far as that can be known
flaky      tests that failed and passed nevertheless
consumer   the events in, the events out
junit, commands, panels, plugin   files of other tools, `buildopt tests`, and the hooks
"""
