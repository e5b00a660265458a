"""Shows people what a replay decided, what it decides otherwise, and a flower's story."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bombus.output import people, print_columns, print_table

if TYPE_CHECKING:
    from sim.footage.changes import Changes
    from sim.footage.story import Story
    from sim.replay_result import ReplayResult

SHOWN = 20
"""Differences shown to people; --json holds more."""


def show_result(result: ReplayResult) -> None:
    """Print the counts, then what differs."""
    found = result.detections
    rows: dict[str, object] = {
        "frames": result.frames,
        "steps": result.steps,
        "detections": ", ".join(f"{count} {stage}" for stage, count in found.items()),
        "shots": result.pulses,
        **{f"not shot: {reason.replace('_', ' ')}": n for reason, n in result.refusals.items()},
        **{f"frames not used: {problem}": n for problem, n in result.unusable_frames.items()},
        "decisions": result.decisions_sha256[:16],
    }
    if result.exact is not None:
        rows["compared with"] = (result.recorded_decisions_sha256 or "")[:16]
        rows["exact"] = "yes" if result.exact else f"no, {result.difference_count} differences"
    print_table(f"replay of {result.source}", rows)
    if result.changes is not None and result.exact is False:
        show_changes(result.changes)
    if result.changes is None or not result.changes.rows:
        for one in result.differences[:SHOWN]:
            people.print(f"step {one.step}, {one.t:.2f} s: {one.kind}: {one.what}", markup=False)
        if result.difference_count > SHOWN:
            people.print(f"... and {result.difference_count - SHOWN} more; see --json")
    if result.note and not result.truncated:
        people.print(f"note: {result.note}", markup=False)


def show_changes(changes: Changes) -> None:
    """Print the shots that one run has and the other has not, or has elsewhere."""
    counts = {"same": changes.same, "gained": changes.gained, "lost": changes.lost, "moved": changes.moved}
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    rows = [
        (
            one.kind + (f" {one.moved_mm:g} mm" if one.moved_mm else ""),
            f"{one.t:.2f}",
            one.side,
            f"{one.place[0]:.3f}",
            one.before,
            one.after,
        )
        for one in changes.rows[:SHOWN]
    ]
    title = f"shots: {told}"
    print_columns(title, ("what", ">t, s", "side", ">s, m", f"{changes.theirs}", f"{changes.ours}"), rows)
    if len(changes.rows) > SHOWN:
        people.print(f"... and {len(changes.rows) - SHOWN} more; see --json or --report")


def show_story(story: Story) -> None:
    """Print the moments that matter, and the story in a sentence."""
    rows = [
        (f"{one.t:.2f}", "-" if one.cart_s is None else f"{one.cart_s:.3f}", one.kind, one.what)
        for one in (story.moments[index] for index in story.told)
    ]
    print_columns(f"{story.side} flower {story.flower_id}", (">t, s", ">cart s, m", "", "what"), rows)
    people.print(story.summary, markup=False)
    hidden = len(story.moments) - len(story.told)
    if hidden:
        people.print(f"{hidden} views that changed little are left out; --json has them")
