"""`python -m streams.up.child`: `kairos worker`, which ends when standard input does. Never started by hand.

Whoever started it holds the other end of the pipe and never writes. The system closes it when that process
ends, by whatever means, so no worker is left behind.
"""

import os
import signal
import sys
import threading
import time

from streams.cli import main

STDIN = 0
STOP_WITHIN_S = 30.0


def end_with_stdin() -> None:
    """Wait for the end of standard input, then end this process: in good order, or by force."""
    while os.read(STDIN, 64):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_WITHIN_S)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=end_with_stdin, name="end-with-stdin", daemon=True).start()
    sys.exit(main(["worker"]))
