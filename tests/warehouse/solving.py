"""The attacker's programmes: the least and the greatest of each small unknown, by scipy's solver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components


def solve(
    low: Any, high: Any, truth: Any, small: Any, equations: list[tuple[list[int], list[int], bool]], names: list[str]
) -> Iterator[tuple[str, float, float, float]]:
    """Least and greatest of each small unknown, component by component; what is known ties nothing together."""
    size = len(low)
    rows = [n for n, (plus, minus, _) in enumerate(equations) for _ in (*plus, *minus)]
    columns = [c for plus, minus, _ in equations for c in (*plus, *minus)]
    values = [v for plus, minus, _ in equations for v in (*[-1.0] * len(plus), *[1.0] * len(minus))]
    matrix = csr_array(coo_array((values, (rows, columns)), shape=(len(equations), size)))
    bounded = np.array([e[2] for e in equations])
    left = matrix @ truth
    assert not left[~bounded].any() and (left[bounded] <= 0).all(), "the truth obeys every rule"
    assert ((low <= truth) & (truth <= high)).all(), "no figure is a lie"
    links = matrix.tocoo()
    free = low[links.col] < high[links.col]
    row, column = links.row[free], links.col[free]
    first = np.zeros(len(equations), int)
    first[row[::-1]] = column[::-1]
    graph = coo_array((np.ones(len(row)), (first[row], column)), shape=(size, size))
    label = connected_components(graph, directed=False)[1]
    for name in np.unique(label[small > 0]):
        yield from _component(np.flatnonzero(label == name), low, high, truth, small, (matrix, bounded), names)


def _component(
    members: Any, low: Any, high: Any, truth: Any, small: Any, rules: tuple[Any, Any], names: list[str]
) -> Iterator[tuple[str, float, float, float]]:
    mine = rules[0][:, members]
    touched = np.flatnonzero(np.diff(mine.indptr))
    bounded = rules[1][touched]
    equal, most = mine[touched][~bounded], mine[touched][bounded]
    others = truth.copy()
    others[members] = 0  # they are known
    right = -(rules[0][touched] @ others)
    box = np.column_stack((low[members], high[members]))

    def end(aim: Any) -> Any:
        solved = linprog(aim, A_eq=equal, b_eq=right[~bounded], A_ub=most, b_ub=right[bounded],
                         bounds=box, method="highs-ds", options={"presolve": False})  # fmt: skip
        assert solved.status == 0, solved.message
        return solved.x

    least, greatest = truth[members].copy(), truth[members].copy()
    chance, idle = np.random.default_rng(1), 0
    while idle < 6 and (near := np.flatnonzero(greatest - least < small[members] - 1e-6)).size > 2:
        aim = np.zeros(len(members))
        chosen = chance.choice(near, max(1, len(near) // (1 + idle)), replace=False)
        aim[chosen] = chance.choice((-1, 1), len(chosen)) * chance.uniform(0.2, 1, len(chosen))
        for x in (end(aim), end(-aim)):
            least, greatest = np.minimum(least, x), np.maximum(greatest, x)
        left = np.count_nonzero(greatest - least < small[members] - 1e-6)
        idle = 0 if left < len(near) - 1 else idle + 1
    for place in np.flatnonzero(small[members]):
        if greatest[place] - least[place] < small[members[place]] - 1e-6:
            aim = np.zeros(len(members))
            aim[place] = 1
            for x in (end(aim), end(-aim)):
                least, greatest = np.minimum(least, x), np.maximum(greatest, x)
        yield names[members[place]], float(least[place]), float(greatest[place]), float(small[members[place]])
