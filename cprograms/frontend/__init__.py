"""Reading C: preprocess, cut, parse, check, trim, describe. `loading` is where to start."""
