"""Values of the data model (document.py) <-> MessagePack, and digests of them."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import Any, TypeVar

import msgspec

UnpackedT = TypeVar("UnpackedT")


def _encode_path(value: Any) -> Any:  # noqa: ANN401 - msgspec's hook
    if isinstance(value, PurePosixPath):
        return str(value)
    raise NotImplementedError(type(value))


def _decode_path(kind: type, value: Any) -> Any:  # noqa: ANN401 - msgspec's hook
    return kind(value)


def pack(value: object) -> bytes:
    """Return a value of the data model as MessagePack."""
    return msgspec.msgpack.encode(value, enc_hook=_encode_path)


def unpack(packed: bytes, kind: type[UnpackedT]) -> UnpackedT:
    """Return the value that `pack` packed."""
    return msgspec.msgpack.decode(packed, type=kind, dec_hook=_decode_path)


def digest_of_values(*parts: object) -> str:
    """Return the SHA-256 of `parts`, in hexadecimal."""
    return hashlib.sha256(pack(parts)).hexdigest()


def name_hash(name: str) -> int:
    """Return a 64-bit hash of a name, for look-ups."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
