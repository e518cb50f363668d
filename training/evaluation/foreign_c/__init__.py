"""How much public C is accepted, and whether what the sandbox and the graph give for it is right. In reading order:

- `repositories`: which files are read
- `inspection`: which of their functions are accepted, and why the others are not; `reasons`: the kinds of refusals
- `native`: what gcc's code gives; `checking`: the sandbox and the graph beside it
- `measure`: all files, in parallel, with what is known kept; `pace`: the time beside another version's
- `report`: the page
"""
