"""`bombus sim --preview`: what the renderer draws, on one sheet, to lay beside photographs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bombus.output import WrongUseError, people, print_json

if TYPE_CHECKING:
    from sim.scenario import ScenarioConfig

SUFFIXES = (".png", ".jpg", ".jpeg")
SHOWN_M = 3.0
"""So much of a longer row is drawn: plants do not depend on its length."""


def draw_preview(path: Path, plan: ScenarioConfig, seed: int, machine: Path | None, json: bool) -> None:
    """Write the sheet of a scenario's row as the machine's first camera sees it."""
    if path.suffix.lower() not in SUFFIXES:
        raise WrongUseError(f"--preview {path}: name a file that ends in {', '.join(SUFFIXES)}")
    if path.exists():
        raise WrongUseError(f"--preview {path}: the file exists; name a new one")
    import cv2

    from robot.config import DEMO_MACHINE, load_config
    from sim.preview import contact_sheet

    camera = load_config(machine or DEMO_MACHINE).cameras[0].model()
    world = plan.world.model_copy(update={"row_length_m": min(plan.world.row_length_m, SHOWN_M)})
    with people.status("drawing"):
        sheet = contact_sheet(world, seed, camera)
    encoded, data = cv2.imencode(path.suffix, sheet)
    try:
        path.write_bytes(data.tobytes() if encoded else b"")
    except OSError as error:
        raise WrongUseError(
            f"--preview {path}: cannot be written ({error.strerror}); name another"
        ) from error
    people.print(f"written to {path}")
    if json:
        print_json(
            {"preview": str(path), "look": world.look, "seed": seed, "size": [sheet.shape[1], sheet.shape[0]]}
        )
