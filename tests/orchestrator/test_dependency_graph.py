from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from valine.orchestrator.planning.dependency_graph import cycles, hanging_on, urgent_first

NODES = st.integers(0, 9)
GRAPHS = st.dictionaries(NODES, st.sets(NODES)).map(
    lambda found: {node: found.get(node, set()) & found.keys() for node in found}
)


def reach(graph: dict[int, set[int]], node: int) -> set[int]:
    """What the node leads to, in one step or more."""
    reached: set[int] = set()
    waiting = list(graph[node])
    while waiting:
        other = waiting.pop()
        if other not in reached:
            reached.add(other)
            waiting += graph[other]
    return reached


@given(GRAPHS)
def test_circles_are_the_nodes_that_reach_themselves(graph: dict[int, set[int]]) -> None:
    reachable = {node: reach(graph, node) for node in graph}
    expected = {
        node: tuple(sorted(other for other in reachable[node] if node in reachable[other]))
        for node in graph
        if node in reachable[node]
    }

    assert cycles(graph) == expected


@given(GRAPHS, st.sets(NODES))
def test_what_hangs_on_roots_is_what_reaches_them(graph: dict[int, set[int]], roots: set[int]) -> None:
    expected = {node for node in graph if reach(graph, node) & roots} - roots

    assert hanging_on(graph, roots) == expected


@given(GRAPHS, st.permutations(range(10)))
def test_dependencies_come_first_and_the_order_of_keys_means_nothing(
    graph: dict[int, set[int]], ranks: list[int]
) -> None:
    graph = {node: {other for other in needs if other < node} for node, needs in graph.items()}
    urgency = {node: (ranks[node],) for node in graph}

    order = urgent_first(graph, urgency)

    assert sorted(order) == sorted(graph)
    assert all(order.index(need) < order.index(node) for node, needs in graph.items() for need in needs)
    assert urgent_first(dict(reversed(graph.items())), urgency) == order


def test_an_urgent_dependant_pulls_its_dependencies_forward() -> None:
    graph: dict[int, set[int]] = {1: set(), 2: set(), 3: {2}, 4: {3}, 5: set()}
    urgency = {1: (1,), 2: (9,), 3: (8,), 4: (0,), 5: (0.5,)}

    assert urgent_first(graph, urgency) == [2, 3, 4, 5, 1]


def test_a_chain_of_fifty_thousand_is_no_deeper_than_the_stack() -> None:
    chain = {node: {node - 1} if node else set() for node in range(50_000)}

    assert cycles(chain) == {}
    assert urgent_first(chain, {node: (-node,) for node in chain}) == list(chain)
    assert len(cycles({**chain, 0: {49_999}})) == 50_000
