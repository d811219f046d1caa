"""A process that reserves all it can get: `python -m tests.quota.grabber DB LIMIT MODE`.

Prints a line per reservation, at once; MODE `hold` waits for ever after its first.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from nightpress.clock import RealClock
from nightpress.quota import Quota, Reservation
from nightpress.quota.limits import Limits
from nightpress.quota.pace import Pace
from tests.quota.clocks import pacific


def main() -> None:
    path, limit, mode = sys.argv[1:]
    quota = Quota(Path(path), RealClock(), day_of=pacific)
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        found = quota.take("m", Limits(int(limit)), 1, "p", Pace(profile="unpaced"), 0)
        if not isinstance(found, Reservation):
            return
        print(found.id, flush=True)
        if mode == "hold":
            time.sleep(600)


main()
