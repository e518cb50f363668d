"""The input distributions of the tasks of "Adaptive Neural Compilation" (section 4.2 and its published generators).

A sampler draws n tapes [n, M] of cells 0..M-1, with the tapes that a right program leaves and the cells that count.
Cells that the publication fills with a real number of [0, 1), or with a flat distribution because no program looks
at them, hold 0 here: the publication's conversion to distributions rounds the former down.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from surrogate.anc.machine.instructions import Values
from surrogate.anc.machine.samples import Samples

Sampler = Callable[[np.random.Generator, int, int], Samples]  # generator, n, M


def _below(rng: np.random.Generator, low: int, high: np.ndarray | float) -> Values:
    """low + floor(u (high - low)), u uniform in [0, 1): `high` is exclusive, may be an array, a fraction, or `low`."""
    high = np.asarray(high)
    above: Values = np.floor(rng.random(high.shape) * (high - low)).astype(int)
    return low + above


def _lengths(rng: np.random.Generator, n: int, low: int, high: int) -> np.ndarray:
    return rng.integers(low, high, size=n)[:, None]


def _shuffled(rng: np.random.Generator, n: int, size: int) -> np.ndarray:
    """n random orders of 0..size-1: [n, size]."""
    return rng.permuted(np.tile(np.arange(size), (n, 1)), axis=1)


def _cells(tape: np.ndarray) -> np.ndarray:
    return np.broadcast_to(np.arange(tape.shape[1]), tape.shape)


def _only(tape: np.ndarray, address: int, value: np.ndarray) -> Samples:
    """Samples whose answer is one cell at a fixed address."""
    target, mask = tape.copy(), np.zeros(tape.shape, dtype=bool)
    target[:, address], mask[:, address] = value, True
    return Samples(tape, target, mask)


def _take(tape: np.ndarray, address: np.ndarray) -> np.ndarray:
    return np.take_along_axis(tape, address[:, None], axis=1)[:, 0]


def access(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """[k, A...]: the answer A[k] in cell 0. A k of M-1 would lie behind the tape and becomes M-4."""
    tape = rng.integers(0, memory_size, size=(n, memory_size))
    tape[:, 0] = np.where(tape[:, 0] == memory_size - 1, memory_size - 4, tape[:, 0])
    return _only(tape, 0, _take(tape, tape[:, 0] + 1))


def access_biased(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """k is always 3."""
    tape = rng.integers(0, memory_size, size=(n, memory_size))
    tape[:, 0] = 3
    return _only(tape, 0, tape[:, 4])


def increment(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """A zero-terminated array of 1..M-2 values of 1..M-1, incremented in place (M-1 becomes 0)."""
    tape = rng.integers(1, memory_size, size=(n, memory_size))
    length, cells = _lengths(rng, n, 1, memory_size - 1), _cells(tape)
    tape[cells >= length] = 0
    target = np.where(cells < length, (tape + 1) % memory_size, 0)
    return Samples(tape, target, cells <= length)


def increment_biased(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """M-1 equal values of 1..M-2 and the terminating zero."""
    tape = np.repeat(_lengths(rng, n, 1, memory_size - 1), memory_size, axis=1)
    target = tape + 1
    tape[:, -1] = target[:, -1] = 0
    return Samples(tape, target, np.ones(tape.shape, dtype=bool))


def _swapped(rng: np.random.Generator, p: np.ndarray, q: np.ndarray, length: np.ndarray, memory_size: int) -> Samples:
    tape = rng.integers(1, memory_size, size=(len(p), memory_size))
    cells = _cells(tape)
    tape[cells >= length + 2] = 0
    tape[:, 0], tape[:, 1] = p, q
    target, rows = tape.copy(), np.arange(len(p))
    target[rows, p + 2], target[rows, q + 2] = tape[rows, q + 2], tape[rows, p + 2]
    return Samples(tape, target, (cells == p[:, None] + 2) | (cells == q[:, None] + 2))


def swap(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """[p, q, A...]: A[p] and A[q] change places; A has 2..M-3 values of 1..M-1; its last is never asked for."""
    length = _lengths(rng, n, 2, memory_size - 2)
    p, q = (_below(rng, 0, length[:, 0] - 1) for _ in range(2))
    return _swapped(rng, p, q, length, memory_size)


def swap_biased(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """p = 0 and q = 2, in arrays of 3..M-3 values."""
    length = _lengths(rng, n, 3, memory_size - 2)
    return _swapped(rng, np.zeros(n, dtype=int), np.full(n, 2), length, memory_size)


def _linked(
    rng: np.random.Generator, length: np.ndarray, memory_size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lists of [next, value] nodes at random places from cell 3 on: tapes, node addresses in list order, values.

    The last place that would fit is never used, and the last node's `next` is 0.
    """
    n, nodes = len(length), (memory_size - 3) // 2 - 1
    address, value = 3 + 2 * _shuffled(rng, n, nodes), rng.integers(1, memory_size, size=(n, nodes))
    tape, rows = np.zeros((n, memory_size), dtype=int), np.arange(n)
    for i in range(nodes):
        inside = rows[i < length[:, 0]]
        follows = i + 1 < length[inside, 0]
        tape[inside, address[inside, i]] = np.where(follows, address[inside, (i + 1) % nodes], 0)
        tape[inside, address[inside, i] + 1] = value[inside, i]
    tape[:, 0], tape[:, 2] = address[:, 0], 2
    return tape, address, value


