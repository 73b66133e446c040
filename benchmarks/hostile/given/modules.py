"""Modules of torch for the world of four places, each sound but for one thing."""

import sys

import torch
from torch import nn

torch.manual_seed(0)


class Linear(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(5, 2)

    def forward(self, seen):
        return self.layer(seen.float())


def module(name, forward):
    """Adds a module whose forward is this."""
    globals()[name] = type(name, (Linear,), {"forward": forward})()


def _altering(self, seen):
    seen.mul_(0)
    return self.layer(seen.float())


sound = Linear()
plain = nn.Linear(5, 2)
wrong_size = nn.Linear(7, 2)
other_actions = nn.Linear(5, 3)
in_double = nn.Linear(5, 2).double()
in_half = nn.Linear(5, 2).half()
with_dropout = nn.Sequential(nn.Linear(5, 16), nn.Dropout(0.5), nn.Linear(16, 2))
with_norm = nn.Sequential(nn.Linear(5, 16), nn.BatchNorm1d(16), nn.Linear(16, 2))
with_frozen_training = nn.Sequential(nn.Linear(5, 16), nn.Dropout(0.5), nn.Linear(16, 2))
with_frozen_training.eval = lambda: with_frozen_training
on_meta = nn.Linear(5, 2, device="meta")
recurrent = nn.LSTM(5, 2, batch_first=True)
no_forward = nn.Module()
lazy = nn.LazyLinear(2)
with torch.no_grad():
    nan_weights = nn.Linear(5, 2)
    nan_weights.weight.fill_(float("nan"))
    vast_weights = nn.Linear(5, 2)
    vast_weights.weight.fill_(3e38)
module("returns_pair", lambda self, seen: (self.layer(seen.float()), seen))
module("returns_none", lambda self, seen: None)
module("returns_array", lambda self, seen: self.layer(seen.float()).detach().numpy())
module("returns_text", lambda self, seen: "logits")
module("returns_distribution", lambda self, seen: torch.distributions.Categorical(logits=self.layer(seen.float())))
module("returns_complex", lambda self, seen: self.layer(seen.float()) * 1j)
module("returns_whole", lambda self, seen: (self.layer(seen.float()) * 10).long())
module("draws", lambda self, seen: torch.randn(len(seen), 2))
module("minus_infinite", lambda self, seen: torch.full((len(seen), 2), float("-inf")))
module("one_masked", lambda self, seen: torch.tensor([[0.0, float("-inf")]]).expand(len(seen), 2))
module("plus_infinite", lambda self, seen: torch.tensor([[0.0, float("inf")]]).expand(len(seen), 2))
module("exits", lambda self, seen: sys.exit(0))
module("interrupts", lambda self, seen: (_ for _ in ()).throw(KeyboardInterrupt()))
module("prints", lambda self, seen: print("the module prints") or self.layer(seen.float()))
module("alters_input", _altering)
module("by_batch_size", lambda self, seen: self.layer(seen.float()) * (1 if len(seen) % 2 else -1))
hooked = Linear()
hooked.register_forward_hook(lambda *_: sys.exit(0))
a_parameter = nn.Parameter(torch.ones(2))
a_tensor = torch.ones(2)
the_class = Linear
state = Linear().state_dict()
