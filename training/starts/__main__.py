"""`accelerate launch -m training.starts`; see `training.starts.meta`."""

import sys

from training.starts.meta import main

if __name__ == "__main__":
    sys.exit(main())
