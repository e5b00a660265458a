"""What a rendered row is like: the settings of `World`, a part of every scenario."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sim.shapes import Look

Light = Literal["sun", "diffuse", "led", "grow"]

Metres = Annotated[float, Field(ge=0.0, le=4.0)]
Millimetres = Annotated[float, Field(ge=0.0, le=400.0)]
Count = Annotated[int, Field(ge=0, le=30)]
Some = Annotated[int, Field(ge=1, le=30)]
Hertz = Annotated[float, Field(ge=0.0, le=10.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class WorldConfig(BaseModel):
    """A row of tomato plants on both sides of the path; pairs are (least, most), drawn evenly between."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    row_length_m: float = Field(10.0, ge=0.5, le=400.0, description="row length; 160 m in a large house")
    stems_per_m: float = Field(2.4, ge=0.5, le=8.0, description="stems per metre on each side (assumed)")
    stem_d_m: Metres = Field(0.5, description="lateral distance of the stems from the mast plane (assumed)")
    stem_d_spread_m: Metres = Field(0.02, description="how far a stem stands off that line (assumed)")
    stem_lean: float = Field(
        0.15, ge=0.0, le=0.8, description="most lean along the row, m per m of height (assumed)"
    )
    truss_height_m: tuple[Metres, Metres] = Field(
        (1.46, 1.76), description="heights at which the first flowering truss leaves the stem (assumed)"
    )
    flower_zone_h_m: tuple[Metres, Metres] = Field(
        (1.385, 1.815), description="heights that trusses are kept between by lowering the stems (assumed)"
    )
    flower_zone_d_m: tuple[Metres, Metres] = Field(
        (0.365, 0.515), description="lateral distances that growers turn the trusses into (assumed)"
    )
    second_truss_share: Share = Field(0.35, description="stems with a second flowering truss (assumed)")
    truss_gap_m: tuple[Metres, Metres] = Field(
        (0.17, 0.25), description="height between two trusses (assumed)"
    )
    flowers_per_truss: tuple[Some, Some] = Field((6, 11), description="5-12 a truss in hydroponics guides")
    open_per_truss: tuple[Count, Count] = Field((2, 4), description="open at one time (assumed)")
    spent_per_truss: tuple[Count, Count] = Field((1, 3), description="withered, not yet a fruit (assumed)")
    flower_spacing_mm: tuple[Millimetres, Millimetres] = Field(
        (22.0, 28.0), description="along the rachis (assumed)"
    )
    bud_spacing_mm: tuple[Millimetres, Millimetres] = Field(
        (14.0, 20.0), description="same, between buds (assumed)"
    )
    pedicel_mm: tuple[Millimetres, Millimetres] = Field(
        (12.0, 18.0), description="rachis to flower (assumed)"
    )
    zone_leaves: tuple[Count, Count] = Field(
        (2, 4), description="leaves left on a stem in the truss zone (assumed)"
    )
    front_leaf_share: Share = Field(0.35, description="share of those that reach into the path (assumed)")
    crown_leaves: Count = Field(8, description="leaves on each stem above the truss zone (assumed)")
    leaf_length_m: tuple[Metres, Metres] = Field((0.24, 0.36), description="compound leaf (assumed)")
    fruit_trusses: Count = Field(1, description="trusses of growing fruit below the flowers (assumed)")
    sway_mm: tuple[Millimetres, Millimetres] = Field(
        (1.0, 4.0), description="amplitude at a truss's tip (assumed)"
    )
    sway_hz: tuple[Hertz, Hertz] = Field(
        (0.3, 1.1), description="how fast trusses and leaves swing (assumed)"
    )
    look: Look = Field("plain", description="how plants are modelled: plain, or photo (slower)")
    light: Light = Field(
        "diffuse", description="sun, diffuse (overcast or shade screen), led (purple) or grow (violet white)"
    )

    @model_validator(mode="after")
    def _pairs_rise(self) -> Self:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, tuple) and not 0 <= value[0] <= value[1]:
                raise ValueError(f"{name} = {list(value)}: the first number must not be above the second")
        if self.open_per_truss[0] + self.spent_per_truss[0] > self.flowers_per_truss[1]:
            raise ValueError(
                f"flowers_per_truss ends at {self.flowers_per_truss[1]}, fewer than the least open "
                f"({self.open_per_truss[0]}) and spent ({self.spent_per_truss[0]}) together; raise it"
            )
        return self
