"""What `scripts/bench` measures, as ratios within one run: start with `timing`; each other module is one benchmark."""
