"""`nightpress`, and `python -m nightpress`: Ctrl-C while it is imported ends it without a word."""

import signal
import sys


def main() -> int:
    """The command line; its own Ctrl-C begins when everything is there."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from nightpress import cli

    signal.signal(signal.SIGINT, usual)
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
