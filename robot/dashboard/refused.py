"""An answer of the API that says why not, with the code by which pages and docs/troubleshooting.md know it."""

from __future__ import annotations

from fastapi import HTTPException


class CodedError(HTTPException):
    """What was asked is not done; `code` is a `robot.refusals.Refusal`, or a pulse's `Reason`."""

    def __init__(self, status: int, text: str, code: str) -> None:
        super().__init__(status, text)
        self.code = str(code)
