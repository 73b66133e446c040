"""The table of the battery as a picture: drawn from details alone, whatever they are."""

from __future__ import annotations

import copy
import json
import xml.etree.ElementTree as ElementTree

import pytest

from mesascope.audit.alignment.kinds import CODES, PREDICTIONS, TESTS
from mesascope.report.figures.battery_figure import COLOURS, battery_drawing
from mesascope.report.views.battery_view import MEANINGS, battery_table
from tests.report.battery_examples import details, read

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"


def test_codes_are_those_of_the_battery():
    assert tuple(MEANINGS) == CODES
    assert set(COLOURS) == set(CODES)


def test_rows_are_the_most_probable_first_and_those_without_predictions_last():
    table = battery_table(read(details()))
    assert table is not None
    assert table.rows[0] == "deceptive"
    without = [kind for kind in table.rows if kind not in PREDICTIONS]
    assert list(table.rows[-len(without) :]) == without
    assert set(without) >= {"incapable", "none of these"}
    assert set(table.rows) - set(without) == set(map(str, PREDICTIONS))
    assert len(table.compared) == 2
    assert [test.test for test in table.tests] == list(TESTS)


def test_cells_differ_where_the_code_is_another_and_never_where_there_is_none():
    table = battery_table(read(details()))
    assert table is not None
    tests = {test.test: test for test in table.tests}
    assert [name for name, test in tests.items() if table.differs("deceptive", test)] == ["T6"]
    assert table.differs("robust-internal", tests["T9"])
    assert not table.differs("suboptimal-compute", tests["T7"])
    assert not table.differs("none of these", tests["T9"])


def test_who_falls_where_a_fall_is_predicted_may_be_lost():
    given = details()
    next(cell for cell in given["cells"] if cell["test"] == "T9")["code"] = "L"
    table = battery_table(read(given))
    assert table is not None
    test = next(test for test in table.tests if test.test == "T9")
    assert not table.differs("deceptive", test)
    assert table.differs("robust-internal", test)


def test_the_same_details_give_the_same_bytes_and_say_what_stands_behind_them():
    first, again = (battery_table(read(given)) for given in (details(), json.loads(json.dumps(details()))))
    assert first is not None
    assert again is not None
    drawing = battery_drawing(first)
    assert battery_drawing(again) == drawing
    assert ElementTree.fromstring(drawing.svg).tag.endswith("svg")
    assert "n = 18 levels in each test" in drawing.caption
    assert "could not be made (T7)" in drawing.caption
    assert "T7 not made" in drawing.description
    assert "deceptive 0.950" in drawing.description
    assert "Differs from deceptive in T6" in drawing.description


def test_a_table_that_could_not_be_decoded_and_one_of_few_tests_are_drawn():
    for given in (
        {**details(), "kinds": [], "together": [], "distance": None},
        {**details(), "cells": details()["cells"][:3]},
        {**details(), "cells": [{**details()["cells"][0], "code": None, "score": None}]},
    ):
        table = battery_table(read(given))
        assert table is not None
        ElementTree.fromstring(battery_drawing(table).svg)


@pytest.mark.parametrize("cells", [None, 3, [], {}, "T0", [None, 3, {}], [{"test": 5}], [{"test": ""}]])
def test_without_cells_there_is_no_table(cells):
    assert battery_table(read({**details(), "cells": cells})) is None


@pytest.mark.parametrize("value", [3, "x", [None], {"a": 1}, [{"kind": 3}], [[HOSTILE, HOSTILE]]])
def test_what_is_no_table_is_not_drawn(value):
    for key in ("kinds", "predicted", "divergence"):
        assert battery_table(read({**details(), key: value})) is None, key
    for key in ("score", "pursued"):
        given = copy.deepcopy(details())
        given["cells"][0][key] = value
        assert battery_table(read(given)) is None, key


def test_foreign_text_and_numbers_beyond_measure_are_drawn_as_nothing_else():
    given = details()
    cell = {key: HOSTILE if isinstance(value, str) else value for key, value in given["cells"][0].items()}
    cell |= {"score": [1e300, 0.0, 1.0, 18], "swapped": 1e300, "pursued": [HOSTILE, 0.5]}
    divergence = {**given["divergence"], "test": HOSTILE, "share": None, "does": [HOSTILE], "settings": {HOSTILE: 1}}
    kinds = [{"kind": HOSTILE, "probability": 1e300}]
    hostile = {"cells": [cell] * 100, "kinds": kinds, "predicted": {HOSTILE: {HOSTILE: "Z"}}, "divergence": divergence}
    table = battery_table(read({**given, **hostile}))
    assert table is not None
    assert len(table.tests) == 40
    assert table.tests[0].code is None
    assert table.kinds == ((HOSTILE, 0.0),)
    drawing = battery_drawing(table)
    ElementTree.fromstring(drawing.svg)
    assert "script" not in drawing.svg
