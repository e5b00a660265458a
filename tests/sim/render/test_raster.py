"""What the rasteriser points to must live as long as the pointer."""

import gc
import weakref
from threading import Barrier, Thread

from sim.render import raster
from sim.render.library import library


def test_library_outlives_its_cache_as_long_as_the_rasteriser_points_into_it() -> None:
    raster._built_library.cache_clear()
    kept = weakref.ref(library().vertices)
    raster._library()
    library.cache_clear()
    gc.collect()
    assert kept() is not None


def test_threads_that_begin_to_draw_at_once_share_one_library() -> None:
    """Otherwise the cache keeps one of two, and a drawing goes on in memory that was given back."""
    raster._built_library.cache_clear()
    library.cache_clear()
    together, got = Barrier(4), []

    def draw() -> None:
        together.wait()
        got.append(raster._library())

    threads = [Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(one is got[0] for one in got)
