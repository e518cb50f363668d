"""The card of an artifact: what was compiled, from what, and how far off it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

from cprograms.names import counted, listed
from cprograms.program import Signature
from surrogate.mlp.fitting.teaching import Lesson
from surrogate.mlp.network import SurrogateNetwork
from surrogate.numeric.cards import (
    HEADER,
    LICENSE,
    domain_table,
    error_section,
    example_inputs,
    example_note,
    reproduction,
)
from surrogate.numeric.check import Report
from surrogate.numeric.rows import GAUSS_NEWTON_ROWS
from surrogate.numeric.words import number
from surrogate.version import __version__


def parts_of(network: SurrogateNetwork) -> list[str]:
    """What the network is made of, as in ["mlp 2×64", "chebyshev degree 6", "4 gates", "7 taps"]; gates are taps, too,
    but are counted by themselves."""
    if network.table is not None:
        return [f"a table of {counted(len(network.table.values), 'point')}"]
    hidden = network.w1.shape[1]
    found = [f"mlp 2×{hidden}"] if hidden else []
    if network.polynomial is not None:
        found.append(f"chebyshev degree {network.polynomial.degree}")
    if rows := {len(head.centres): None for head in network.heads.values()}:
        found.append(f"kernel {', '.join(f'{count:,}' for count in rows)} rows")
    if network.taps is not None:
        gates = len(network.taps.gates)
        counts = (gates, "gate"), (len(network.taps) - gates, "tap")
        found += [counted(count, word) for count, word in counts if count]
    return found


def network_line(network: SurrogateNetwork, operators: int) -> str:
    """What the network is made of and its size; and how much of a program of so many operators its taps compute."""
    taps = f" (of {counted(network.taps.operators, 'operator')}; the program has {operators})" if network.taps else ""
    several = f"{len(network.mean)} results, each " if len(network.mean) > 1 else ""
    return f"{several}{', '.join(parts_of(network))}{taps}; {counted(network.parameter_count, 'parameter')}"


@dataclass(frozen=True)
class Origin:
    """Where a surrogate's weights come from; see `surrogate.mlp.artifact.Surrogate`."""

    opt_level: int
    rows: int
    free: bool
    held_out: int
    results: Sequence[str]
    mean_only: Sequence[str]
    untuned: Sequence[str]
    derivatives: int | None = None
    taught: Sequence[Lesson] = ()
    finetunings: Sequence[object] = ()
    options: Sequence[str] = ()

    def __str__(self) -> str:
        """In words, as the end of a sentence."""
        return "; then ".join([self._compiled(), *map(str, self.finetunings)])

    def _compiled(self) -> str:
        plain = "--plain" in self.options
        if self.opt_level == 0:
            weighed = ", scaled and weighed by values of its dataflow graph: it was never run"
            return f"the weights come from its text{' alone' if plain else weighed}{self._teaching('; ')}"
        if self.free:
            return f"it starts from the program's text and was fitted to {self.rows:,} executed rows"
        if self.derivatives is not None:
            slopes = f", and to {self.derivatives:,} derivatives of its graph there" if self.derivatives else ""
            return f"it starts from the program's text and was fitted to exactly {self.rows:,} executed rows{slopes}"
        most = "up to " if self.opt_level == 1 and self.rows > GAUSS_NEWTON_ROWS else ""
        read = min(self.rows, GAUSS_NEWTON_ROWS) if self.opt_level == 2 else self.rows
        how = f"by Gauss–Newton steps{self._teaching('; then ')}"
        if not plain:
            how = "by Gauss–Newton steps, or as a polynomial of the text"
        return f"the weights come from its text and {most}{read:,} executed rows ({how}){self._tuning()}"

    def _teaching(self, before: str) -> str:
        """Which towers polynomials of the text taught, after some words; empty where none was."""
        if not self.taught:
            return ""
        several = len(self.results) > 1
        towers = f"towers of {listed([self.results[k] for k, *_ in self.taught])}" if several else "tower"
        known = [(old, new) for _, old, new in self.taught if old is not None and new is not None]
        if not known:
            return f"{before}polynomials of the text taught the {towers}"
        old, new = max(known, key=lambda pair: pair[1])
        which = "at worst " if len(known) > 1 else ""
        errors = f"nMSE on held-out rows {which}{number(old)} before, {number(new)} after"
        return f"{before}polynomials of the text taught the {towers}: {errors}"

    def _tuning(self) -> str:
        if self.opt_level < 2:
            return ""
        prefer = "the held-out rows prefer the emitted weights"
        if len(self.untuned) == len(self.results):
            return f"; fine-tuning on {self.rows:,} changed nothing: {prefer}"
        kept = f", but for {listed(self.untuned)}, of which {prefer}" if self.untuned else ""
        return f", then fine-tuned on {self.rows:,}{kept}"

    def safeguard(self) -> str:
        """What the rows did that shaped no weights, in words; empty where there were none."""
        if not self.held_out:
            return f"{found}: rows that are left out are predicted no better" if (found := self.fallback()) else ""
        rows = f"{self.held_out:,} further rows"
        if not self.mean_only:
            return f"{rows} chose its parts" if self.free else f"{rows} say that it is better than the mean"
        return f"{self.fallback()}: on {rows} the network is not clearly better"

    def fallback(self) -> str:
        """Which results are the mean; empty where none is."""
        if not self.mean_only:
            return ""
        which = "" if len(self.results) == 1 else f" for {listed(self.mean_only)}"
        return f"falls back to the mean{which}"

    def reproduced(self) -> list[str]:
        """How to make the same again."""
        command = " ".join(["surrogate compile program.c", *map(quote, self.options)])
        note = "Then it was fine-tuned, as said above." if self.finetunings else ""
        return reproduction(command, note)


def card(signature: Signature, network: str, origin: Origin, measured: Report | None, stale: bool = False) -> str:
    """The text of an artifact's README.md.

    `network` is of `network_line`, and `stale` says that an error was measured, but of other weights.
    """
    example, note = example_inputs(signature.arguments), example_note(signature.arguments)
    return "\n".join(
        [
            *HEADER,
            "tags: [neural-surrogate, c]",
            "---",
            f"# A neural surrogate of `{signature.entry}`",
            "",
            f"`{signature}`, compiled at -O{origin.opt_level} by surrogate-compiler {__version__}: {network}.",
            f"It takes and returns raw C units. The program is `program.c`; {origin}.",
            *([f"{guard[0].upper()}{guard[1:]}."] if (guard := origin.safeguard()) else []),
            "",
            *domain_table(signature),
            "",
            "## Intended use",
            "",
            "In place of the C program where its answers may be off by as much as is said below: inside of loops that"
            " are too slow otherwise, and where derivatives or batches are needed. Not where a wrong answer does harm"
            " without the program beside it. Outside this domain it extrapolates, and nothing was measured.",
            "",
            *error_section(measured, signature, stale),
            "## Use",
            "",
            "```python",
            "import surrogate",
            's = surrogate.load("this directory")',
            f"s.predict({example}){note}",
            f"s.predict({example}, bounds=True)  # and error bars",
            f"s.gradient({example})  # of shape [..., {len(signature.results)}, {len(signature.arguments)}]",
            "```",
            "",
            *origin.reproduced(),
            *LICENSE,
        ]
    )
