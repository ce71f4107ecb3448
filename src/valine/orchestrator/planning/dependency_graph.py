"""Dependency graphs of plain numbers: which go in circles, what hangs on what, and the order to do things in.

A graph maps each node to the nodes it depends on; all of them are keys. Every answer depends on the graph alone,
never on the order of its keys, and takes time O((n + e) log n).
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from graphlib import TopologicalSorter

Graph = Mapping[int, Collection[int]]
Urgency = tuple[int | float, ...]


def reversed_graph(graph: Graph) -> dict[int, list[int]]:
    """Each node with those that depend on it."""
    dependants: dict[int, list[int]] = {node: [] for node in graph}
    for node, needs in graph.items():
        for need in needs:
            dependants[need].append(node)
    return dependants


def cycles(graph: Graph) -> dict[int, tuple[int, ...]]:
    """Each node that depends on itself, with all nodes of its circle in ascending order (itself included)."""
    found: dict[int, tuple[int, ...]] = {}
    for group in _components(graph):
        if len(group) > 1 or group[0] in graph[group[0]]:
            found.update(dict.fromkeys(group, tuple(sorted(group))))
    return found


def _components(graph: Graph) -> Iterable[list[int]]:
    """The strongly connected components: Kosaraju's two passes, without recursion."""
    finished: list[int] = []
    seen: set[int] = set()
    for root in graph:
        if root not in seen:
            seen.add(root)
            finished += _postorder(graph, root, seen)
    dependants = reversed_graph(graph)
    taken: set[int] = set()
    for root in reversed(finished):
        if root not in taken:
            taken.add(root)
            yield list(_postorder(dependants, root, taken))


def _postorder(graph: Graph, root: int, seen: set[int]) -> Iterable[int]:
    """Nodes reachable from the root that are not seen yet, each after what it leads to; marks them seen."""
    stack = [(root, iter(graph[root]))]
    while stack:
        node, rest = stack[-1]
        following = next((other for other in rest if other not in seen), None)
        if following is None:
            stack.pop()
            yield node
        else:
            seen.add(following)
            stack.append((following, iter(graph[following])))


def hanging_on(graph: Graph, roots: Iterable[int]) -> set[int]:
    """The nodes that depend on one of the roots, directly or through others, and are no roots themselves."""
    dependants = reversed_graph(graph)
    start = set(roots)
    reached = set(start)
    waiting = [root for root in start if root in dependants]
    while waiting:
        for node in dependants[waiting.pop()]:
            if node not in reached:
                reached.add(node)
                waiting.append(node)
    return reached - start


def urgent_first(graph: Graph, urgency: Mapping[int, Urgency]) -> list[int]:
    """All nodes of a graph without circles, dependencies first, and otherwise the most urgent (smallest) first.

    A node is as urgent as the most urgent of those that hang on it: it is pulled forward with them. Raises
    graphlib.CycleError for a graph with circles: cycles() finds them beforehand.
    """
    pulled = dict(urgency)
    for node in reversed([*TopologicalSorter(graph).static_order()]):
        for need in graph[node]:
            pulled[need] = min(pulled[need], pulled[node])
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    ready: list[tuple[Urgency, Urgency, int]] = []
    order: list[int] = []
    while sorter.is_active():
        for node in sorter.get_ready():
            heapq.heappush(ready, (pulled[node], urgency[node], node))
        node = heapq.heappop(ready)[2]
        order.append(node)
        sorter.done(node)
    return order
