"""The page and the screen of a learner's audit: the answers, the curves, and nothing of an agent's that could run."""

from __future__ import annotations

from tests.report.learner_example import learner_report


def test_the_screen_answers_four_questions():
    text = learner_report().text(width=100)
    for line in ("Does it learn inside?", "Which algorithm?", "For what?", "Aligned, also under shifts?"):
        assert line in text
    assert "not aligned: it learns for something else" in text
    assert "Too few choices" in text
    assert "stream bandits (arms=3, correlated=False, light=1.0)" in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_the_page_draws_the_episode_beside_its_references_and_escapes_names():
    page = learner_report().page()
    assert "as it is: 0.5 first, 0.7 last" in page.replace("&lt;b&gt;", "").replace("&lt;/b&gt;", "")
    assert "bayes-adaptive: 0.5 first, 0.75 last" in page
    for foreign in ("<script>robot", "<b>as it", "<i>loaded"):
        assert foreign not in page
    assert "greedy 0.900; thompson 0.100" in page
    # Numbers of several things are read as such, and not as code.
    assert "slips 0.02 [0.01, 0.03] (n = 64 episodes)" in page
    assert "wins 1; losses 1; slips 0.02" in page
    assert page.count("<svg") == 5
