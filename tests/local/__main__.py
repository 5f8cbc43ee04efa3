"""python -m local up | down | status | run

up      start the emulator, deploy, write .local/outputs.json, return
run     up, the demonstration, then wait for Ctrl-C and take everything down again
down    end the emulator and every function process
status  print .local/outputs.json
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from typing import Any

from client import Platform

from . import demonstration, deployment, paths, server


def up(arguments: argparse.Namespace) -> dict[str, Any]:
    began = time.monotonic()
    emulator = server.start(arguments.port, arguments.auth)
    print(f"emulator   {emulator.url}{' (IAM enforced)' if emulator.auth else ''}", flush=True)
    try:
        print("deploying  (the log is .local/logs/deploy.log)", flush=True)
        overrides = dict(pair.split("=", 1) for pair in arguments.parameter)
        deployment.deploy(emulator, overrides)
        outputs = deployment.write_outputs(emulator)
    except BaseException:
        server.stop()
        raise
    print(f"ready      in {time.monotonic() - began:.0f} s")
    print(f"API        {outputs['http_url']}")
    print(f"operator   {outputs['operator']['email']}  {outputs['operator']['password']}")
    print("outputs    .local/outputs.json", flush=True)
    return outputs


def run(arguments: argparse.Namespace) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        outputs = up(arguments)
        demonstration.tell(Platform(outputs))
        print("\nCtrl-C stops it and leaves nothing behind.", flush=True)
        while server.running():
            time.sleep(0.5)
        print("the emulator has ended: see .local/logs/emulator.log", file=sys.stderr)
    except (KeyboardInterrupt, SystemExit):
        print()
    finally:
        if server.stop():
            print("stopped")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="local", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("up", "run", "down", "status"))
    parser.add_argument("--auth", action="store_true", help="enforce IAM as AWS does")
    parser.add_argument("--port", type=int, help="default: 4566, or any free one")
    parser.add_argument(
        "--parameter", action="append", default=[], metavar="NAME=VALUE", help="of the template"
    )
    arguments = parser.parse_args()
    try:
        match arguments.command:
            case "up":
                up(arguments)
            case "run":
                run(arguments)
            case "down":
                print("stopped" if server.stop() else "nothing was running")
            case "status":
                if server.running() is None:
                    raise server.LocalStackError("the local stack is not running")
                print(paths.OUTPUTS.read_text(), end="")
    except server.LocalStackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
