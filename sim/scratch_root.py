"""A folder that stands for a machine's root: dpkg installs into it, and the units' commands run from it."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
from collections.abc import Iterator
from configparser import RawConfigParser
from contextlib import contextmanager, suppress
from pathlib import Path

from robot.children import end_process
from robot.clock import MonotonicClock

SYSTEM_UNITS = "usr/lib/systemd/system"
STOP_S = 20.0
DPKG = ("dpkg", "--force-script-chrootless", "--force-depends", "--force-downgrade", "--force-not-root")


class RehearsalError(Exception):
    """The rehearsal met something that is not as it must be; the text says what."""


class Unit(RawConfigParser):
    """One unit file, with paths below the scratch root."""

    def __init__(self, root: Path, name: str) -> None:
        super().__init__(strict=False)
        self.name, self._root = name, root
        if not self.read(root / SYSTEM_UNITS / f"{name}.service"):
            raise RehearsalError(f"{name}.service: not in the package")

    def optionxform(self, optionstr: str) -> str:
        """Keep the case of keys."""
        return optionstr

    @property
    def command(self) -> list[str]:
        """ExecStart, moved below the root."""
        words = shlex.split(self["Service"]["ExecStart"])
        return [f"{self._root}{word}" if word.startswith(("/opt/", "/etc/")) else word for word in words]

    @property
    def watchdog_s(self) -> float:
        """WatchdogSec, 0 for none."""
        return float(self["Service"].get("WatchdogSec", "0"))

    @property
    def is_told_ready(self) -> bool:
        """Whether the service says itself that it is ready."""
        return self["Service"]["Type"] == "notify"

    def folders(self) -> Iterator[tuple[Path, int]]:
        """Yield what systemd would make before the start, with modes."""
        service = self["Service"]
        for key, parent in (("StateDirectory", "var/lib"), ("RuntimeDirectory", "run")):
            for name in service.get(key, "").split():
                yield self._root / parent / name, int(service.get(f"{key}Mode", "0755"), 8)


class ScratchRoot:
    """dpkg's database and files under one folder; accounts are those that the package made there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "etc", "run"):
            (root / folder).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
        (root / "etc/group").write_text("root:x:0:\n")

    def install(self, package: Path) -> str:
        """Install, upgrade or go back; returns the version that is installed then."""
        self._dpkg("--install", str(package))
        asked = self._dpkg("--status", "bombus")
        return next(line.split()[1] for line in asked.splitlines() if line.startswith("Version:"))

    def purge(self) -> None:
        """Remove the package with all that it kept."""
        self._dpkg("--purge", "bombus")

    def accounts(self, user: str) -> tuple[int, int, list[int]]:
        """Return a user's number, its group's, and those of its other groups, as the package made them."""
        rows = [line.split(":") for line in (self.root / "etc/passwd").read_text().splitlines()]
        groups = [line.split(":") for line in (self.root / "etc/group").read_text().splitlines()]
        own = next((row for row in rows if row[0] == user), None)
        if own is None:
            raise RehearsalError(f"the package made no account {user}")
        return int(own[2]), int(own[3]), [int(g[2]) for g in groups if user in g[3].split(",")]

    def _dpkg(self, *words: str) -> str:
        done = subprocess.run(
            [*DPKG, f"--root={self.root}", *words], capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = (done.stderr.strip() or "it said nothing").splitlines()
            raise RehearsalError(f"dpkg {words[0]} failed: {' / '.join(said[-3:])}")
        return done.stdout


class Service:
    """One unit's command, run as systemd would: its account, its folders, its notification socket."""

    def __init__(self, scratch: ScratchRoot, name: str, log: Path) -> None:
        self.unit = Unit(scratch.root, name)
        self.said: list[str] = []
        self._heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        address = scratch.root / "run" / f"{name}.notify"
        address.unlink(missing_ok=True)
        self._heard.bind(str(address))
        address.chmod(0o666)
        self._heard.setblocking(False)
        user, group, others = scratch.accounts(self.unit["Service"]["User"])
        for folder, mode in self.unit.folders():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(mode)
            if os.geteuid() == 0:
                os.chown(folder, user, group)
        environment = {"PATH": "/usr/bin:/bin", "NOTIFY_SOCKET": str(address), "LANG": "C.UTF-8"}
        if self.unit.watchdog_s:
            environment["WATCHDOG_USEC"] = str(int(self.unit.watchdog_s * 1e6))
        # Without root there is one account only: ours.
        theirs = {"user": user, "group": group, "extra_groups": others} if os.geteuid() == 0 else {}
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                self.unit.command,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                env=environment,
                cwd=scratch.root,
                umask=int(self.unit["Service"]["UMask"], 8),
                start_new_session=True,
                **theirs,  # type: ignore[call-overload]
            )

    def listen(self) -> list[str]:
        """Return everything that the service has told so far, word by word."""
        with suppress(BlockingIOError):
            while True:
                self.said += self._heard.recv(4096).decode().splitlines()
        return self.said

    def wait_ready(self, patience_s: float) -> None:
        """Wait until the service says that it is ready; raises RehearsalError."""
        clock = MonotonicClock()
        until = clock.now() + patience_s
        while "READY=1" not in self.listen():
            if self.process.poll() is not None:
                raise RehearsalError(
                    f"{self.unit.name}: ended with {self.process.returncode} before it was ready"
                )
            if clock.now() > until:
                raise RehearsalError(f"{self.unit.name}: not ready after {patience_s:.0f} s")
            clock.sleep_until(clock.now() + 0.05)

    def stop(self) -> int:
        """End it as systemd would; returns the exit code."""
        if not end_process(self.process, STOP_S):
            raise RehearsalError(f"{self.unit.name}: had to be killed after {STOP_S:.0f} s")
        self.listen()
        self._heard.close()
        return int(self.process.returncode)


@contextmanager
def running(scratch: ScratchRoot, log: Path, *names: str) -> Iterator[dict[str, Service]]:
    """Run units, in order; whatever still runs afterwards is ended."""
    services: dict[str, Service] = {}
    try:
        for name in names:
            services[name] = Service(scratch, name, log)
        yield services
    finally:
        for service in services.values():
            if service.process.poll() is None:
                end_process(service.process, STOP_S)


def with_version(package: Path, version: str, out: Path) -> Path:
    """Write the same package under another version: only its control file changes."""
    control = subprocess.run(
        ["dpkg-deb", "--ctrl-tarfile", str(package)], capture_output=True, check=True
    ).stdout
    work = out.parent / "control"
    work.mkdir()
    subprocess.run(["tar", "-x", "-C", str(work)], input=control, check=True)
    text = (work / "control").read_text()
    old = next(line for line in text.splitlines() if line.startswith("Version:"))
    (work / "control").write_text(text.replace(old, f"Version: {version}"))
    made = subprocess.run(
        ["tar", "-c", "--owner=0", "--group=0", "-C", str(work), "."], capture_output=True, check=True
    ).stdout
    with package.open("rb") as source, out.open("wb") as target:
        target.write(source.read(8))
        while header := source.read(60):
            name, size = header[:16].decode().strip(), int(header[48:58])
            body = source.read(size + size % 2)
            if name.startswith("control.tar"):
                length = str(len(made)).ljust(10).encode()
                header = b"control.tar".ljust(16) + header[16:48] + length + header[58:]
                body = made + b"\n" * (len(made) % 2)
            target.write(header + body)
    return out
