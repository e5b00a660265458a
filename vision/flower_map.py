"""The map of flowers of one side: detections of a moving cart in, 3-D flowers with stable ids out."""

from __future__ import annotations

from math import hypot, inf, isfinite, sqrt
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vision import flower_filter as ff
from vision import flower_life as life
from vision.calibration import CameraModel
from vision.flower_filter import Floats
from vision.flower_life import FlowerMapConfig
from vision.flower_matching import Indices, Mask, Pairs, match
from vision.flower_store import FlowerStore, Slots
from vision.sightings import Sightings, sight
from vision.types import Detections, Flower, Pose

__all__ = ["FlowerMap", "FlowerMapConfig"]

MARGIN = 0.06
"""Flowers this far outside the image, in rays, may still be seen: box noise and rolling shutter."""

WHOLE = 0.05
"""Flowers this far inside the image, in rays, should be seen whole."""

TAIL = 4.0
"""Degrees of freedom of the noise's tails (Student's t): a half-covered flower's box moves by several px."""

FARTHEST_S = 1e5
"""No row is longer (m): a pose beyond it is a fault, not a place."""

MOST_SWAY_REPEATS = 20.0


class _Field(NamedTuple):
    """Flowers near the image: slots (N,), rows as they may have drifted, rays (N, 2) on which to expect them."""

    slots: Slots
    rows: Floats
    rays: Floats


