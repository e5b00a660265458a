"""A flower's story in a recording: from first sight to outcome, or why not."""

from __future__ import annotations

import pytest

from sim.footage.compare import replay_source
from sim.footage.story import Story, StoryTeller, flower_key
from sim.replay_setting import ReplayError
from tests.replay.reference_runs import SETTINGS, file_of


def told(name: str, why: str) -> Story:
    teller = StoryTeller(*flower_key(why))
    replay_source(file_of(name), SETTINGS[name], None, teller)
    return teller.story()


def test_a_flower_that_was_shot_is_followed_to_the_outcome() -> None:
    story = told("seen_row", "0")
    kinds = [moment.kind for moment in story.moments]
    assert kinds[0] == "seen"
    assert [kind for kind in kinds if kind != "seen"][:3] == ["shot", "answered", "outcome"]
    views = [moment for moment in story.moments if moment.kind == "seen"]
    assert [moment.views for moment in views] == sorted({moment.views for moment in views if moment.views})
    assert views[-1].stage == "open" and views[-1].belief is not None and views[-1].belief[1] > 0.8
    assert story.summary.startswith("left flower 0: seen ")
    assert "fired" in story.summary
    assert 3 <= len(story.told) <= len(story.moments)
    assert all(story.moments[i].kind == "seen" or i in story.told for i in range(len(story.moments)))


def test_a_flower_that_was_left_tells_the_reason() -> None:
    story = told("seen_row", "left:3")
    assert {"left", "passed"} <= {moment.kind for moment in story.moments}
    assert "not shot; the nozzles have passed it: out of reach" in story.summary


def test_a_number_on_both_sides_asks_which() -> None:
    with pytest.raises(ReplayError, match="name left:4 or right:4"):
        told("label_row", "4")


def test_a_number_that_was_never_seen_tells_which_were() -> None:
    with pytest.raises(
        ReplayError, match=r"--why 999: no such flower was seen; numbers seen: left up to \d+"
    ):
        told("seen_row", "left:999")


@pytest.mark.parametrize("text", ["", "x", "middle:3", "left:", "left:-1", "1.5", "left:3:4"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ReplayError, match="no flower's number"):
        flower_key(text)
