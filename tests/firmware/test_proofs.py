"""How the proofs are judged, from recorded answers of cbmc; and, slow, that a missing safeguard breaks its proof."""

import json
from pathlib import Path

import pytest

from firmware_bridge.proofs import prove
from firmware_bridge.proofs.proof_list import PROOFS_OF_THE_CORE, SPOILT, Spoilt
from firmware_bridge.proofs.prove import Answer, judge, main, read_answer
from firmware_bridge.proofs.sources import FIRMWARE, PROOFS, SHORT_FRAMES, SMALLER, copy_core

HEAD = {"program": "CBMC 6.6.0 (cbmc-6.6.0)"}
CLAIM = ("a: a step leaves no valve open beyond the cap", "SUCCESS")
REACHED = ("reach: the cap closes a valve", "FAILURE")


def said(*results: tuple[str, str]) -> str:
    """Return what cbmc 6 prints with --json-ui for these assertions."""
    rows = [
        {"description": text, "property": f"prove_valve.assertion.{i}", "status": status}
        for i, (text, status) in enumerate(results, 1)
    ]
    return json.dumps([HEAD, {"result": rows}, {"cProverStatus": "success"}])


def answer(*results: tuple[str, str]) -> Answer:
    return read_answer(said(*results), "", 1.5)


def test_proof_stands_when_claims_hold_and_reach_assertions_fail() -> None:
    verdict = judge("valve", answer(CLAIM), answer(REACHED))
    assert verdict.stands
    assert (verdict.claims, verdict.reached, verdict.seconds) == (1, 1, 3.0)


@pytest.mark.parametrize("status", ["FAILURE", "UNKNOWN", "ERROR"])
def test_claim_that_does_not_hold_breaks_the_proof_and_is_named(status: str) -> None:
    verdict = judge("valve", answer(CLAIM, ("b: once", status)), answer(REACHED))
    assert verdict.faults == (f"{status}: b: once",)
    assert not verdict.stands


def test_loop_that_was_cut_short_breaks_the_proof() -> None:
    verdict = judge("valve", answer(CLAIM, ("unwinding assertion loop 0", "FAILURE")), answer(REACHED))
    assert not verdict.stands


@pytest.mark.parametrize("status", ["SUCCESS", "UNKNOWN"])
def test_place_that_is_not_reached_breaks_the_proof_and_is_named(status: str) -> None:
    verdict = judge("valve", answer(CLAIM), answer(REACHED, ("reach: two valves open", status)))
    assert verdict.faults == ("never reached: two valves open",)


def test_proof_without_reach_assertions_does_not_stand() -> None:
    assert not judge("valve", answer(CLAIM), answer(("unwinding assertion loop 0", "SUCCESS"))).stands


def test_proof_without_claims_does_not_stand() -> None:
    assert not judge("valve", answer(), answer(REACHED)).stands


def test_error_of_the_model_checker_is_told_and_breaks_the_proof() -> None:
    text = json.dumps([HEAD, {"messageText": "PARSING ERROR", "messageType": "ERROR"}])
    verdict = judge("valve", read_answer(text, "", 0.0), answer(REACHED))
    assert verdict.faults == ("PARSING ERROR",)


def test_answer_that_is_no_json_is_told_with_the_last_words() -> None:
    assert read_answer("[{", "out of memory", 0.0).trouble == "out of memory"
    assert read_answer("[]", "", 0.0).trouble == "cbmc gave no result"


def test_every_proof_names_a_function_of_its_harness_that_has_claims_and_reaches() -> None:
    for proof in PROOFS_OF_THE_CORE:
        text = (PROOFS / f"{proof.harness}.c").read_text(encoding="utf-8")
        assert f"void prove_{proof.name.partition('.')[0]}(void)" in text, proof.name
        assert "REACH(" in text, proof.name
    assert len({proof.name for proof in PROOFS_OF_THE_CORE}) == len(PROOFS_OF_THE_CORE)


def test_copies_for_the_model_checker_find_every_place_they_change(tmp_path: Path) -> None:
    for name, changes in (("core", SMALLER), ("short", SHORT_FRAMES)):
        folder = copy_core(tmp_path / name, changes)
        assert "#define BB_MAX_NOZZLES 2u" in (folder / "protocol.h").read_text(encoding="utf-8")


def test_change_without_its_place_is_refused_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"valve\.c: 'no such line' stands 0 times"):
        copy_core(tmp_path, SMALLER, ("valve.c", "no such line", ""))


@pytest.mark.parametrize("spoilt", SPOILT, ids=[spoilt.what for spoilt in SPOILT])
def test_each_safeguard_to_take_out_stands_once_in_the_core(spoilt: Spoilt) -> None:
    assert (FIRMWARE / spoilt.file).read_text(encoding="utf-8").count(spoilt.line) == 1
    assert spoilt.proof in {proof.name for proof in PROOFS_OF_THE_CORE}


def test_missing_model_checker_is_told_loudly_and_fails_where_it_is_required(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    script = tmp_path / "get_cbmc.sh"
    script.write_text("#!/bin/sh\necho 'no apt-get; install cbmc 6 by hand' >&2\nexit 1\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr(prove, "PROOFS", tmp_path)
    monkeypatch.delenv("BOMBUS_REQUIRE_CBMC", raising=False)
    assert main([]) == 0
    assert "SKIPPED: no model checker (no apt-get; install cbmc 6 by hand)" in capsys.readouterr().err
    monkeypatch.setenv("BOMBUS_REQUIRE_CBMC", "1")
    assert main([]) == 1


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_each_missing_safeguard_breaks_the_proof_that_speaks_of_it() -> None:
    cbmc = prove.find_cbmc()
    if cbmc is None:
        pytest.skip("no cbmc here")
    assert prove.check_itself(cbmc, limit_s=600.0) == 0