class FlowerMap:
    """Flowers seen by one camera, kept across frames, passes and days. For one thread only."""

    def __init__(self, camera: CameraModel, config: FlowerMapConfig | None = None) -> None:
        self.camera = camera
        self.config = config or FlowerMapConfig()
        self._store = FlowerStore()
        self._next_id = 0
        self._last_frame: tuple[int, float] | None = None
        self._last_ids: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._merges: list[tuple[int, int]] = []
        self._made: dict[int, tuple[float, Flower]] = {}
        """Slot to s and flower, as long as nothing changes it."""
        self._noise = 1.0

    @property
    def noise_scale(self) -> float:
        """Std of the views over the assumed one, 1 to 3; more than 2 means strong sway or a bad calibration."""
        return sqrt(self._noise)

    def __len__(self) -> int:
        return len(self._store)

    def update(self, detections: Detections, pose: Pose, frame_seq: int) -> NDArray[np.int64]:
        """Take in one frame and return the flower id of each detection (N,), -1 for none.

        `pose` is the cart's at the moment the frame's middle row was exposed, that is at
        `frame.t_capture - camera.latency_s`. The same frame again changes nothing. A pose that is not finite,
        or vaguer than `pose_std_most`, teaches the map nothing: every id is then -1.
        """
        if self._last_frame == (frame_seq, pose.t) and len(self._last_ids) == len(detections):
            return self._last_ids.copy()
        ids = np.full(len(detections), -1, dtype=np.int64)
        if not _usable(pose, self.config.pose_std_most):
            return ids
        config, scale = self.config, self.noise_scale
        seen = sight(detections, pose, self.camera, scale * config.pixel_std, scale * config.box_std)
        field = self._in_field(pose)
        place_std = hypot(scale * config.sway_std, pose.s_std)
        settled = field.rows[:, ff.VIEWS] >= config.known_views
        expected = settled & _inside(field.rays, self.camera.inner_field_of_rays, 0.0)
        pairs = match(seen, field.rows, field.rays, expected, place_std)
        self._noise = life.noise_after(self._noise, seen, field.rows, pairs, place_std)
        slot_of = np.full(len(seen), -1, dtype=np.int64)
        slot_of[pairs.seen] = field.slots[pairs.flower]
        self._learn(seen, field, pairs, pose)
        new = life.newcomers(seen, slot_of < 0, config)
        slot_of[new] = self._bear(seen, new, pose)
        has = slot_of >= 0
        ids[seen.index[has]] = self._store.ids(slot_of[has])
        self._last_frame, self._last_ids = (frame_seq, pose.t), ids
        return ids.copy()

    def flowers(self, s_low: float = -inf, s_high: float = inf) -> list[Flower]:
        """Return the flowers between `s_low` and `s_high` (m), oldest first; costs what the window holds."""
        bounded = isfinite(s_low) and isfinite(s_high)
        slots = self._store.slots_near(s_low, s_high) if bounded else self._store.all().tolist()
        made = self._made
        new = [slot for slot in slots if slot not in made]
        if new:
            self._make(new)
        chosen = [flower for s, flower in map(made.__getitem__, slots) if s_low <= s <= s_high]
        chosen.sort(key=attrgetter("flower_id"))
        return chosen

    def take_merges(self) -> list[tuple[int, int]]:
        """Return, once, the (gone id, kept id) pairs of flowers found to be the same: move their history."""
        merges, self._merges = self._merges, []
        return merges

    def forget(self, before_s: float = inf) -> None:
        """Drop every flower whose s is below `before_s` (m), all by default. Ids are never used again."""
        slots = self._store.all()
        places = ff.positions(self._store.rows(slots), self.camera.h, self.camera.d)
        self._drop(slots[places[:, 0] < before_s])

    def _in_field(self, pose: Pose) -> _Field:
        """Return the flowers that the image may show."""
        s_low, s_high, h_low, h_high = self.camera.field_of_rays
        camera_s = pose.s + self.camera.s_offset
        reach = self.config.far
        slots = self._store.near(camera_s + s_low * reach, camera_s + s_high * reach)
        rows = self._store.rows(slots)
        rays = np.empty((len(rows), 2))
        rays[:, 0], rays[:, 1] = ff.predicted_rays(rows, np.array([camera_s]))[0], rows[:, ff.B]
        near = _inside(rays, (s_low, s_high, h_low, h_high), -MARGIN)
        drifted = ff.drifted(rows[near], pose.t, self.config.drift_rate, self.config.drift_most)
        drifted[:, ff.BELIEF] = life.aged(rows[near], pose.t, self.config)
        return _Field(slots[near], drifted, rays[near])

    def _learn(self, seen: Sightings, field: _Field, pairs: Pairs, pose: Pose) -> None:
        """Correct the matched flowers, count hits and misses, and drop what is over or double."""
        after = self._store.rows(field.slots)
        after[pairs.flower] = self._corrected(seen, pairs.seen, field.rows[pairs.flower], pose)
        hit = np.zeros(len(after), dtype=np.bool_)
        hit[pairs.flower] = True
        whole = _inside(field.rays, self.camera.inner_field_of_rays, WHOLE)
        expected = hit | (whole & ~life.hidden(field.rays, seen))
        after[expected] = life.counted(after[expected], hit[expected], pose.s)
        places = ff.positions(after, self.camera.h, self.camera.d)
        known = life.known(after, self.config)
        gone = expected & ~hit & life.over(after)
        for lost, kept in life.duplicates(places, known, hit, self.config.merge_distance):
            self._unite(field.slots, after, lost, kept)
            gone[lost], hit[kept] = True, True
        self._store.write(field.slots, after)
        for slot in field.slots[hit].tolist():
            self._made.pop(slot, None)
        self._drop(field.slots[gone])

    def _corrected(self, seen: Sightings, found: Indices, rows: Floats, pose: Pose) -> Floats:
        """Rows of matched flowers after their views, with belief and times brought up to date."""
        repeats = np.clip(
            self.config.sway_time_s / np.maximum(pose.t - rows[:, ff.LAST_SEEN], 1e-6), 1.0, MOST_SWAY_REPEATS
        )
        place = rows[:, ff.RHO] ** 2 * (repeats * self._noise * self.config.sway_std**2 + pose.s_std**2)
        noise_s, noise_h = seen.noise_s[found] + place, seen.noise_h[found] + place
        camera_s, rays = seen.camera_s[found], seen.rays[found]
        error = rays[:, 0] - (rows[:, ff.A] - (camera_s - rows[:, ff.S0]) * rows[:, ff.RHO])
        spread = ff.ray_s_variance(rows, camera_s - rows[:, ff.S0])
        noise_s = _with_tails(noise_s, error, spread)
        noise_h = _with_tails(noise_h, rays[:, 1] - rows[:, ff.B], rows[:, ff.VAR_B])
        after = ff.corrected(rows, rays, camera_s, noise_s, noise_h)
        weight = np.minimum(np.abs(pose.s - rows[:, ff.SEEN_FROM]) / self.config.fresh_view, 1.0)
        after[:, ff.BELIEF] = life.believed(rows, seen.stages[found], weight, self.config)
        after[:, ff.VIEWS] += 1.0
        after[:, ff.LAST_SEEN] = pose.t
        after[:, ff.SEEN_FROM] = pose.s
        return after

    def _bear(self, seen: Sightings, new: Indices, pose: Pose) -> Slots:
        """Store new flowers and return their slots."""
        if not len(new):
            return new
        rows = life.born(seen, new, pose, self.config)
        ids = np.arange(self._next_id, self._next_id + len(new), dtype=np.int64)
        self._next_id += len(new)
        return self._store.add(rows, ids)

    def _unite(self, slots: Slots, rows: Floats, lost: int, kept: int) -> None:
        """Let the flower in row `kept` take over the other's better place and older id."""
        rows[kept] = life.united(rows[lost], rows[kept])
        lost_id, kept_id = self._store.ids(slots[[lost, kept]]).tolist()
        older = min(lost_id, kept_id)
        self._store.rename(int(slots[kept]), older)
        self._merges.append((max(lost_id, kept_id), older))

    def _drop(self, slots: Slots) -> None:
        self._store.remove(slots)
        for slot in slots.tolist():
            self._made.pop(slot, None)

    def _make(self, slots: list[int]) -> None:
        """Fill the cache of Flower objects for `slots`."""
        rows = self._store.rows(np.array(slots, dtype=np.int64))
        places = ff.positions(rows, self.camera.h, self.camera.d)
        covariances = ff.covariances(rows)
        known = life.known(rows, self.config).tolist()
        ids = self._store.ids(np.array(slots, dtype=np.int64)).tolist()
        for array in (rows, places, covariances):
            array.flags.writeable = False
        for i, slot in enumerate(slots):
            self._made[slot] = (
                places.item(i, 0),
                Flower(
                    flower_id=ids[i],
                    side=self.camera.side,
                    position=places[i],
                    covariance=covariances[i],
                    belief=rows[i, ff.BELIEF],
                    views=int(rows.item(i, ff.VIEWS)),
                    first_seen=rows.item(i, ff.FIRST_SEEN),
                    last_seen=rows.item(i, ff.LAST_SEEN),
                    place_known=known[i],
                ),
            )


def _usable(pose: Pose, std_most: float) -> bool:
    known = all(map(isfinite, (pose.t, pose.s, pose.velocity, pose.s_std))) and abs(pose.s) < FARTHEST_S
    return known and 0 <= pose.s_std <= std_most


def _with_tails(noise: Floats, error: Floats, spread: Floats) -> Floats:
    """Noise variances grown where the error is larger than they explain: Student's t by reweighting."""
    surprise = error * error / (spread + noise)
    return noise * np.maximum((TAIL + surprise) / (TAIL + 2.0), 1.0)


def _inside(rays: Floats, field: tuple[float, float, float, float], margin: float) -> Mask:
    """Which rays (N, 2) lie inside a field of rays by at least `margin`."""
    s_low, s_high, h_low, h_high = field
    ray_s, ray_h = rays[:, 0], rays[:, 1]
    inside: Mask = (ray_s > s_low + margin) & (ray_s < s_high - margin)
    inside &= (ray_h > h_low + margin) & (ray_h < h_high - margin)
    return inside
