"""What the API takes and gives, with examples; `docs/dashboard.md` says who may call what."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from robot.dashboard.rights import Right, Role
from robot.types import CommandName

Name = Annotated[str, Field(min_length=1, max_length=40, examples=["Ana"])]
NewPassword = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        examples=["blue ladder tomato"],
        json_schema_extra={"format": "password"},
    ),
]
RequestId = Annotated[str, Field(min_length=1, max_length=64, examples=["5f0c1f7e-1"])]
Scope = Literal[Right.LOOK, Right.STOP, Right.OPERATE, Right.TUNE, Right.AUDIT]


class Taken(BaseModel):
    """Base of what is taken: unknown keys and NaN are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Given(BaseModel):
    """Base of what is given."""

    model_config = ConfigDict(frozen=True)


class Problem(Given):
    """Why not, and what to do, in one line."""

    detail: str = Field(examples=["sign in first: this needs an account"])
    code: str = Field(
        "", description="of a refused command: docs/troubleshooting.md", examples=["row_worked"]
    )


class Done(Given):
    """It is done."""

    text: str = Field(examples=["Ana is now an operator"])


class CommandBody(Taken):
    """One press of a button; the same `request_id` within ten minutes acts once.

    `value` is metres for set_position, set_row and set_run (below 0: back out of the row), m/s for set_speed,
    the tag's number for confirm, degrees Celsius for set_climate, the nozzle's number for test_valve. `text` is the
    row's name for set_row, block_row, pin_row and unpin_row, the fault's code for acknowledge, % RH for set_climate,
    left or right for test_valve; what became of that test stands in the state's `valve_test`.
    """

    request_id: RequestId
    name: CommandName = Field(examples=["set_position"])
    value: float | None = Field(None, examples=[3.5])
    text: str = Field("", max_length=80, examples=[""])


class StopBody(Taken):
    """One press of STOP; the key is only for retries, which may not be counted twice."""

    request_id: str = Field("", max_length=64, examples=["5f0c1f7e-2"])


class CommandTaken(Given):
    """The control process has taken the command; what it did shows in the next states."""

    text: str = Field(examples=["stop was handed to the robot"])


class Session(Given):
    """Who asks. `csrf` goes back in X-Bombus-CSRF with whatever changes something; `here` is the robot's own screen."""

    signed_in: bool = Field(examples=[True])
    name: str = Field(examples=["Ana"])
    role: Role | None = Field(examples=["operator"])
    rights: list[Right] = Field(examples=[["look", "operate", "stop"]])
    csrf: str = Field(examples=["d8a1…"])
    here: bool = Field(examples=[False])
    set_up: bool = Field(description="whether there is an admin", examples=[True])


class SignInBody(Taken):
    """Name and password."""

    name: str = Field(min_length=1, max_length=80, examples=["Ana"])
    password: NewPassword


class SetUpBody(Taken):
    """The first admin; `code` stands in the terminal where the robot was started."""

    code: str = Field(min_length=1, max_length=40, examples=["K7QM-2XHD"])
    name: Name
    password: NewPassword


class PasswordBody(Taken):
    """A new password for one's own account."""

    old: NewPassword
    new: NewPassword


class UserBody(Taken):
    """A new person, with a password that they should change."""

    name: Name
    role: Role = Field(examples=["operator"])
    password: NewPassword


class UserChange(Taken):
    """What changes of a person; a new password ends their sessions."""

    role: Role | None = Field(None, examples=["technician"])
    password: NewPassword | None = None


class UserLine(Given):
    """One person; `made` is POSIX seconds."""

    name: str = Field(examples=["Ana"])
    role: Role = Field(examples=["operator"])
    made: float = Field(examples=[1790000000.0])


class TokenBody(Taken):
    """A new token for a program; `days` null means until it is revoked."""

    name: Name
    scopes: list[Scope] = Field(min_length=1, max_length=5, examples=[["look"]])
    days: int | None = Field(365, ge=1, le=3650, examples=[365])


class TokenLine(Given):
    """One token; times are POSIX seconds, `ends` null means until it is revoked."""

    id: int = Field(examples=[1])
    name: str = Field(examples=["climate computer"])
    scopes: list[Right] = Field(examples=[["look"]])
    made: float = Field(examples=[1790000000.0])
    made_by: str = Field(examples=["Ana"])
    ends: float | None = Field(examples=[1821536000.0])


class TokenMade(Given):
    """The new token; its secret is shown now and never again."""

    id: int = Field(examples=[1])
    secret: str = Field(examples=["bombus_…"])


class AuditEntry(Given):
    """One action; `outcome` null means that the dashboard ended before it knew."""

    id: int = Field(examples=[17])
    wall: float = Field(description="POSIX seconds", examples=[1790000000.0])
    who: str = Field(examples=["Ana"])
    role: str = Field(examples=["operator"])
    address: str = Field(examples=["here"])
    action: str = Field(examples=["pause"])
    detail: str = Field(examples=[""])
    outcome: Literal["done", "refused", "no_answer"] | None = Field(examples=["done"])
    text: str = Field(examples=["pause was handed to the robot"])


class AuditPage(Given):
    """Lines of the audit log, newest first; `more` says that there are older ones."""

    lines: list[AuditEntry]
    more: bool = Field(examples=[False])


class Health(Given):
    """Whether the page shows a robot that is alive."""

    ok: bool = Field(examples=[True])
    text: str = Field(examples=["the robot's state is fresh"])
