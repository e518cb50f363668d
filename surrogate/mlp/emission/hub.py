"""The hypernetwork as a transformers model: `from_pretrained`, `save_pretrained`, the Hub."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from torch import nn
from transformers import PretrainedConfig, PreTrainedModel

from surrogate.mlp.emission.hypernetwork import Hypernetwork, HypernetworkConfig


class PretrainedHypernetworkConfig(PretrainedConfig):
    """The configuration of a hypernetwork, and what transformers adds to every one."""

    model_type = "surrogate-hypernetwork"

    def __init__(self, **kwargs: Any):
        names = [f.name for f in fields(HypernetworkConfig)]
        config = HypernetworkConfig(**{n: kwargs.pop(n) for n in names if n in kwargs})
        super().__init__(**kwargs)
        for name, value in asdict(config).items():
            setattr(self, name, value)

    @property
    def architecture(self) -> HypernetworkConfig:
        return HypernetworkConfig(**{f.name: getattr(self, f.name) for f in fields(HypernetworkConfig)})


class HypernetworkModel(Hypernetwork, PreTrainedModel):
    """Emits an MLP for each graph of a batch; see `Hypernetwork`, whose parameters it has by the same names."""

    config_class = PretrainedHypernetworkConfig
    base_model_prefix = "hypernetwork"

    def __init__(self, config: PretrainedHypernetworkConfig):
        PreTrainedModel.__init__(self, config)
        self._build(config.architecture)
        PreTrainedModel.post_init(self)

    def _init_weights(self, module: nn.Module) -> None:
        """Every module initialises itself; transformers' default would overwrite the scales chosen there."""
