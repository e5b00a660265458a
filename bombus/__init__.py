"""Bombus: the control stack of a greenhouse pollination robot. This package is its command line."""
