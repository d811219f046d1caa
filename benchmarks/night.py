"""The night: calls and refusals, time against the quota's own bound, days, faults, processes.

A marketplace of 236 plugins in two phases, simulated on a virtual clock around the real quota
ledger and pacer. Sizes are those of a corpus (a marketplace as .tar.gz, never unpacked) where it is
present: --corpus, or NIGHTPRESS_CORPUS, or ../shared beside the repository; else generated.
"""

from __future__ import annotations

import argparse
import os
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks import _night_ledger as ledger
from benchmarks._night_world import MODEL, PACIFIC, Night, midnights, minute_bound, sizes_generated
from nightpress.quota import Fixed, Limits, Pace

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = ROOT.parent / "shared" / "corpus" / "marketplace.tar.gz"
MANIFEST = "/.claude-plugin/plugin.json"
EVENING = datetime(2026, 11, 23, 20, 0, tzinfo=PACIFIC.tzinfo).timestamp()
DAY = 86_400.0
FREE = Limits(15, 250_000, 500)
SMALL = Limits(5, 250_000, 20)
CLASSIC = Pace(profile="fixed", fixed=Fixed(45, 15, 45, 15, 10, (30, 60)))
CAUTIOUS = Pace(profile="fixed")


def main(argv: list[str]) -> dict[str, Any]:
    """One object: the keys of a proven pace at 15/250k/500 at the top, the other cases under their
    own names. Seconds are simulated ones."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks night", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=os.environ.get("NIGHTPRESS_CORPUS", ""))
    parser.add_argument("--history", type=int, default=1_000_000, help="rows of history")
    args = parser.parse_args(argv)
    sizes, source = sizes_of(args.corpus)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        result = nights(sizes, Path(folder))
    result["simulated_in_seconds"] = round(time.perf_counter() - started, 2)
    result["sizes"] = source
    result["processes"] = ledger.processes()
    result["reservation"] = ledger.cost(args.history)
    return result


def sizes_of(corpus: Path | str) -> tuple[list[int], str]:
    """Bytes per plugin, and where they are from."""
    path = Path(corpus) if str(corpus) not in {"", "."} else DEFAULT
    if not path.is_file():
        made = sizes_generated()
        return made, f"generated: {len(made)} plugins with a real marketplace's quantiles"
    with tarfile.open(path) as tar:
        files = {member.name: member.size for member in tar if member.isfile()}
    roots = {name.removesuffix(MANIFEST) for name in files if name.endswith(MANIFEST)}
    sizes: Counter[str] = Counter()
    for name, size in files.items():
        parts = name.split("/")
        owners = ("/".join(parts[:end]) for end in range(len(parts) - 1, 0, -1))
        owner = next((folder for folder in owners if folder in roots), None)
        if owner is not None:
            sizes[owner] += size
    return [sizes[name] for name in sorted(sizes)], f"corpus: {len(sizes)} plugins"


def nights(sizes: Sequence[int], folder: Path) -> dict[str, Any]:
    first = _run(Night(sizes, FREE, Pace(), folder / "a.db", EVENING))
    proven = _run(Night(sizes, FREE, Pace(), folder / "a.db", EVENING + DAY, seed=2))
    small = _run(Night(sizes, SMALL, Pace(), folder / "b.db", EVENING, seed=3))
    classic = Night(sizes, FREE, CLASSIC, folder / "c.db", EVENING, workers=1, seed=4)
    cautious = Night(sizes, FREE, CAUTIOUS, folder / "d.db", EVENING, workers=1, seed=5)
    faulty = Night(sizes, FREE, Pace(), folder / "e.db", EVENING + DAY, seed=6, faults=0.1)
    shared = Night(sizes, FREE, Pace(), folder / "a.db", EVENING + 2 * DAY, seed=7, ledgers=4)
    heavy = Night([60_000] * len(sizes), FREE, Pace(), folder / "a.db", EVENING + 3 * DAY, seed=8)
    faults = _run(faulty)
    return {
        **proven,
        "first_night_ratio": first["ratio"],
        "first_night": first,
        "small_quota": small,
        "classic": _run(classic),
        "cautious": _run(cautious),
        "faults": {
            **faults,
            "calls_ratio": round(faults["calls"] / proven["calls"], 3),
            "met": dict(faulty.met),
        },
        "four_ledgers": _run(shared),
        "large_plugins": _run(heavy),
    }


def _run(night: Night) -> dict[str, Any]:
    """One simulated run, and what the quota itself would have allowed."""
    night.run()
    server, limits = night.server, night.limits
    bound, days = _bound(night)
    return {
        "calls": night.sent,
        "server_calls": server.calls,
        "ledger_calls": night.booked,
        "refusals": sum(server.refusals.values()),
        "failed": night.failed,
        "blocked": night.blocked,
        "input_tokens": server.tokens,
        "rpm": limits.rpm,
        "tpm": limits.tpm,
        "rpd": limits.rpd,
        "seconds": round(night.seconds, 1),
        "bound_seconds": round(bound, 1),
        "ratio": round(night.seconds / bound, 4),
        "days": len(server.quota.used()[f"night/{MODEL}"]),
        "bound_days": days,
        "most_in_flight": night.most_in_flight,
    }


def _bound(night: Night) -> tuple[float, int]:
    """(seconds, days) that no run can beat: what the minute's limits force upon the last day's
    calls, after the midnights that the day's limit forces, and the last call's latency."""
    calls, tokens, rpd = night.server.calls, night.server.tokens, night.limits.rpd
    days = -(-calls // rpd) if rpd else 1
    last_day = calls - (days - 1) * rpd if rpd else calls
    share = tokens * last_day // calls
    waits = 0.0
    if days > 1:
        resets = midnights(night.start)
        waits = [next(resets) for _ in range(days - 1)][-1] - night.start
    return waits + minute_bound(last_day, share, night.limits) + night.last, days


def render(result: Mapping[str, Any]) -> str:
    """The measurements as Markdown."""
    rows = [
        ("adaptive, proven", result),
        ("adaptive, first night", result["first_night"]),
        ("adaptive, 10 % faults", result["faults"]),
        ("adaptive, 4 ledgers", result["four_ledgers"]),
        ("adaptive, 66 kB a call", result["large_plugins"]),
        ("fixed 45-60 s, sequential", result["classic"]),
        ("fixed 90-120 / 45-60 s, sequential", result["cautious"]),
        ("adaptive, 5/250k/20", result["small_quota"]),
    ]
    lines = [
        f"Sizes from {result['sizes']}; {result['rpm']} requests and {result['tpm']:,} input"
        f" tokens a minute, {result['rpd']} requests a day unless said otherwise.",
        "",
        "| pace | calls | refused | input tokens | time | quota's bound | ratio | days |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {row['server_calls']} | {row['refusals']} | {row['input_tokens']:,}"
        f" | {_time(row['seconds'])} | {_time(row['bound_seconds'])} | {row['ratio']:.3f}"
        f" | {row['days']} |"
        for name, row in rows
    ]
    shared, cost = result["processes"], result["reservation"]
    lines += [
        "",
        f"{shared['processes']} processes on one ledger: {shared['granted']} of"
        f" {shared['capacity']} granted ({shared['wasted_percent']} % wasted), never more than"
        f" {shared['most_in_any_minute']} of {shared['rpm']} in any minute.",
        "",
        f"A reservation takes {cost['new_ledger']['reserve_ms']} ms (durable), and"
        f" {cost['with_history']['reserve_ms']} ms with {cost['history_rows']:,} rows of history.",
    ]
    return "\n".join(lines)


def _time(seconds: float) -> str:
    if seconds >= 2 * DAY:
        return f"{seconds / DAY:.2f} days"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02} min {int(seconds % 60):02} s"
