"""A process that reserves all it can get: `python -m tests.quota.grabber DB LIMIT MODE`.

Prints a line per reservation, at once; MODE `hold` waits for ever after its first, `in-flight` with
one of LIMIT calls in flight.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from nightpress.clock import RealClock
from nightpress.quota import Quota, Reservation
from nightpress.quota.limits import Limits
from nightpress.quota.pace import Pace
from nightpress.quota.pacer import IN_FLIGHT, place_in_flight
from tests.quota.clocks import pacific


def main() -> None:
    path, limit, mode = sys.argv[1:]
    quota = Quota(Path(path), RealClock(), day_of=pacific)
    print("ready", flush=True)
    sys.stdin.readline()
    if mode == "in-flight":
        held = place_in_flight(Path(path).with_name(IN_FLIGHT), quota.account, "m", int(limit))
        print("in flight" if held is not None else "full", flush=True)
        time.sleep(600)
    while True:
        found = quota.take("m", Limits(int(limit)), 1, "p", Pace(profile="unpaced"), 0)
        if not isinstance(found, Reservation):
            return
        print(found.id, flush=True)
        if mode == "hold":
            time.sleep(600)


main()
