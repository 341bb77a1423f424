"""What kind a layer is, and which kinds a score knows (dpiat.md, section 2)."""

from enum import Enum


class LayerKind(Enum):
    """The kind of a layer; two layers are of the same type when their kinds are equal."""

    # Members are singletons: hashing them by identity spares a Python call at every look-up.
    __hash__ = object.__hash__

    CONV1D = "Conv1d"
    CONV2D = "Conv2d"
    CONV3D = "Conv3d"
    CONV_TRANSPOSE1D = "ConvTranspose1d"
    CONV_TRANSPOSE2D = "ConvTranspose2d"
    CONV_TRANSPOSE3D = "ConvTranspose3d"
    BATCH_NORM1D = "BatchNorm1d"
    BATCH_NORM2D = "BatchNorm2d"
    BATCH_NORM3D = "BatchNorm3d"
    LINEAR = "Linear"
    SYNC_BATCH_NORM = "SyncBatchNorm"
    LAYER_NORM = "LayerNorm"
    GROUP_NORM = "GroupNorm"
    INSTANCE_NORM1D = "InstanceNorm1d"
    INSTANCE_NORM2D = "InstanceNorm2d"
    INSTANCE_NORM3D = "InstanceNorm3d"
    RMS_NORM = "RMSNorm"
    EMBEDDING = "Embedding"
    PRELU = "PReLU"
    IN_PROJECTION = "in_proj"
    PARAMETER = "Parameter"
    ACTIVATION = "activation"
    POOL = "pool"
    DROPOUT = "dropout"
    IDENTITY = "Identity"
    OTHER = "other"


CONVOLUTIONS = frozenset(
    {
        LayerKind.CONV1D,
        LayerKind.CONV2D,
        LayerKind.CONV3D,
        LayerKind.CONV_TRANSPOSE1D,
        LayerKind.CONV_TRANSPOSE2D,
        LayerKind.CONV_TRANSPOSE3D,
    }
)
BATCH_NORMS = frozenset({LayerKind.BATCH_NORM1D, LayerKind.BATCH_NORM2D, LayerKind.BATCH_NORM3D})
NORMS = BATCH_NORMS | {
    LayerKind.SYNC_BATCH_NORM,
    LayerKind.LAYER_NORM,
    LayerKind.GROUP_NORM,
    LayerKind.INSTANCE_NORM1D,
    LayerKind.INSTANCE_NORM2D,
    LayerKind.INSTANCE_NORM3D,
    LayerKind.RMS_NORM,
}
DIMENSIONAL = CONVOLUTIONS | {LayerKind.LINEAR}
"""Conv and linear layers: what standardization counts to tell a block from loose layers."""

PAPER_KINDS = DIMENSIONAL | BATCH_NORMS
"""The kinds the paper scores; modules of these kinds are leaves of standardization."""

SCORED_KINDS = {
    "paper": PAPER_KINDS,
    "all": PAPER_KINDS
    | NORMS
    | {LayerKind.EMBEDDING, LayerKind.PRELU, LayerKind.IN_PROJECTION, LayerKind.PARAMETER},
}
"""Scored kinds by the name of the option ``layer_types``."""
