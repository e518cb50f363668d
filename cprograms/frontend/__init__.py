"""Reading C: preprocess, cut, parse, check, trim, describe.

`loading` is where to start, with `file`, its half that tape programs share. Then in the order of the stages: `given`
and `source`, with `flags` and `compile_commands`; `preprocess`, with `reach`, `missing` and `cplusplus`; `parse`, with
`normalise` and `extensions` for what pycparser does not know; `linking`, for several files, with `occurrences`;
`scope`; `pragmas` and `signature`; `subset` and `standard`, what is numeric and which library functions are, with
`statics`, `output` and `effects`; `trim`; `places`, the way back to the user's lines.
"""
