"""The console command `jiomosa`. Imports nothing heavy before it knows what is wanted: children import this module, too."""

from __future__ import annotations

import argparse
import os
import sys

from jiomosa_client import commands as client_commands

from engine.errors import JiomosaError
from engine.identity import SCOPES
from engine.settings import Settings, from_environment

DESCRIPTION = "Real web browsers, rendered here and streamed live to devices too weak to run one."
EPILOG = """\
Every setting can be given as an environment variable; `jiomosa serve --help` lists them.

examples:
  jiomosa serve                       serve on http://127.0.0.1:5000
  jiomosa serve --port 8080           on another port; also PORT=8080 jiomosa serve
  jiomosa token --sub ann             a token for trying out a server with AUTH_SECRET
  jiomosa watch https://example.com   a page in this terminal
  jiomosa device https://example.com --rate 500 --latency 80
                                      what the users of a device on such a link would feel
  jiomosa doctor                      what is missing on this machine, and the command that mends it
  jiomosa bench --list                what can be measured; `jiomosa bench NAME --quick` for a glance
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="jiomosa", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser(
        "serve", help="run the server", epilog=_settings_help(), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    serve.add_argument("--host", help="address to listen on (HOST; default 127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to listen on (PORT; default 5000; 0: a free one)")
    token = commands.add_parser("token", help="make a token for trying out, signed with AUTH_SECRET")
    token.add_argument("--sub", default="somebody", help="who it is for (default: somebody)")
    token.add_argument("--scope", default=" ".join(SCOPES[:3]), help=f"what it allows (default: {' '.join(SCOPES[:3])})")
    token.add_argument("--seconds", type=float, default=3600, help="how long it lasts (default: 3600)")
    client_commands.add(commands)
    commands.add_parser("doctor", help="check this machine, one line for each thing, with the command that mends it")
    commands.add_parser("bench", help="measure this machine (from a checkout; `jiomosa bench --help`)", add_help=False)
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["bench"]:
        # In the place of this process: whoever waited for it would kill it a moment after Ctrl+C, in the middle of cleaning up.
        os.execv(sys.executable, [sys.executable, "-m", "bench", *arguments[1:]])  # noqa: S606  # a shell is what it does not need
    options = parser.parse_args(arguments)
    if options.command in ("watch", "device"):
        return client_commands.run(options)
    try:
        settings = from_environment(os.environ, host=getattr(options, "host", None), port=getattr(options, "port", None))
        if options.command == "token":
            from api.tokens import mint

            print(mint(settings, options.sub, options.scope, options.seconds))
            return 0
        return _serve(settings) if options.command == "serve" else _doctor(settings)
    except JiomosaError as error:
        print(f"jiomosa: {error.message}", file=sys.stderr)
        return 1


def _serve(settings: Settings) -> int:
    from api.serve import serve
    from engine import logs

    logs.configure(logs.Logging(settings.log_level, settings.log_format))
    for secret in ("AUTH_SECRET", "METRICS_TOKEN"):  # browsers and their pages' helpers would have them in their environment
        os.environ.pop(secret, None)
    serve(settings)
    return 0


def _doctor(settings: Settings) -> int:
    from api.doctor import run

    return run(settings, sys.stdout)


def _settings_help() -> str:
    from dataclasses import fields

    lines = [f"  {entry.name.upper():24} {entry.metadata['help']} (default: {entry.default})" for entry in fields(Settings)]
    return "\n".join(["environment variables:", *lines])


if __name__ == "__main__":
    sys.exit(main())
