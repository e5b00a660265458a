"""Labelled pictures on disk: COCO and YOLO in and out, checks, splits by group, contact sheets."""
