"""Small random C programs: typed expressions by hypothesis, statements over unsigned variables by seed."""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st

SIGNATURE = "int a, unsigned b, signed char c, unsigned short d, long long e, float p, double q"
RANGES = [(-40, 40), (0, 40), (-128, 127), (0, 300), (-(2.0**40), 2.0**40), (-9.0, 9.0), (-9.0, 9.0)]
TYPES = [
    "int",
    "unsigned",
    "signed char",
    "unsigned char",
    "short",
    "long long",
    "unsigned long long",
    "float",
    "double",
]
_LEAVES = st.sampled_from([*"aabbcdepqq", "0", "1", "2", "7", "3u", "5LL", "0.5", "1.5f", "100", "'x'", "(-1)"])
_OPERATORS = st.sampled_from("+ - * / % & | ^ << >> < <= > >= == != && ||".split())
_INTEGER_ONLY = ("%", "&", "|", "^", "<<", ">>")


def _combine(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    # An integer operator gets integers: a cast of a float may trap, which is tested, too.
    def binary(a: str, op: str, b: str) -> str:
        return f"((long long){a} {op} (int){b})" if op in _INTEGER_ONLY else f"({a} {op} {b})"

    return st.one_of(
        st.builds(binary, inner, _OPERATORS, inner),
        st.builds(lambda a, b, c: f"({a} ? {b} : {c})", inner, inner, inner),
        st.builds(lambda a, b: f"({a}, {b})", inner, inner),
        st.builds(lambda t, a: f"({t}){a}", st.sampled_from(TYPES), inner),
        st.builds(lambda op, a: f"({op} {a})", st.sampled_from(["-", "+", "!"]), inner),
        st.builds(lambda a: f"(~(int){a})", inner),
    )


expressions = st.recursive(_LEAVES, _combine, max_leaves=8)


def expression_program(type: str, expression: str) -> str:
    return f"{type} f({SIGNATURE}) {{ return {expression}; }}"


def statement_program(seed: int) -> str:
    """Unsigned variables only, so that all is defined; every loop passes four times at most."""
    random = Random(seed)
    body = " ".join(_statement(random, 2, loops=0) for _ in range(random.randint(1, 4)))
    return f"{_START} {body} done: return x + 31 * y + 7 * c; }}"


_START = "unsigned f(unsigned a, unsigned b, unsigned c) { unsigned x = a, y = 1;"
_PURE = ["a", "b", "c", "x", "y", "1", "2", "3", "(x ^ b)", "(a + y)"]
_UNCHANGED = ["a", "b", "1", "2", "(a ^ 3)"]
_EFFECTS = ["x++", "(y += 3)", "--x", "(c = y)"]
_TESTS = ["<", "==", "!=", ">", "&&", "||", "% 5 ==", "& 1 ||"]


def _side(random: Random) -> str:
    return random.choice(_PURE) if random.random() < 0.8 else random.choice(_EFFECTS)


def _condition(random: Random) -> str:
    if random.random() < 0.3:
        # With an effect on one side, the other must not depend on it: which is first is not defined.
        return f"{random.choice(_EFFECTS)} {random.choice(_TESTS)} {random.choice(_UNCHANGED)}"
    return f"{random.choice(_PURE)} {random.choice(_TESTS)} {random.choice(_PURE)}"


def _assignment(random: Random) -> str:
    if random.random() < 0.3:
        return random.choice(["x += y++;", "c = x--;", "y ^= (x += 2);", "x = a > b ? y++ : (c += 2);"])
    return f"{random.choice('xyc')} {random.choice(['=', '+=', '*=', '-=', '^='])} {random.choice(_PURE)};"


def _statement(random: Random, depth: int, loops: int) -> str:
    kinds = ["assign"] * 3 + ["return", "goto"] + (["leave"] * 2 + ["stop"] if loops else [])
    kind = random.choice(kinds + (["if", "else", "for", "count", "do", "switch"] * 2 if depth else []))
    if kind == "assign":
        return _assignment(random)
    if kind == "stop":
        return random.choice(["break;", "continue;"])
    condition = _condition(random)
    if kind in ("return", "goto", "leave"):
        leave = {"return": f"return {_side(random)}", "goto": "goto done"}.get(kind) or random.choice(
            ["break", "continue"]
        )
        return f"if ({condition}) {leave};"
    if kind == "switch":
        return _switch(random, depth - 1, loops)
    if kind in ("if", "else"):
        no = f" else {_block(random, depth - 1, loops)}" if kind == "else" else ""
        return f"if ({condition}) {_block(random, depth - 1, loops)}{no}"
    body, i, n = _block(random, depth - 1, loops + 1), f"i{loops}", random.randint(1, 3)
    if kind == "do":
        return f"{{ int {i} = 0; do {body} while ({i}++ < {n} && ({condition})); }}"
    guard = f" && ({condition})" if kind == "for" else ""
    return f"for (int {i} = 0; {i} < {n}{guard}; {i}++) {body}"


def _block(random: Random, depth: int, loops: int) -> str:
    return f"{{ {' '.join(_statement(random, depth, loops) for _ in range(random.randint(1, 3)))} }}"


def _switch(random: Random, depth: int, loops: int) -> str:
    labels = random.sample(["case 0: case 2:", "default:", "case 1:", "case 3:"], random.randint(1, 4))
    sections = [
        f"{label} {_block(random, depth, loops)}{random.choice(['', ' break;', ' break;'])}" for label in labels
    ]
    return f"switch ({_side(random)} % 4) {{ {' '.join(sections)} }}"