def listk(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """[head, k, out, nodes...]: the k-th value of the list, counted from 1, goes to cell `out`, which is 2.

    2..(M-3)/2-1 nodes; k is 1 or below the length less one, so the last two nodes of a longer list are never asked for.
    """
    length = _lengths(rng, n, 2, (memory_size - 3) // 2)
    tape, _, value = _linked(rng, length, memory_size)
    tape[:, 1] = _below(rng, 1, length[:, 0] - 1)
    return _only(tape, 2, _take(value, tape[:, 1] - 1))


def listk_biased(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """Nodes in order from cell 3 on; each `next` (the last one's too) is the next cell pair; k is below the length."""
    length = _lengths(rng, n, 2, (memory_size - 3) // 2)
    tape = rng.integers(1, memory_size, size=(n, memory_size))
    cells = _cells(tape)
    tape = np.where(cells % 2 == 1, cells + 2, tape)
    tape[cells >= 3 + 2 * length] = 0
    tape[:, 0], tape[:, 1], tape[:, 2] = 3, _below(rng, 1, length[:, 0]), 2
    return _only(tape, 2, _take(tape, 2 + 2 * tape[:, 1]))


def addition(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """[x, y]: x + y, which stays below M-1, in cell 0; x is at most M-3."""
    tape = np.zeros((n, memory_size), dtype=int)
    tape[:, 0] = rng.integers(0, memory_size - 2, size=n)
    tape[:, 1] = _below(rng, 0, memory_size - 1 - tape[:, 0])
    return _only(tape, 0, tape[:, 0] + tape[:, 1])


def _sorted(tape: np.ndarray, length: np.ndarray) -> Samples:
    inside = _cells(tape) < length
    values = np.sort(np.where(inside, tape, tape.shape[1]), axis=1)
    return Samples(tape, np.where(inside, values, 0), inside)


def sort(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """A zero-terminated array of 1..3 values of 1..M-1, to be sorted upwards in place."""
    tape, length = rng.integers(1, memory_size, size=(n, memory_size)), _lengths(rng, n, 1, 4)
    tape[_cells(tape) >= length] = 0
    return _sorted(tape, length)


def sort_biased(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """Three values of which only the first two, drawn below M/2, may be out of order.

    For an odd M the bound M/2 is a fraction, so floor(M/2) is drawn half as often as the others.
    """
    tape = np.zeros((n, memory_size), dtype=int)
    tape[:, :2] = _below(rng, 1, np.full((n, 2), memory_size / 2))
    largest = tape.max(axis=1)
    tape[:, 2] = largest + np.floor(rng.random(n) * (memory_size - largest)).astype(int)
    return _sorted(tape, np.full((n, 1), 3))


def copy(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """[out, A...]: the zero-terminated array A (1..(M-2)/2-1 values of 1..M-1) copied to `out`, which is behind it."""
    length = _lengths(rng, n, 1, (memory_size - 2) // 2)
    out = length + 3 + _below(rng, 0, memory_size - 2 * length - 3)
    tape = rng.integers(1, memory_size, size=(n, memory_size))
    cells = _cells(tape)
    tape[cells > length] = 0
    tape[:, :1] = out
    mask = (cells >= out) & (cells < out + length)
    return Samples(tape, np.where(mask, np.take_along_axis(tape, (cells - out + 1) % memory_size, axis=1), tape), mask)


def copy_biased(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """(M-1)/2 values copied to the rest of the tape (M odd).

    The copy starts on the array's terminating zero, so a program that copies upwards overwrites the only end that it
    looks for: the published program never stops on these tapes.
    """
    half = (memory_size - 1) // 2
    tape = rng.integers(1, memory_size, size=(n, memory_size))
    tape[:, 0] = half + 1
    tape[:, half + 1 :] = 0
    target = tape.copy()
    target[:, half + 1 :] = tape[:, 1 : half + 1]
    return Samples(tape, target, np.ones(tape.shape, dtype=bool))


def reverse(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """[out, A...]: A (2..(M-1)/2-1 values of 1..M-1) backwards at `out`, which is A's terminating zero."""
    length = _lengths(rng, n, 2, (memory_size - 1) // 2)
    tape = rng.integers(1, memory_size, size=(n, memory_size))
    cells = _cells(tape)
    tape[cells > length] = 0
    tape[:, :1] = length + 1
    mask = (cells > length) & (cells <= 2 * length)
    mirrored = np.take_along_axis(tape, (2 * length + 1 - cells) % memory_size, axis=1)
    return Samples(tape, np.where(mask, mirrored, tape), mask)


def permutation(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """[P..., 0, A...]: P, a permutation of 1..L, is overwritten by A[P[i] - 1]; L is 2..(M-1)/2-1."""
    length = _lengths(rng, n, 2, (memory_size - 1) // 2)
    tape = rng.integers(1, memory_size, size=(n, memory_size))
    cells = _cells(tape)
    mask = cells < length
    # A shuffle of all cells, ranked among the first `length`, is a permutation of these.
    keys = np.where(mask, _shuffled(rng, n, memory_size), memory_size)
    order = np.argsort(np.argsort(keys, axis=1), axis=1) + 1
    tape[(cells == length) | (cells > 2 * length)] = 0
    tape = np.where(mask, order, tape)
    values = np.take_along_axis(tape, np.where(mask, length + tape, 0), axis=1)
    return Samples(tape, np.where(mask, values, tape), mask)


def list_search(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """[head, value, out, nodes...]: the address of the first node with `value` goes to cell `out`, which is 2.

    The value is one of the list's, but the last node's only where an earlier node has it too.
    """
    length = _lengths(rng, n, 2, (memory_size - 3) // 2)
    tape, address, value = _linked(rng, length, memory_size)
    tape[:, 1] = _take(value, _below(rng, 1, length[:, 0]) - 1)
    first = np.argmax(value == tape[:, 1:2], axis=1)
    return _only(tape, 2, _take(address, first))


def merge(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """[a, b, out, A..., 0, B..., 0]: A and B, sorted downwards, merged downwards at `out`, which lies behind them.

    A has 2..M/2-7 values, B one or more, at most M/2-6 together less one; the zero after the merged ones counts too.
    """
    first = _lengths(rng, n, 2, memory_size // 2 - 6)
    second = _below(rng, 1, memory_size // 2 - 5 - first)
    tape = np.zeros((n, memory_size), dtype=int)
    cells, total = _cells(tape), first + second
    values = rng.integers(1, memory_size, size=(2, n, memory_size))
    start, end = 4 + first, 5 + total
    in_first, in_second = (cells >= 3) & (cells < 3 + first), (cells >= start) & (cells < start + second)
    # Sorting upwards what is negated, with zeros around it, moves each list to the front in descending order.
    sorted_first = -np.sort(-np.where(in_first, values[0], 0), axis=1)
    sorted_second = -np.sort(-np.where(in_second, values[1], 0), axis=1)
    tape += np.where(in_first, np.take_along_axis(sorted_first, (cells - 3) % memory_size, axis=1), 0)
    tape += np.where(in_second, np.take_along_axis(sorted_second, (cells - start) % memory_size, axis=1), 0)
    merged = -np.sort(-tape, axis=1)
    tape[:, :3] = np.concatenate([np.full((n, 1), 3), start, end], axis=1)
    output = (cells >= end) & (cells < end + total)
    target = np.where(output, np.take_along_axis(merged, (cells - end) % memory_size, axis=1), tape)
    return Samples(tape, target, (cells >= end) & (cells <= end + total))


def linear_search(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """[value, A...]: the cell of `value` in A, which has 2..M-2 different values of 1..M-1, goes to cell 0.

    The last value of A is never asked for.
    """
    return linear_search_not_before(1)(rng, n, memory_size)


def linear_search_not_before(first: int) -> Sampler:
    """The value lies in cell `first` or later, in arrays of at least so many values and of 2."""

    def sampler(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
        length = _lengths(rng, n, max(first, 2), memory_size - 1)
        index = _below(rng, first, length[:, 0])
        return _searched(_shuffled_values(rng, n, memory_size), length, index)

    return sampler


def linear_search_even(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """The value lies in an even cell: the first of the publication's nine biases, and its default."""
    length = _lengths(rng, n, 2, memory_size - 1)
    index = 2 * _below(rng, 1, length[:, 0] // 2)
    return _searched(_shuffled_values(rng, n, memory_size), length, index)


def linear_search_odd(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """The value lies in an odd cell."""
    length = _lengths(rng, n, 2, memory_size - 1)
    return _searched(_shuffled_values(rng, n, memory_size), length, _odd(rng, length))


def linear_search_sorted_down(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """The values go down; the one that is asked for lies in an odd cell."""
    return _search_sorted(rng, n, memory_size, -1)


def linear_search_sorted_up(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """The values go up; the one that is asked for lies in an odd cell."""
    return _search_sorted(rng, n, memory_size, 1)


def linear_search_natural(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """The values count upwards from 1..M-2, and go on with 0 after M-1; the one asked for lies in an odd cell."""
    return _search_natural(rng, n, memory_size, 1)


def linear_search_natural_reverse(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """The values count downwards from 1..M-2, and go on with M-1 after 0; the one asked for lies in an odd cell."""
    return _search_natural(rng, n, memory_size, -1)


def _odd(rng: np.random.Generator, length: np.ndarray) -> np.ndarray:
    """2k + 1, where k is uniform below (length - 1) / 2, rounded down, and 0 where that is 0."""
    return 1 + 2 * _below(rng, 0, (length[:, 0] - 1) // 2)


def _shuffled_values(rng: np.random.Generator, n: int, memory_size: int) -> np.ndarray:
    return 1 + _shuffled(rng, n, memory_size - 1)


def _search_sorted(rng: np.random.Generator, n: int, memory_size: int, direction: int) -> Samples:
    length = _lengths(rng, n, 2, memory_size - 1)
    values = _shuffled_values(rng, n, memory_size)
    # Those behind the array's end are kept behind it.
    behind = np.arange(memory_size - 1) >= length
    order = np.argsort(np.where(behind, memory_size, direction * values), axis=1, kind="stable")
    return _searched(np.take_along_axis(values, order, axis=1), length, _odd(rng, length))


def _search_natural(rng: np.random.Generator, n: int, memory_size: int, direction: int) -> Samples:
    length = _lengths(rng, n, 2, memory_size - 1)
    first = rng.integers(1, memory_size - 1, size=(n, 1))
    return _searched((first + direction * np.arange(memory_size - 1)) % memory_size, length, _odd(rng, length))


def _searched(values: np.ndarray, length: np.ndarray, index: np.ndarray) -> Samples:
    """Arrays that begin with `values` [n, M-1], cut to their lengths: the value of cell `index` is asked for."""
    tape = np.concatenate((np.zeros((len(values), 1), dtype=int), values), axis=1)
    tape[_cells(tape) > length] = 0
    tape[:, 0] = _take(tape, index)
    return _only(tape, 0, index)


def walk_bst(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """[root, out, turns..., 0, nodes...]: the value that turns (1 left, 2 right) lead to goes to cell `out`, always 1.

    Nodes [value, left, right] at random places from cell 6 on: the balanced tree of 3..(M-7)/3-1 sorted values, of at
    most 15 on a long tape, so that the turns end before the nodes.
    """
    tape, value = np.zeros((n, memory_size), dtype=int), np.zeros(n, dtype=int)
    for row in range(n):
        places = (memory_size - 7) // 3
        values = np.sort(rng.integers(1, memory_size, size=rng.integers(3, min(places, 16))))
        tape[row, 0] = _plant(tape[row], values, list(6 + 3 * rng.permutation(places)))
        value[row] = values[rng.integers(0, len(values) - 1)]
        turns = _turns(tape[row], value[row])
        tape[row, 2 : 2 + len(turns)] = turns
    tape[:, 1] = 1
    return _only(tape, 1, value)


def _plant(tape: np.ndarray, values: np.ndarray, places: list[int]) -> int:
    """Writes the balanced tree of sorted values at the last of `places`, which it uses up: the root's address, or 0."""
    if not len(values):
        return 0
    address, middle = places.pop(), (len(values) - 1) // 2
    tape[address] = values[middle]
    tape[address + 1] = _plant(tape, values[:middle], places)
    tape[address + 2] = _plant(tape, values[middle + 1 :], places)
    return address


def _turns(tape: np.ndarray, value: int) -> list[int]:
    node, turns = tape[0], []
    while tape[node] != value:
        turns.append(1 if value < tape[node] else 2)
        node = tape[node + turns[-1]]
    return turns


def dijkstra(rng: np.random.Generator, n: int, memory_size: int) -> Samples:
    """[out, lists..., 0, edges...]: shortest distances from node 1 as pairs [distance, open] at `out`.

    `lists` has an address for every node 1, 2, ...: there its edges [node, weight] lie, ended by 0. A node that is not
    reached has distance M-1 and open 1, the others have open 0. The publication gives this program an example and no
    distribution: here 2..6 nodes, every edge there with probability 1/2, weights of 1..9 (M is 100).
    """
    tape, target = np.zeros((2, n, memory_size), dtype=int)
    mask = np.zeros((n, memory_size), dtype=bool)
    for row in range(n):
        nodes = int(rng.integers(2, 7))
        weights = rng.integers(1, 10, size=(nodes, nodes)) * (rng.random((nodes, nodes)) < 0.5)
        np.fill_diagonal(weights, 0)
        out = _graph(tape[row], weights)
        distance = _distances(weights)
        answer = slice(out, out + 2 * nodes)
        target[row] = tape[row]
        target[row, answer] = np.where(
            np.isinf(distance), [[memory_size - 1], [1]], [distance, 0 * weights[0]]
        ).T.ravel()
        mask[row, answer] = True
    return Samples(tape, target, mask)


def _graph(tape: np.ndarray, weights: np.ndarray) -> int:
    """Writes the edge lists of a graph and the address behind them, which it returns, to a tape of zeros."""
    end = len(weights) + 2
    for node, row in enumerate(weights):
        tape[node + 1] = end
        for to in np.flatnonzero(row):
            tape[end : end + 2] = to + 1, row[to]
            end += 2
        end += 1
    tape[0] = end
    return end


def _distances(weights: np.ndarray) -> np.ndarray:
    """Shortest distances from the first node, infinite where there is no way, by Bellman and Ford's relaxation."""
    edges = np.where(weights > 0, weights, np.inf)
    distance = np.where(np.arange(len(weights)) == 0, 0, np.inf)
    for _ in weights:
        distance = np.minimum(distance, (distance[:, None] + edges).min(axis=0))
    return distance
