"""The comparison of two runs as one HTML file: no server, no request, opens from a stick."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from sim.footage.changes import Change, Changes
from sim.footage.compare import Compared
from sim.footage.crops import Wanted, crops_of
from sim.footage.track import Track
from sim.replay_setting import ReplayError

MOST_SHOWN = 200
"""Differences with a picture; the file stays below some 10 MB."""

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --gained: #1a8f4c; --lost: #c0392b; --moved: #b7791f; }
* { box-sizing: border-box; }
body { font: 16px/1.45 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 80rem; }
h1 { font-size: 1.35rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; overflow-wrap: anywhere; } .soft { opacity: .75; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem; margin: 1rem 0; }
.tile { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.tile b { display: block; font-size: 1.7rem; line-height: 1.2; }
table { border-collapse: collapse; width: 100%; max-width: 46rem; } th, td { text-align: left; padding: .35rem .6rem;
 border-bottom: 1px solid var(--line); } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1rem; }
.card { border: 1px solid var(--line); border-radius: .5rem; overflow: hidden; background: var(--soft); }
.card img, .card .none { display: block; width: 100%; aspect-ratio: 5 / 4; object-fit: cover; background: #222; }
.card .none { display: grid; place-items: center; color: #ccc; }
.card div.text { padding: .6rem .8rem .8rem; } .tag { font-weight: 650; } dl { margin: .3rem 0 0; }
dt { font-size: .85rem; opacity: .75; } dd { margin: 0 0 .3rem; }
.gained .tag, .tile.gained b { color: var(--gained); } .lost .tag, .tile.lost b { color: var(--lost); }
.moved .tag, .tile.moved b { color: var(--moved); }
.filter { display: flex; flex-wrap: wrap; gap: .5rem; margin: .5rem 0 1rem; }
.filter label { border: 1px solid var(--line); border-radius: 2rem; padding: .45rem .9rem; min-height: 2.75rem;
 display: inline-flex; align-items: center; gap: .4rem; cursor: pointer; }
body:has(#show-gained:not(:checked)) .card.gained, body:has(#show-lost:not(:checked)) .card.lost,
body:has(#show-moved:not(:checked)) .card.moved { display: none; }
.key { display: inline-block; width: .9rem; height: .9rem; border: 2px solid; vertical-align: -.1rem; }
"""


def write_report(out: Path, source: Path, compared: Compared) -> int:
    """Write the report of a comparison; returns how many differences have a picture. Raises ReplayError."""
    changes = compared.result.changes
    if changes is None or compared.theirs is None:
        raise ReplayError(
            f"{source}: nothing to compare with; add --against RECORDING, MODEL.onnx or MACHINE.toml"
        )
    shown = _shown(changes.rows)
    wanted = [Wanted(one.row, one.side, one.place, one.t) for one in shown]
    crops = crops_of(source, compared.config, wanted, compared.ours, compared.theirs)
    page = _page(source, compared.ours, compared.theirs, changes, list(zip(shown, crops, strict=True)))
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ReplayError(
            f"--report {out}: cannot be written ({error.strerror}); name another file"
        ) from error
    return sum(crop is not None for crop in crops)


def _shown(rows: Sequence[Change]) -> list[Change]:
    """Return what gets a card: shots gained and lost go before those that moved, all in the order of time."""
    ranked = sorted(rows, key=lambda one: (one.kind == "moved", -one.moved_mm, one.t))[:MOST_SHOWN]
    return sorted(ranked, key=lambda one: (one.t, one.side, one.place))


def _page(
    source: Path, ours: Track, theirs: Track, changes: Changes, cards: Sequence[tuple[Change, str | None]]
) -> str:
    tiles = "".join(
        f'<div class="tile {kind}"><b>{count}</b>shots {kind}</div>'
        for kind, count in (
            ("same", changes.same),
            ("gained", changes.gained),
            ("lost", changes.lost),
            ("moved", changes.moved),
        )
    )
    filters = "".join(
        f'<label><input type="checkbox" id="show-{kind}" checked> {kind}</label>'
        for kind in ("gained", "lost", "moved")
    )
    left_out = len(changes.rows) - len(cards)
    more = f"<p class='soft'>{left_out} more differences have no card; see --json.</p>" if left_out else ""
    none = "" if cards else "<p>Both runs shoot the same flowers at the same places.</p>"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bombus: {escape(source.name)}, two runs compared</title><style>{STYLE}</style></head><body>
<h1>Two runs on {escape(source.name)}</h1>
<p>This run: <b>{escape(changes.ours)}</b></p><p>Other run: <b>{escape(changes.theirs)}</b></p>
<div class="tiles">{tiles}</div>
<p class="soft">Gained: only this run shoots. Lost: only the other one does. Moved: both do, elsewhere or otherwise.
Shots are matched by the place of the flower they are aimed at. Neither run says what was right: a recording holds no
truth.</p>
<h2>Passed untreated, by reason</h2>{_reasons(ours, theirs)}
<h2>Differences</h2>
<p class="soft"><span class="key" style="color:#50dc50"></span> found by this run, with stage and score in the ring
 <span class="key" style="color:#ff8c3c"></span> found by the other alone
 <span class="key" style="border-radius:50%;color:#bbb"></span> the flower aimed at, in the frame that shows it best</p>
<div class="filter">{filters}</div>{none}
<div class="cards">{"".join(_card(change, crop) for change, crop in cards)}</div>{more}
</body></html>
"""


def _reasons(ours: Track, theirs: Track) -> str:
    mine, other = ours.finals(), theirs.finals()
    rows = "".join(
        f"<tr><td>{escape(reason.replace('_', ' '))}</td><td class=n>{other.get(reason, 0)}</td>"
        f"<td class=n>{mine.get(reason, 0)}</td></tr>"
        for reason in sorted({*mine, *other})
    )
    shots = [sum(not shot.refused for shot in track.shots) for track in (theirs, ours)]
    total = f"<tr><td><b>shots sent</b></td><td class=n><b>{shots[0]}</b></td><td class=n><b>{shots[1]}</b></td></tr>"
    head = "<tr><th>reason</th><th class=n>other run</th><th class=n>this run</th></tr>"
    return f"<table>{head}{rows}{total}</table>"


def _card(change: Change, crop: str | None) -> str:
    s, h, _ = change.place
    where = f"{change.side} side, {s:.2f}\u00a0m along the row, {h:.2f}\u00a0m high"
    picture = (
        f'<img src="{crop}" alt="{escape(change.kind)} shot, {escape(where)}">'
        if crop is not None
        else '<div class="none">no frame shows it</div>'
    )
    moved = f" by {change.moved_mm:g} mm" if change.moved_mm else ""
    texts: Iterable[tuple[str, str]] = (("other run", change.before), ("this run", change.after))
    told = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in texts)
    return (
        f'<article class="card {change.kind}">{picture}<div class="text">'
        f'<p><span class="tag">{change.kind}{moved}</span> at {change.t:.2f} s</p>'
        f'<p class="soft">{where}</p><dl>{told}</dl></div></article>'
    )
