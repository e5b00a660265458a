"""`python -m sim.kill_campaign`: kills the daemon again and again, and holds its ledger against the valves."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from robot.clock import MonotonicClock
from robot.ledger import PulseState
from sim.campaign_robot import CampaignRobot
from sim.mcu_process import McuProcessError
from sim.realtime import RealtimeError
from sim.valve_audit import Audit

DONE, FAILED, WRONG_USE = 0, 1, 2
MOST_ROBOTS = 16


class CampaignResult(msgspec.Struct, frozen=True):
    """What a campaign came to. `broken` promises must be 0; times in ms, `wall_s` in s."""

    kills: int
    resets: int
    hangs: int
    noisy_spells: int
    frames_spoiled: int
    pulses: int
    done: int
    cut_short: int
    not_fired: int
    refused: int
    maybe_fired: int
    lost: int
    fired_twice: int
    fired_unasked: int
    flowers_shot_twice: int
    misreported: int
    open_past_cap: int
    open_after_death: int
    longest_opening_ms: float
    last_closing_after_death_ms: float
    wall_s: float
    problems: tuple[str, ...]

    @property
    def broken(self) -> int:
        """How often a promise did not hold."""
        counts = (self.fired_twice, self.fired_unasked, self.flowers_shot_twice, self.misreported)
        return sum(counts) + self.lost + self.open_past_cap + self.open_after_death


def run_campaign(kills: int, robots: int, seed: int, console: Console | None = None) -> CampaignResult:
    """Kill `kills` daemons of `robots` robots side by side; raises RealtimeError or McuProcessError."""
    clock = MonotonicClock()
    started = clock.now()
    ending = threading.Event()
    folder = Path(tempfile.mkdtemp(prefix="bombus-kills-"))
    quotas = [kills // robots + (i < kills % robots) for i in range(robots)]

    def one(number: int) -> tuple[CampaignRobot, Audit]:
        home = folder / str(number)
        home.mkdir()
        robot = CampaignRobot(home, quotas[number], seed * 1000 + number, ending)
        try:
            for _ in range(quotas[number]):
                robot.live()
                if console is not None:
                    console.print(f"robot {number}: {robot.counts['kills']} of {quotas[number]} kills")
            return robot, robot.finish()
        finally:
            robot.close()

    with ThreadPoolExecutor(robots) as pool:
        runs = [pool.submit(one, number) for number in range(robots)]
        try:
            for run in as_completed(runs):
                run.result()
        finally:
            # Whatever broke one robot, or a key that ended us, must not leave the others running.
            ending.set()
        ended = [run.result() for run in runs]
    result = _summed([robot for robot, _ in ended], [found for _, found in ended], clock.now() - started)
    if result.broken:
        return msgspec.structs.replace(result, problems=(*result.problems, f"ledgers and logs: {folder}"))
    shutil.rmtree(folder)
    return result


def _summed(robots: Sequence[CampaignRobot], audits: Sequence[Audit], wall_s: float) -> CampaignResult:
    counts: Counter[str] = sum((robot.counts for robot in robots), Counter())
    states: Counter[str] = sum((found.states for found in audits), Counter())
    return CampaignResult(
        kills=counts["kills"],
        resets=counts["reset"],
        hangs=counts["hang"],
        noisy_spells=counts["noise"],
        frames_spoiled=counts["frames spoiled"],
        pulses=states.total(),
        done=states[PulseState.DONE],
        cut_short=states[PulseState.CUT_SHORT],
        not_fired=states[PulseState.NOT_FIRED],
        refused=states[PulseState.REFUSED],
        maybe_fired=states[PulseState.MAYBE_FIRED],
        lost=sum(found.lost for found in audits),
        fired_twice=sum(found.fired_twice for found in audits),
        fired_unasked=sum(found.unasked for found in audits),
        flowers_shot_twice=sum(found.shot_twice for found in audits),
        misreported=sum(found.misreported for found in audits),
        open_past_cap=sum(found.past_cap for found in audits),
        open_after_death=counts["open after death"],
        longest_opening_ms=round(1e3 * max(found.longest_s for found in audits), 1),
        last_closing_after_death_ms=round(1e3 * max(robot.last_closing_s for robot in robots), 1),
        wall_s=round(wall_s, 1),
        problems=tuple(problem for found in audits for problem in found.problems),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign from the command line; 0 when every promise held, 1 when not, 2 for wrong use."""
    parser = argparse.ArgumentParser(prog="python -m sim.kill_campaign", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="daemons to kill (200)")
    parser.add_argument("--robots", type=int, default=4, help="robots side by side (4)")
    parser.add_argument("--seed", type=int, default=1, help="of worlds and moments (1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    if not 1 <= options.robots <= MOST_ROBOTS or options.kills < options.robots:
        parser.error(
            f"--robots {options.robots}, --kills {options.kills}: "
            f"give 1 to {MOST_ROBOTS} robots and at least a kill for each"
        )
    people = Console(stderr=True, highlight=False)
    try:
        result = run_campaign(options.kills, options.robots, options.seed, people)
    except (RealtimeError, McuProcessError) as error:
        people.print(f"kill campaign: {error}")
        return FAILED
    if options.json:
        sys.stdout.write(json.dumps(msgspec.to_builtins(result)) + "\n")
    else:
        _print(result, people)
    return DONE if result.broken == 0 else FAILED


def _print(result: CampaignResult, people: Console) -> None:
    table = Table(title="kill campaign", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(justify="right")
    for name, value in msgspec.to_builtins(result).items():
        if name != "problems":
            table.add_row(name.replace("_", " "), str(value))
    people.print(table)
    for problem in result.problems:
        people.print(problem)


if __name__ == "__main__":
    sys.exit(main())
