"""`accelerate launch -m training.hypernetwork`; see `training.hypernetwork.train`."""

import sys

from training.hypernetwork.train import main

if __name__ == "__main__":
    sys.exit(main())
