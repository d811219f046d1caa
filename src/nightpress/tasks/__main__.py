"""`python -m nightpress.tasks WORD...` is `doit WORD...`. Ctrl-C before doit's session minds it
(see `signals`) ends it without a word."""

import signal
import sys


def main() -> None:
    """doit's command line."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])  # `nightpress` blocked it
    sys.argv[0] = "doit"
    from doit.doit_cmd import DoitMain

    sys.exit(DoitMain().run(sys.argv[1:]))


if __name__ == "__main__":
    main()
