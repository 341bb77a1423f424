"""Which entries of a state dict are buffers, told by name and dtype where no module says so."""

_BUFFER_NAMES = frozenset(
    {
        "running_mean",
        "running_var",
        "num_batches_tracked",
        "relative_position_index",
        "relative_coords_table",
        "attn_mask",
        "attention_bias_idxs",
        "position_ids",
        "inv_freq",
        "n_averaged",
    }
)


def is_buffer(key: str, dtype: str) -> bool:
    """Tell whether a state dict's entry is a buffer: by its name, or as it holds no real numbers."""
    return key.rpartition(".")[2] in _BUFFER_NAMES or dtype == "bool" or dtype.startswith(("int", "uint"))
