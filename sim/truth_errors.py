"""How the imagined detector of truth mode errs, as the shipped one does: `bombus measure detector` fits it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

import sim
from robot.config import ConfigError

SHIPPED = Path(sim.__path__[0]) / "measured" / "detector.json"
Share = Annotated[float, Field(ge=0.0, le=1.0)]
ByStage = tuple[Share, Share, Share]
REMEDY = "measure them anew with: bombus measure detector"


class TruthErrors(BaseModel):
    """Errors by true stage, in the order bud, open, spent. The defaults are assumed; a measured file replaces them.

    What belongs to a flower (blind, misread) stays with it from view to view and from day to day; the rest is
    drawn anew in every frame.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    measured_by: str = Field(
        "assumed", min_length=1, description="command, model and rows that they come from"
    )
    found: ByStage = Field((0.92, 0.92, 0.92), description="flowers in sight found in a frame, if not blind")
    found_behind_leaf: ByStage = Field(
        (0.0, 0.0, 0.0), description="flowers found in a frame though a leaf hides their centre"
    )
    blind: ByStage = Field((0.0, 0.0, 0.0), description="flowers never found, though in sight")
    misread: tuple[ByStage, ByStage, ByStage] = Field(
        ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
        description="for each true stage, the shares of flowers that are taken for bud, open, spent",
    )
    flicker: ByStage = Field(
        (0.03, 0.03, 0.03), description="finds with another stage than the flower's usual"
    )
    jitter_px: float = Field(1.0, ge=0, le=50, description="std of a box's centre")
    certainty: tuple[tuple[Share, Share], ...] = Field(
        ((0.9, 0.05),),
        min_length=1,
        max_length=99,
        description="probabilities, as they occur, of the stage believed in and of the two others in the mean",
    )
    certainty_wrong: tuple[tuple[Share, Share], ...] = Field(
        ((0.9, 0.05),), min_length=1, max_length=99, description="the same where that stage is wrong"
    )
    ghosts_per_frame: float = Field(0.0, ge=0, le=100, description="finds where nothing is, on average")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        for stage, shares in zip(("bud", "open", "spent"), self.misread, strict=True):
            if abs(sum(shares) - 1.0) > 1e-3:
                raise ValueError(f"misread of {stage} sums to {sum(shares):g}; it must be 1")
        if any(most < rest for most, rest in (*self.certainty, *self.certainty_wrong)):
            raise ValueError("certainty: the stage believed in is the likeliest; its number comes first")
        return self


@cache
def load_errors(path: Path = SHIPPED) -> TruthErrors:
    """Read measured errors; raises ConfigError in one line."""
    try:
        return TruthErrors.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); {REMEDY}") from error
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in problem["loc"]) or "the file"
        told = problem["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{path}: {key}: {told}; {REMEDY}") from error
