from collections import deque

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.core.errors import UnknownNameError, WorldError
from mesascope.worlds.grid import Grid, rows_of
from mesascope.worlds.walls import STYLES, check_style, connected_walls, random_walls

GRID = Grid(6, 8)
STEPS = ((-1, 0), (1, 0), (0, -1), (0, 1))


def breadth_first(walls: np.ndarray, sources: list[tuple[int, int]]) -> np.ndarray:
    """The independent oracle: distances by a queue, one cell after the other."""
    distance = np.full(walls.shape, walls.size)
    queue = deque(source for source in sources if not walls[source])
    for source in queue:
        distance[source] = 0
    while queue:
        row, column = queue.popleft()
        for down, right in STEPS:
            target = (row + down, column + right)
            if not walls[target] and distance[target] == walls.size:
                distance[target] = distance[row, column] + 1
                queue.append(target)
    return distance


@st.composite
def mazes(draw):
    inside = np.array(draw(st.lists(st.booleans(), min_size=24, max_size=24))).reshape(4, 6)
    source = (draw(st.integers(1, 4)), draw(st.integers(1, 6)))
    return np.pad(inside, 1, constant_values=True), source


@settings(deadline=None, max_examples=60)
@given(mazes())
def test_distances_and_connected_equal_a_breadth_first_search(maze):
    walls, source = maze
    there = np.zeros_like(walls)
    there[source] = True
    expected = breadth_first(walls, [source])
    np.testing.assert_array_equal(GRID.distances(jnp.array(walls), jnp.array(there)), expected)
    np.testing.assert_array_equal(GRID.connected(jnp.array(walls), jnp.array(there)), expected < walls.size)


@settings(deadline=None, max_examples=60)
@given(mazes())
def test_moves_lead_to_the_free_neighbour_or_nowhere(maze):
    walls, (row, column) = maze
    cell = GRID.cell(row, column)
    reached = [GRID.row_and_column(int(one)) for one in np.asarray(GRID.successors(jnp.array(walls)))[cell]]
    for (down, right), target in zip((*STEPS, (0, 0)), reached, strict=True):
        there = (row + down, column + right)
        assert target == ((row, column) if walls[there] else there)


def test_cells_and_coordinates_are_inverse():
    assert [GRID.cell(*GRID.row_and_column(cell)) for cell in range(GRID.cells)] == list(range(GRID.cells))
    assert GRID.cell(-2, -2) == GRID.cells - 1
    with pytest.raises(WorldError, match="not inside the walls"):
        GRID.cell(0, 3)
    with pytest.raises(WorldError, match="4x4"):
        Grid(3, 9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("####\n####", "2 rows"),
        ("####\n#.x#\n#..#\n####", "Row 1, column 2 holds 'x'"),
        ("####\n...#\n#..#\n####", "Row 1, column 0 is on the border"),
    ],
)
def test_a_wrong_text_says_where(text, message):
    with pytest.raises(WorldError, match=message):
        rows_of(text, Grid(4, 4), "#.")


@pytest.mark.parametrize("style", STYLES)
def test_walls_hang_together_and_leave_room(style):
    grid, minimum = Grid(9, 9), 12
    source = grid.one_hot(jnp.int32(0))

    def draw(key):
        return connected_walls(grid, style, key=key, source=source, minimum=minimum, density=0.4)

    walls = np.asarray(jax.vmap(draw)(jax.random.split(jax.random.key(1), 64)))
    for one in walls:
        assert one[[0, -1]].all()
        assert one[:, [0, -1]].all()
        assert ((breadth_first(one, [(1, 1)]) < one.size) == ~one).all()
        assert (~one).sum() >= minimum
    assert len(np.unique(walls.reshape(64, -1), axis=0)) == (1 if style == "open" else 64)


def test_a_room_that_blocks_cannot_leave_is_left_open():
    grid = Grid(5, 5)
    source = grid.one_hot(jnp.int32(0))
    walls = connected_walls(grid, "blocks", key=jax.random.key(0), source=source, minimum=9, density=0.9)
    assert int((~walls).sum()) == grid.cells


def test_a_perfect_maze_is_a_tree():
    grid = Grid(9, 11)
    draw = jax.vmap(lambda key: random_walls(grid, "maze", key=key))
    for walls in np.asarray(draw(jax.random.split(jax.random.key(0), 32))):
        free = ~walls
        edges = (free[1:] & free[:-1]).sum() + (free[:, 1:] & free[:, :-1]).sum()
        assert edges == free.sum() - 1
        assert free[1::2, 1::2].all()


def test_styles_are_checked():
    with pytest.raises(UnknownNameError, match="Did you mean 'maze'"):
        check_style("mazes", Grid(9, 9))
    with pytest.raises(WorldError, match="odd height and width"):
        check_style("maze", Grid(8, 9))
