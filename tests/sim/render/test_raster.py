"""What the rasteriser points to must live as long as the pointer."""

import gc
import weakref

from sim.render import raster
from sim.render.library import library


def test_library_outlives_its_cache_as_long_as_the_rasteriser_points_into_it() -> None:
    """Two threads that start to draw at once each build a library, and the cache keeps only one of them."""
    raster._library.cache_clear()
    kept = weakref.ref(library().vertices)
    raster._library()
    library.cache_clear()
    gc.collect()
    assert kept() is not None
