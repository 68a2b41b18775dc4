"""Tells people of a real trouble once, in the right place, and of nothing else.

    rule, presets                    rules as data
    place, section                   where a mistake of the settings stands; the values of a table
    rule_reading, signal_reading, soundness, channel_reading, window_reading, config
                                     the settings; what makes no sense is refused with its line
    expressions, durations           what stands in them
    stream, inputs                   events as samples and occurrences
    facts, running, failures         what follows from them
    windows, prediction              many samples as one value
    alert, machine, escalation       one alert: its states, and what moves it
    overlays, groups                 what holds a message back, and what goes together
    engine                           all alerts: the page to read first
    book, due                        what it knows, and when time alone changes something
    judging, transitions             what samples and events say, and what comes of it
    telling, holding                 what is said of that, and what is held back
    message, wording, outbox         what is said, and what is still to be sent
    delivery_health                  how the channels do
    snapshot, simulation             the state as rows; a stream replayed with a clock of its own
    channels/                        the ways to people

Pure up to here: clock, random source and transport are arguments. The effects are in `channels`
and `worker`; `plugin` joins it all with the monitor, `command` is `buildopt alert`, with `steering`
and `trying`; it asks `kept`, counts by `statistics` and shows by `lines`.
"""
