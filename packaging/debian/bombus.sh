#!/bin/sh
# The interpreter beside this file knows its own packages, wherever the tree lies.
exec "$(dirname "$(readlink -f "$0")")/python3" -P -m bombus "$@"
