"""A changed machine file handed over by a page that may not write it, to an account that may (docs/deploy.md).

The page writes a request into a folder; systemd starts `bombus config take`, which checks it anew and answers.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import msgspec

from robot.clock import Clock
from robot.config import ConfigError
from robot.config_apply import Applied, NotTakenError, put_in_force
from robot.config_by_page import by_page
from robot.reload import read_machine

REQUEST, ANSWER = "request.json", "answer.json"
MOST_BYTES = 200_000
FETCHED_WITHIN_S = 15.0
DONE_WITHIN_S = 150.0
LOOK_S = 0.1


class Request(msgspec.Struct, frozen=True):
    """The text that is to be the machine file, and who wants it; `id` is this request's own."""

    id: str
    text: str
    by: str


class Answer(msgspec.Struct, frozen=True):
    """What became of the request `id`; `problem` says why it was refused, or nothing."""

    id: str
    problem: str
    number: int = 0
    taken: bool = False
    text: str = ""


def hand_over(folder: Path, text: str, by: str, clock: Clock) -> Applied:
    """Have the machine file replaced, and wait until it is; raises ConfigError or NotTakenError."""
    number = ask(folder, text, by)
    until, fetched = clock.now() + FETCHED_WITHIN_S, False
    while clock.now() < until:
        answer = answer_to(folder, number)
        if answer is not None:
            if answer.problem:
                raise NotTakenError(answer.problem)
            return Applied(answer.number, answer.taken, answer.text, [])
        if not fetched and not (folder / REQUEST).exists():
            fetched, until = True, clock.now() + DONE_WITHIN_S
        clock.sleep_until(clock.now() + LOOK_S)
    with suppress(OSError):
        (folder / REQUEST).unlink()
    if fetched:
        raise NotTakenError("no answer came; see `journalctl -u bombus-config`")
    raise NotTakenError("nobody fetched the change; `systemctl enable --now bombus-config.path`, then again")


def ask(folder: Path, text: str, by: str) -> str:
    """Lay a request into the folder and return its id; raises ConfigError, also while another one waits."""
    request = Request(uuid4().hex, text, by)
    fresh = folder / f".{request.id}"
    try:
        _create(fresh, msgspec.json.encode(request))
        os.link(fresh, folder / REQUEST)
    except FileExistsError as error:
        raise ConfigError(f"{folder}: another change is on its way; try again in a minute") from error
    except OSError as error:
        raise ConfigError(
            f"{folder}: {error.strerror}; the change cannot be handed over, see docs/deploy.md"
        ) from error
    finally:
        fresh.unlink(missing_ok=True)
    return request.id


def answer_to(folder: Path, number: str) -> Answer | None:
    """Return the answer to a request, None while there is none."""
    try:
        answer = msgspec.json.decode(_content(folder / ANSWER), type=Answer)
    except (OSError, msgspec.DecodeError):
        return None
    return answer if answer.id == number else None


def take(folder: Path, machine: Path, clock: Clock) -> Answer:
    """Fetch the request, put its text in force where a page may ask for it, and answer; raises ConfigError."""
    path = folder / REQUEST
    try:
        content = _content(path)
        request = msgspec.json.decode(content, type=Request)
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path}: no request that can be read ({error})") from error
    finally:
        with suppress(OSError):
            path.unlink()
    answer = _answered(request, machine, clock)
    fresh = folder / f".{uuid4().hex}"
    try:
        _create(fresh, msgspec.json.encode(answer))
        fresh.replace(folder / ANSWER)
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror}; the answer cannot be given") from error
    return answer


def _answered(request: Request, machine: Path, clock: Clock) -> Answer:
    try:
        new = by_page(read_machine(machine), request.text)
        done = put_in_force(machine, new, request.by, clock)
    except (ConfigError, NotTakenError) as error:
        return Answer(request.id, " ".join(str(error).split()))
    return Answer(request.id, "", done.number, done.taken, done.text)


def _create(path: Path, content: bytes) -> None:
    """Write a new file for us and our group; never through a link."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, 0o640)  # whatever the unit's UMask
        file.write(content)


def _content(path: Path) -> bytes:
    """Return what a plain file of moderate size holds; the folder's other account may have laid anything there."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{path.name} is no plain file")
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise OSError(f"{path.name} is longer than {MOST_BYTES} bytes")
    return content
