"""`python -m nightpress`."""

import sys

from nightpress.cli import main

if __name__ == "__main__":
    sys.exit(main())
