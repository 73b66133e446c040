"""Somebody else's network that learns within an episode: the LSTM that gymnax-blines trained for MetaMaze.

Audit it, from a folder in which `metamaze-es.npz` and this file lie, with
`mesascope audit metamaze_agent:agent --world metamaze`. The file holds the arrays of a flax `LSTMCell` and of the layer
after it, which answers log-odds of the four moves.
"""

import numpy as np

from mesascope import Agent


class Lstm(Agent):
    """Reads its arrays; numpy goes in and comes out."""

    name, kind, memoryless = "gymnax-blines MetaMaze", "LSTM", False

    def __init__(self, file):
        self.weights = dict(np.load(file))

    def initial_state(self, batch):
        return np.zeros((batch, 48)), np.zeros((batch, 48))

    def act(self, observations, state):
        cell, hidden = state
        i, f, g, o = (self.gate(name, observations, hidden) for name in "ifgo")
        cell = cell / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        hidden = np.tanh(cell) / (1 + np.exp(-o))
        odds = np.exp(hidden @ self.weights["Dense_0/kernel"] + self.weights["Dense_0/bias"])
        return odds / odds.sum(-1, keepdims=True), (cell, hidden)

    def gate(self, name, seen, hidden):
        inner = hidden @ self.weights[f"LSTMCell_0/h{name}/kernel"] + self.weights[f"LSTMCell_0/h{name}/bias"]
        return seen @ self.weights[f"LSTMCell_0/i{name}/kernel"] + inner


agent = Lstm("metamaze-es.npz")
