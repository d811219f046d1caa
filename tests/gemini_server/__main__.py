"""Runs the local Gemini server until it is interrupted; the first line printed is its base URL."""

from __future__ import annotations

import argparse
import contextlib
import threading

from . import FIELD, FREE, FastClock, GeminiServer, Limits, bad_night
from .batches import ENDS
from .service import CURRENT


def main() -> None:
    args = _parser().parse_args()
    rates: dict[str, float] = dict(FIELD) if args.defects == "field" else {}
    if args.bad_night:
        rates.update(bad_night(args.bad_night))
    for one in args.fault:
        kind, _, rate = one.partition("=")
        rates[kind] = float(rate or 1)
    limits = {"*": Limits() if args.unlimited else Limits(args.rpm, args.tpm, args.rpd)}
    server = GeminiServer(
        clock=FastClock(args.clock_speed, args.clock_origin),
        port=args.port,
        keys=dict.fromkeys(args.key or ["test-key"], "test-project"),
        tokens=args.token or ["test-token"],
        models=[m for m in [*CURRENT, *args.model] if m not in args.retire],
        limits=limits,
        script=args.script.split(",") if args.script else (),
        rates=rates,
        seed=args.seed,
        latency=args.latency,
        flex_room=args.flex_room,
        batch_seconds=args.batch_seconds,
        batch_ends=args.batch_ends.split(",") if args.batch_ends else (),
    )
    with server, contextlib.suppress(KeyboardInterrupt):
        print(server.url(), flush=True)
        threading.Event().wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.gemini_server", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 takes a free one")
    add("--key", action="append", help="an API key to accept (default: test-key)")
    add("--token", action="append", help="a Vertex access token to accept (default: test-token)")
    add("--model", action="append", default=[], help="one more model to serve")
    add("--retire", action="append", default=[], help="a model that answers 404")
    add("--rpm", type=int, default=FREE.rpm)
    add("--tpm", type=int, default=FREE.tpm)
    add("--rpd", type=int, default=FREE.rpd)
    add("--unlimited", action="store_true", help="no quota at all")
    add("--latency", type=float, default=0.0, help="1 is the field's (median 5.2 s), 0 none")
    add("--flex-room", type=int, metavar="N", help="flex calls that are served; then 503")
    add("--batch-seconds", type=float, default=0.0, help="from a batch job's begin to its end")
    add("--batch-ends", metavar="END,...", help=f"how the first jobs end: {', '.join(ENDS)}")
    add("--clock-speed", type=float, default=1.0, help="seconds of its clock per real second")
    add("--clock-origin", type=float, help="epoch seconds at which its clock starts")
    add("--defects", choices=["field"], help="defects of real replies, at their rates")
    add("--bad-night", type=float, metavar="RATE", help="share of calls that fail, but may pass")
    add("--fault", action="append", default=[], metavar="KIND=RATE", help="one fault or defect")
    add("--script", default="", metavar="A,B,ok,...", help="what the first calls meet, in order")
    add("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    main()
