"""Numeric functions out of any C source tree: whole ones, and parts of others made into functions of their own."""
