"""A command that does as it is told: says `up`, then what comes, one word a line.

    puppet.py [SIGNAL=ACTION]…

A signal named so is answered by its ACTION: `exit N` ends with that status, `size` tells the
size of the terminal that stdout is, `say WORD` says the word. SIGUSR1 ends it with status 0.
"""

import os
import signal
import sys


def say(text):
    os.write(1, f"{text}\n".encode())


def main():
    actions = dict(argument.split("=") for argument in sys.argv[1:])
    numbers = {signal.Signals[name] for name in actions} | {signal.SIGUSR1}
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    say("up")
    while True:
        number = signal.sigwait(numbers)
        action, _, word = actions.get(number.name, "exit 0").partition(" ")
        if action == "exit":
            say(f"got {number.name}")
            return int(word)
        if action == "size":
            size = os.get_terminal_size(1)
            say(f"{size.lines} {size.columns}")
        if action == "say":
            say(word)


sys.exit(main())
