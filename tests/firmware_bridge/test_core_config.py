import pytest
from pydantic import ValidationError

from firmware_bridge.core import Core
from firmware_bridge.core_config import MAX_LAG_US, MAX_NOZZLES, SCALARS, CoreConfig, bounds
from firmware_bridge.enums import Result
from firmware_bridge.framing import Deframer, encode_frame
from firmware_bridge.messages import PROTOCOL_HASH, Ack, Arm, Hello, Welcome, decode_payload, encode_payload


def welcome_and_arm(config: CoreConfig) -> tuple[Welcome, Ack]:
    core = Core(config, boot_id=1)
    core.receive(encode_frame(1, 1, 0, encode_payload(Hello(6, PROTOCOL_HASH))), 0)
    core.receive(encode_frame(0x0A, 2, 7, encode_payload(Arm())), 0)
    frames = Deframer().feed(core.take_output())
    welcome, ack = (decode_payload(frame.type_code, frame.payload) for frame in frames)
    assert isinstance(welcome, Welcome)
    assert isinstance(ack, Ack)
    return welcome, ack


@pytest.mark.parametrize("end", [0, 1])
@pytest.mark.parametrize("name", SCALARS)
def test_both_sides_hold_each_hard_limit(name: str, end: int) -> None:
    at = bounds(name)[end]
    beyond = at + (1 if end else -1)
    config = CoreConfig.model_validate({name: at})
    welcome, ack = welcome_and_arm(config)
    assert (welcome.config_crc, ack.result) == (config.crc(), Result.OK)
    with pytest.raises(ValidationError, match=name):
        CoreConfig.model_validate({name: beyond})
    if beyond >= 0:
        forced = CoreConfig.model_construct(**{**CoreConfig().model_dump(), name: beyond})
        assert welcome_and_arm(forced)[1].result == Result.BAD_CONFIG


def test_lags_are_64_and_limited() -> None:
    with pytest.raises(ValidationError):
        CoreConfig(lag_us=(1,) * 63)
    with pytest.raises(ValidationError):
        CoreConfig(lag_us=(MAX_LAG_US + 1,) * MAX_NOZZLES)
    lags = (*(0,) * 63, MAX_LAG_US + 1)
    forced = CoreConfig.model_construct(**{**CoreConfig().model_dump(), "lag_us": lags})
    assert welcome_and_arm(forced)[1].result == Result.BAD_CONFIG


def test_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="max_on_ms"):
        CoreConfig.model_validate({"max_on_ms": 1})
