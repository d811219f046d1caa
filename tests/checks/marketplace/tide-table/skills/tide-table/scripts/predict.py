"""Predict tides from harmonic constituents: day, window and check."""

import argparse


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["day", "window", "check"])
    parser.add_argument("station")
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--margin", type=float, default=0.3)
    parser.parse_args()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
