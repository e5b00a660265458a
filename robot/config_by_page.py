"""What a machine file may hold that comes from a page: no key that opens the robot, and no hidden password."""

from __future__ import annotations

import re
from collections.abc import Iterable

from robot.config import ConfigError, parse_config
from robot.config_history import differences
from robot.reload import MachineFile

PASSWORD = re.compile(r"(://[^:/@\s\"']+:)([^@/\s\"']+)@")
"""A camera's address may carry a password; it is not shown."""
HIDDEN = "***"
AT_THE_ROBOT = ("dashboard.", "alerts.", "home_assistant", "ledger.", "recording.folder", "serial.port")


def by_page(old: MachineFile, text: str) -> MachineFile:
    """Return `text` as a machine file that a page may put in the place of `old`; raises ConfigError."""
    text = with_passwords(text, old.text)
    new = MachineFile(parse_config(text, "the text"), text)
    closed = not_by_page(one.key for one in differences(old.config, new.config))
    if closed:
        raise ConfigError(f"{', '.join(closed[:5])}: set at the robot alone, with `bombus config apply`")
    return new


def not_by_page(keys: Iterable[str]) -> list[str]:
    """Return the keys that decide who gets in, what is sent where, and which files are written: not set by the page."""
    return [key for key in keys if key.startswith(AT_THE_ROBOT)]


def with_passwords(text: str, current: str) -> str:
    """Return `text` with the passwords of addresses that the page did not show; raises ConfigError."""
    known = {match[1]: match[2] for match in PASSWORD.finditer(current)}

    def real(match: re.Match[str]) -> str:
        if match[2] != HIDDEN:
            return match[0]
        if match[1] not in known:
            raise ConfigError(
                f"{match[1]}{HIDDEN}@: no such address in the file in force; write its password"
            )
        return f"{match[1]}{known[match[1]]}@"

    return PASSWORD.sub(real, text)
