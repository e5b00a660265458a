"""The renderer: plants to frames with exact labels, by a small deterministic C rasteriser."""
