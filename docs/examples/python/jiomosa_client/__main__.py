"""`python -m jiomosa_client watch` and `... device`: the commands where there is no server."""

from __future__ import annotations

import argparse
import sys

from jiomosa_client.commands import add, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="jiomosa_client", description=__doc__)
    add(parser.add_subparsers(dest="command", required=True, metavar="COMMAND"))
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
