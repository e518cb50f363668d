"""The exact target: C programs as controllers of the ANC register machine (Bunel et al. 2016, arXiv 1605.07969)."""
