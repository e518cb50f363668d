"""Measurements of docs/evaluation.md, docs/regressors.md and docs/pictures.md.

Reading order:

- `levels`: the error of a compile at each -O level
- the protocol: `suites`, `statistics`, `protocol` (what is measured), `protocol_report`, `protocol_run`
- `regressors`, `regressor_comparison`: what a user would fit to the same rows
- `library`, `axbench`: functions of our own at each level, as pages
- `pictures`, `picture_report`: pictures made with surrogates
"""
