"""One write of a log, killed as it touches a file: `killed WRITE LOG EVENT NUMBER`.

The event is one of Python's audit events ("open", "os.rename", "os.remove"), and counts
where it changes a file of the log.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from features.log import append_events, leave_out, partition_log
from tests.factories import make_event, make_log

NEW = make_log(*(make_event(lead_id=f"L-{n}", event_id=f"new-{n}") for n in range(9)))
WRITES: dict[str, Callable[[Path], object]] = {
    "append": lambda log: append_events(log, [NEW.events]),
    "partition": lambda log: partition_log(log, 3),
    "leave out": lambda log: leave_out(log, lambda leads: {"L-1", "L-2"} & set(leads)),
}


def main(write: str, log: Path, event: str, number: int) -> None:
    left = number

    def kill(seen: str, args: tuple[object, ...]) -> None:
        nonlocal left
        if seen != event or not str(args[0]).startswith(str(log)):
            return
        if event == "open" and not str(args[1]).startswith("w"):
            return
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(kill)
    WRITES[write](log)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
