"""Starts `bombus-mcu`, the C core behind a pty, with its plant page."""

from __future__ import annotations

import subprocess
from pathlib import Path

import firmware_bridge
from firmware_bridge.core_config import CoreConfig
from firmware_bridge.plant_page import PlantPage
from robot.children import end_process

MCU_PROGRAM = Path(firmware_bridge.__path__[0]) / "bin" / "bombus-mcu"
STOP_S = 2.0


class McuProcessError(Exception):
    """The MCU process cannot be started; the text names the cause and the remedy."""


class McuProcess:
    """One microcontroller as a process; `port` is where the daemon's serial link goes."""

    def __init__(self, folder: Path, config: CoreConfig, *options: str, dies_with_us: bool = True) -> None:
        """Start in `folder`; raises McuProcessError."""
        if not MCU_PROGRAM.is_file():
            raise McuProcessError(f"{MCU_PROGRAM}: missing; run `make setup` to compile it")
        self.port = folder / "mcu"
        self.page = PlantPage(folder / "plant", create=True)
        (folder / "mcu.config").write_bytes(config.pack())
        command = [str(MCU_PROGRAM), "--plant", str(folder / "plant"), "--link", str(self.port)]
        command += ["--config", str(folder / "mcu.config"), *options]
        self._command = command + (["--die-with-parent"] if dies_with_us else [])
        self._process = self._started()

    @property
    def running(self) -> bool:
        """True until the process has ended."""
        return self._process.poll() is None

    def reset(self) -> None:
        """Restart as by the reset pin: valves closed, memory and session gone, a new boot id."""
        self._end()
        self._process = self._started()

    def stop(self) -> None:
        """End the process: it closes every valve first."""
        self._end()
        self.page.close()

    def _started(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        if process.stdout is None or not process.stdout.readline().startswith("/dev/"):
            raise McuProcessError(f"{MCU_PROGRAM}: ended with {process.wait()}; see its message above")
        return process

    def _end(self) -> None:
        end_process(self._process, STOP_S)
        if self._process.stdout is not None:
            self._process.stdout.close()
