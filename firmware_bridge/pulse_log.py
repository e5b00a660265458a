"""What the bridge knows of each pulse it sent: exactly one final event each, a refusal or an outcome."""

from __future__ import annotations

from collections import OrderedDict

from firmware_bridge.clock_sync import ClockSync
from firmware_bridge.enums import Outcome, Result, cap_word, word
from firmware_bridge.events import PulseOutcome, PulseReceipt
from firmware_bridge.messages import PulseDone
from firmware_bridge.messages import PulseReceipt as ReceiptMessage

KEEP_ACKNOWLEDGED = 2048
TELL_AGAIN_S = 1.0
_FINAL = {Outcome.FIRED, Outcome.CUT_SHORT, Outcome.NOT_FIRED, Outcome.REFUSED}


class PulseLog:
    """Pulses sent and not settled, and outcomes told and not acknowledged."""

    def __init__(self) -> None:
        self._unresolved: dict[int, bool] = {}
        self._asked: set[int] = set()
        self._told: OrderedDict[int, float] = OrderedDict()
        self._acknowledged: OrderedDict[int, None] = OrderedDict()

    @property
    def unresolved(self) -> list[int]:
        """Ids without a final event, in the order of sending."""
        return list(self._unresolved)

    def sent(self, pulse_id: int) -> None:
        """Note a pulse that goes out."""
        self._unresolved[pulse_id] = False

    def ask(self, pulse_id: int) -> bool:
        """Note a query, whose answer is an event even when the MCU knows nothing; False when one runs."""
        fresh = pulse_id not in self._asked
        self._asked.add(pulse_id)
        return fresh

    def unanswered_queries(self) -> list[int]:
        """Return the queries that a lost session left open, and forget them."""
        asked, self._asked = sorted(self._asked), set()
        return asked

    def receipt(self, message: ReceiptMessage, now: float) -> PulseReceipt | None:
        """Take the MCU's answer; None when it says nothing new."""
        known = self._unresolved.get(message.pulse_id)
        result = message.first_result if message.result == Result.DUP else message.result
        if known is None or (known and result == Result.OK):
            return None
        accepted = result == Result.OK
        if accepted:
            self._unresolved[message.pulse_id] = True
        else:
            del self._unresolved[message.pulse_id]
        return PulseReceipt(now, message.pulse_id, accepted, word(Result, result), cap_word(message.cap))

    def done(self, message: PulseDone, clock: ClockSync, now: float) -> PulseOutcome | None:
        """Take a measured outcome; None when it says nothing new."""
        if message.outcome not in _FINAL:
            return self._no_record(message, now) if message.outcome == Outcome.UNKNOWN else None
        told = self._told.get(message.pulse_id)
        asked = message.pulse_id in self._asked
        if message.pulse_id in self._acknowledged and not asked:
            return None
        if told is not None and now - told < TELL_AGAIN_S and not asked:
            return None
        self._settle(message.pulse_id)
        self._told[message.pulse_id] = now
        opened = message.openings > 0
        return PulseOutcome(
            t=now,
            pulse_id=message.pulse_id,
            outcome=word(Outcome, message.outcome),
            cause=word(Result, message.cause),
            opened_at=clock.to_host(message.opened_us) if opened else None,
            closed_at=clock.to_host(message.closed_us) if opened else None,
            position_at_open=message.position_at_open if opened else None,
            openings=message.openings,
            on_time_us=message.on_time_us,
        )

    def _no_record(self, message: PulseDone, now: float) -> PulseOutcome | None:
        # A record goes only once it is acknowledged: no record of our own pulse means that it never arrived.
        if message.pulse_id in self._unresolved:
            return self.give_up(message.pulse_id, "not_fired", "never_arrived", now)
        asked = message.pulse_id in self._asked
        return self.give_up(message.pulse_id, "maybe_fired", "no_record", now) if asked else None

    def give_up(self, pulse_id: int, outcome: str, cause: str, now: float) -> PulseOutcome:
        """Settle a pulse of which the MCU has no record."""
        self._settle(pulse_id)
        return PulseOutcome(now, pulse_id, outcome, cause)

    def acknowledge(self, pulse_id: int) -> None:
        """Note that the outcome is on disk."""
        self._told.pop(pulse_id, None)
        self._acknowledged[pulse_id] = None
        if len(self._acknowledged) > KEEP_ACKNOWLEDGED:
            self._acknowledged.popitem(last=False)

    def was_acknowledged(self, pulse_id: int) -> bool:
        """Say whether the MCU repeats an outcome because our acknowledgement was lost."""
        return pulse_id in self._acknowledged

    def _settle(self, pulse_id: int) -> None:
        self._unresolved.pop(pulse_id, None)
        self._asked.discard(pulse_id)
