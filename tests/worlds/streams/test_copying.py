import numpy as np

from mesascope.worlds.streams.copying import Copying
from tests.worlds.streams.playing import played


def test_rows_then_a_mark_then_as_many_judged_answers():
    stream = Copying()
    task, seen, given, signals = played(stream)
    assert set(task.length) == set(range(1, 11))
    for bits, length, rows, answers, judged in zip(task.bits[:100], task.length, seen, given, signals, strict=False):
        np.testing.assert_array_equal(rows[:length, :4], bits[:length])
        np.testing.assert_array_equal(rows[length:, :4], 0)
        np.testing.assert_array_equal(rows[:, 4], np.arange(21) == length)
        window = np.s_[length + 1 : 2 * length + 1]
        np.testing.assert_array_equal(judged[window, 1], ((answers[window] > 0) == (bits[:length] > 0)).sum(1))
        chance = 1 / (1 + np.exp(-answers[window]))
        likely = np.log(np.where(bits[:length] > 0, chance, 1 - chance)).sum(1)
        np.testing.assert_allclose(judged[window, 0], likely, rtol=1e-4)
        assert not np.delete(judged, window, axis=0).any()
    assert stream.shifts()["longer"].steps == 41
