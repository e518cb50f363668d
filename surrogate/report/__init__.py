"""An artifact as one page, which needs nothing else: `surrogate report`.

Read `page` first, the frame of every such page, then `sections`, what a numeric program's page holds. `study` chooses
and runs the rows that are drawn, `svg` and `colours` draw, `packing` is what the page's own script reads.
"""
