"""From a picture to a graph's input and from its output to rows: one file a layout, `vision.detector` joins them."""
