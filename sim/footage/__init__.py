"""What recordings tell: two runs side by side, a flower's story, a setting swept over footage."""
