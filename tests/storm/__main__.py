"""Runs `python -m storm`."""

import sys

from storm.main import main

sys.exit(main())
