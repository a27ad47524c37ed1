"""`python -m bench.unguarded serve`: the server with its browsers not set apart from the machine, to compare with."""

from __future__ import annotations

import sys


def main() -> int:
    from api import cli
    from api.browser import Browser

    Browser.APART = False
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
