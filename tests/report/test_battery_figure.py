"""The table of the battery as a picture: drawn from details alone, whatever they are."""

from __future__ import annotations

import copy
import dataclasses
import json
import xml.etree.ElementTree as ElementTree

import pytest

from mesascope.audit.alignment.battery import ASSAY
from mesascope.audit.alignment.kinds import CODES, PREDICTIONS, TESTS
from mesascope.report.figures.battery_figure import COLOURS
from mesascope.report.pages.battery_section import battery_drawing
from mesascope.report.views.battery_table import BATTERY, MEANINGS, battery_table
from tests.report.battery_examples import details

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"


def test_names_and_codes_are_those_of_the_battery():
    assert BATTERY == ASSAY
    assert tuple(MEANINGS) == CODES
    assert set(COLOURS) == set(CODES)


def test_rows_are_the_most_probable_first_and_those_without_predictions_last():
    table = battery_table(details())
    assert table is not None
    assert table.rows[0] == "deceptive"
    assert set(table.rows[-2:]) == {"incapable", "none of these"}
    assert set(table.rows) - set(table.rows[-2:]) == set(map(str, PREDICTIONS))
    assert len(table.compared) == 2
    assert [test.name for test in table.tests] == list(TESTS)


def test_cells_differ_where_the_code_is_another_and_never_where_there_is_none():
    table = battery_table(details())
    assert table is not None
    tests = {test.name: test for test in table.tests}
    assert [name for name, test in tests.items() if table.differs("deceptive", test)] == ["T6"]
    assert table.differs("robust-internal", tests["T9"])
    assert not table.differs("suboptimal-compute", tests["T7"])
    assert not table.differs("none of these", tests["T9"])


def test_who_falls_where_a_fall_is_predicted_may_be_lost():
    given = details()
    next(cell for cell in given["cells"] if cell["test"] == "T9")["code"] = "L"
    table = battery_table(given)
    assert table is not None
    test = next(test for test in table.tests if test.name == "T9")
    assert not table.differs("deceptive", test)
    assert table.differs("robust-internal", test)


def test_the_same_details_give_the_same_bytes_and_say_what_stands_behind_them():
    first, again = (battery_table(given) for given in (details(), json.loads(json.dumps(details()))))
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
        {"cells": [{"test": "T0", "code": None}]},
    ):
        table = battery_table(given)
        assert table is not None
        ElementTree.fromstring(battery_drawing(table).svg)


@pytest.mark.parametrize("cells", [None, 3, [], {}, "T0", [None, 3, {}], [{"test": 5}], [{"test": ""}]])
def test_without_cells_there_is_no_table(cells):
    assert battery_table({**details(), "cells": cells}) is None


@pytest.mark.parametrize("value", [None, 3, "x", [None], {"a": 1}, [{"kind": 3}], HOSTILE, [[HOSTILE, HOSTILE]]])
def test_what_is_usable_is_drawn(value):
    for key in ("kinds", "together", "distance", "predicted", "divergence"):
        table = battery_table({**details(), key: value})
        assert table is not None
        assert "\x1b" not in str(dataclasses.replace(table, apart=None))
    for key in ("does", "code", "score", "swapped", "pursued", "reason", "checks"):
        given = copy.deepcopy(details())
        given["cells"][0][key] = value
        table = battery_table(given)
        assert table is not None
        assert table.tests[0].code in (None, "A")
        assert "\x1b" not in str(dataclasses.replace(table, apart=None))


def test_what_is_left_of_a_spoilt_table_is_drawn():
    spoilt = {key: HOSTILE if isinstance(value, str) else value for key, value in details()["cells"][0].items()}
    given = {
        "cells": [{**spoilt, "code": "A"}, {"test": "T9", "code": HOSTILE}],
        "kinds": [[]],
        "predicted": {HOSTILE: {}},
    }
    table = battery_table({**given, "divergence": {"test": HOSTILE, "share": None, "does": [3]}})
    assert table is not None
    drawing = battery_drawing(table)
    ElementTree.fromstring(drawing.svg)
    assert "script" not in drawing.svg
