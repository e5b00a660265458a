"""`python -m robot.home_assistant --config FILE`: the process that keeps Home Assistant told, beside the robot."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from robot.clock import MonotonicClock
from robot.config import ConfigError, load_config
from robot.home_assistant.teller import Teller
from robot.logs import set_up_logs


def main(arguments: Sequence[str] | None = None) -> int:
    """Tell until SIGTERM or SIGINT; 1 when forgetting fails, 2 for a wrong machine file."""
    parser = argparse.ArgumentParser(
        prog="python -m robot.home_assistant", description="Tells Home Assistant."
    )
    parser.add_argument("--config", type=Path, required=True, help="machine file (TOML)")
    parser.add_argument("--forget", action="store_true", help="take the robot out of Home Assistant, and end")
    options = parser.parse_args(arguments)
    set_up_logs()
    try:
        config = load_config(options.config)
        if config.home_assistant is None:
            print(f"{options.config}: no [home_assistant]: nobody to tell", file=sys.stderr)
            return 0
        teller = Teller(config, MonotonicClock())
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    if options.forget:
        done = teller.forget()
        where = f"{config.home_assistant.host}:{config.home_assistant.port}"
        said = (
            "forgotten" if done else f"broker {where}: did not take it; look whether it runs and lets us in"
        )
        print(f"home assistant: {said}", file=sys.stderr)
        return 0 if done else 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: teller.ask_to_end())
    teller.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
