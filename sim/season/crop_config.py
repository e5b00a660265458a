"""What grows in which rows: the `[[crops]]` of a season file, one for each cultivar."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Metres = Annotated[float, Field(ge=0.0, le=4.0)]
Days = Annotated[float, Field(gt=0.0, le=30.0)]
Hour = Annotated[float, Field(ge=0.0, le=24.0)]
Count = Annotated[int, Field(ge=1, le=60)]


class Section(BaseModel):
    """Base of the sections of a season file; pairs are (least, most), drawn evenly between."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="after")
    def _pairs_rise(self) -> Self:
        for name in type(self).model_fields:
            value = getattr(self, name)
            pair = isinstance(value, tuple) and len(value) == 2
            if pair and isinstance(value[0], int | float) and value[0] > value[1]:
                raise ValueError(f"{name} = {list(value)}: the first number must not be above the second")
        return self


class CropConfig(Section):
    """One cultivar and how it is trained."""

    name: str = Field("tomato", min_length=1, max_length=60, description="shown in tables")
    rows: tuple[str, ...] = Field(
        ("*",),
        min_length=1,
        max_length=2000,
        description="rows it stands in: names, or patterns like north-*",
    )
    stems_per_m2: float = Field(3.0, gt=0, le=20, description="stems/m² (hydroponics guides)")
    truss_days: Days = Field(9.0, description="days from truss to truss on a stem (hydroponics guides)")
    truss_days_spread: float = Field(0.1, ge=0, le=0.5, description="spread of that, as a share (assumed)")
    flowers_per_truss: tuple[Count, Count] = Field((5, 12), description="5-12 (hydroponics guides)")
    flower_days: Days = Field(0.8, description="days from flower to flower on a truss (assumed)")
    open_days: tuple[Days, Days] = Field((2.0, 3.0), description="days a flower is open (Shakya, ASHS)")
    opens_hour: tuple[Hour, Hour] = Field((6.0, 9.0), description="h of the day when flowers open (assumed)")
    head_height_m: Metres = Field(2.0, description="stems' heads above the rail, kept by lowering (assumed)")
    head_spread_m: Metres = Field(0.08, description="std of that from stem to stem (assumed)")
    opens_below_head_m: Metres = Field(
        0.27, description="from the head down to a truss when its first flower opens (assumed)"
    )
    sinks_m_per_day: float = Field(
        0.03, ge=0, le=0.3, description="m a truss comes down each day as stems are lowered (assumed)"
    )
    hangs_m: tuple[Metres, Metres] = Field(
        (0.0, 0.12), description="from the truss's base down to its last flower (assumed)"
    )
    flower_zone_d_m: tuple[Metres, Metres] = Field(
        (0.365, 0.515), description="lateral distances that growers turn the trusses into (assumed)"
    )
    lean: float = Field(
        0.15, ge=0, le=1, description="most lean along the row, m per m below the head (assumed)"
    )
