"""The normalizations: one enum, one registry. Adding one is a member, a layer and a line.

Each module says what it normalizes over: `batch`, `example` or the weights (`weight`).
"""

from enum import StrEnum

from models.normalization import batch, example, noise, weight
from models.normalization.base import Context, Layer, NetworkState, Parameters, State


class Normalization(StrEnum):
    """The normalizations by the names that links use."""

    NONE = "none"
    BATCH = "batch"
    BATCH_CENTER = "batch-center"
    BATCH_SCALE = "batch-scale"
    BATCH_L1 = "batch-l1"
    BATCH_L2 = "batch-l2"
    BATCH_LINF = "batch-linf"
    BATCH_NOISY = "batch-noisy"
    BATCH_RENORM = "batch-renorm"
    BATCH_MOVING = "batch-moving"
    BATCH_DETACHED = "batch-detached"
    NOISE = "noise"
    LAYER = "layer"
    RMS = "rms"
    GROUP = "group"
    INSTANCE = "instance"
    WEIGHT = "weight"
    WEIGHT_PLAIN = "weight-plain"
    WEIGHT_LOG = "weight-log"
    WEIGHT_BOUNDED = "weight-bounded"
    WEIGHT_MEAN = "weight-mean"
    PROPAGATION = "propagation"
    PROPAGATION_UNIT = "propagation-unit"

    @property
    def label(self) -> str:
        """The name that people read."""
        return LAYERS[self].label

    @property
    def about(self) -> str:
        """What it does and when one takes it, in one sentence."""
        return LAYERS[self].about


LAYERS: dict[Normalization, type[Layer]] = {
    Normalization.NONE: Layer,
    Normalization.BATCH: batch.BatchNorm,
    Normalization.BATCH_CENTER: batch.BatchCenter,
    Normalization.BATCH_SCALE: batch.BatchScale,
    Normalization.BATCH_L1: batch.BatchL1,
    Normalization.BATCH_L2: batch.BatchL2,
    Normalization.BATCH_LINF: batch.BatchLInfinity,
    Normalization.BATCH_NOISY: batch.NoisyBatchNorm,
    Normalization.BATCH_RENORM: batch.BatchRenorm,
    Normalization.BATCH_MOVING: batch.BatchMoving,
    Normalization.BATCH_DETACHED: batch.BatchDetached,
    Normalization.NOISE: noise.Noise,
    Normalization.LAYER: example.LayerNorm,
    Normalization.RMS: example.RMSNorm,
    Normalization.GROUP: example.GroupNorm,
    Normalization.INSTANCE: example.InstanceNorm,
    Normalization.WEIGHT: weight.WeightNorm,
    Normalization.WEIGHT_PLAIN: weight.PlainWeightNorm,
    Normalization.WEIGHT_LOG: weight.LogWeightNorm,
    Normalization.WEIGHT_BOUNDED: weight.BoundedWeightNorm,
    Normalization.WEIGHT_MEAN: weight.MeanOnlyWeightNorm,
    Normalization.PROPAGATION: weight.NormalizationPropagation,
    Normalization.PROPAGATION_UNIT: weight.UnitNormalizationPropagation,
}
"""The layer of each normalization."""

__all__ = ["LAYERS", "Context", "Layer", "NetworkState", "Normalization", "Parameters", "State"]
