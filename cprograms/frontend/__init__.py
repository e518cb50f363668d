"""Reading C: preprocess, cut, parse, check, trim, describe.

`loading` is where to start, with `file`, its half that tape programs share. Then in the order of the stages: `source`
and `preprocess`, with `reach`; `parse`, with `normalise` and `extensions` for what pycparser does not know; `scope`;
`pragmas` and `signature`; `subset` and `standard`, what is numeric and which library functions are; `trim`; `places`,
the way back to the user's lines.
"""
