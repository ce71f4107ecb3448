"""`python -m valine` is `valine`."""

import sys

from valine.cli import main

if __name__ == "__main__":
    sys.exit(main())
