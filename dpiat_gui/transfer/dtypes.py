"""The dtypes a checkpoint may hold: torch's names, sizes and safetensors' codes."""

from dpiat_gui.errors import TransferError

SIZES = {
    "complex128": 16,
    "complex64": 8,
    "float64": 8,
    "int64": 8,
    "uint64": 8,
    "float32": 4,
    "int32": 4,
    "uint32": 4,
    "float16": 2,
    "bfloat16": 2,
    "int16": 2,
    "uint16": 2,
    "int8": 1,
    "uint8": 1,
    "bool": 1,
    "float8_e4m3fn": 1,
    "float8_e4m3fnuz": 1,
    "float8_e5m2": 1,
    "float8_e5m2fnuz": 1,
}
"""Bytes of one element, by torch's name of the dtype."""

SAFETENSORS_CODES = {
    "complex64": "C64",
    "float64": "F64",
    "int64": "I64",
    "uint64": "U64",
    "float32": "F32",
    "int32": "I32",
    "uint32": "U32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int16": "I16",
    "uint16": "U16",
    "int8": "I8",
    "uint8": "U8",
    "bool": "BOOL",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2": "F8_E5M2",
    "float8_e5m2fnuz": "F8_E5M2FNUZ",
}
"""safetensors' code, by torch's name of the dtype."""


def size_of(dtype: str) -> int:
    """Return the bytes of one element.

    Raises
    ------
    TransferError
        If no checkpoint holds such a dtype.
    """
    size = SIZES.get(dtype)
    if size is None:
        raise TransferError(f"Tensors of dtype {dtype} cannot be transferred.", "Convert the network first.")
    return size
