"""`python -m bench`: see bench/runner.py."""

from __future__ import annotations

import sys


def main() -> int:
    try:
        from bench import runner
    except ModuleNotFoundError as error:
        print(f"bench: {error.name} is not installed; `pip install -e '.[bench]'` in the checkout brings it.", file=sys.stderr)
        return 1
    return runner.main()


if __name__ == "__main__":
    sys.exit(main())
