"""The `[home_assistant]` section of a machine file: which MQTT broker is told how the robot stands."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class HomeAssistantConfig(BaseModel):
    """Home Assistant's MQTT discovery; off as long as there is no such section."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    host: str = Field(min_length=1, max_length=253, description="MQTT broker")
    port: int = Field(1883, ge=1, le=65535, description="TCP port; 8883 is usual with tls")
    tls: bool = Field(False, description="encrypt; without it the password can be read in this network")
    ca_file: Path | None = Field(None, description="PEM file of the farm's own CA; needs tls")
    user: str = Field("", max_length=200, description="account at the broker; empty for none")
    password_file: Path | None = Field(None, description="file with its password")
    prefix: str = Field("homeassistant", description="Home Assistant's discovery prefix")
    every_s: float = Field(5.0, ge=1, le=300, description="s between states; a new mode is told at once")
    stop_button: bool = Field(
        False,
        description="offer a STOP button, the one thing that is obeyed; whoever may publish there may stop",
    )

    @field_validator("prefix")
    @classmethod
    def _is_a_topic(cls, prefix: str) -> str:
        if not prefix or len(prefix) > 100 or not prefix.isprintable() or set(prefix) & set("+# $"):
            raise ValueError("is no topic; give letters, digits and / alone")
        return prefix.strip("/")

    @model_validator(mode="after")
    def _parts_belong_together(self) -> Self:
        if bool(self.user) != (self.password_file is not None):
            raise ValueError("user, password_file: belong together; give both or none")
        if self.ca_file is not None and not self.tls:
            raise ValueError("ca_file: is of use with tls = true alone; set it, or leave ca_file out")
        return self
