"""`python -m robot.alerts --config FILE`: the process that sends alerts out, beside the robot."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from robot.alerts.channels import channels_of
from robot.alerts.sender import Sender
from robot.alerts.store import AlertError, AlertStore
from robot.clock import MonotonicClock
from robot.config import ConfigError, load_config
from robot.logs import set_up_logs
from robot.orphan import end_with_parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Send until SIGTERM or SIGINT; 1 when it cannot start, 2 for a wrong machine file."""
    parser = argparse.ArgumentParser(prog="python -m robot.alerts", description="Sends alerts out.")
    parser.add_argument("--config", type=Path, required=True, help="machine file (TOML)")
    options = parser.parse_args(arguments)
    set_up_logs()
    end_with_parent(os.environ)
    try:
        config = load_config(options.config)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    channels = channels_of(config.alerts, config.name)
    if not channels:
        print(f"{options.config}: no [alerts.webhook] and no [alerts.mail]: nothing to send", file=sys.stderr)
        return 0
    try:
        store = AlertStore(config.alerts.path)
    except AlertError as error:
        print(error, file=sys.stderr)
        return 1
    sender = Sender(store, channels, config.alerts, MonotonicClock())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sender.ask_to_end())
    sender.run()
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
