"""Where a Kafka says its brokers are, asked in its own protocol: a client library would already follow the answer."""

import socket
import struct
from dataclasses import dataclass

_METADATA, _VERSION = 3, 1


@dataclass(frozen=True)
class BrokerAddress:
    """One broker as it advertises itself to clients."""

    node: int
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def advertised(host: str, port: int, seconds: float = 5) -> list[BrokerAddress]:
    """What the broker at this address (PLAINTEXT) tells clients to connect to.

    Raises OSError where nothing answers, ValueError where the answer is not Kafka's.
    """
    client = b"throughline-doctor"
    body = struct.pack(">hhih", _METADATA, _VERSION, 1, len(client)) + client + struct.pack(">i", 0)
    with socket.create_connection((host, port), timeout=seconds) as connection:
        connection.sendall(struct.pack(">i", len(body)) + body)
        (size,) = struct.unpack(">i", _exactly(connection, 4))
        if not 0 < size < 16 * 1024 * 1024:
            raise ValueError("the answer is not Kafka's")
        return _brokers(_exactly(connection, size))


def _brokers(answer: bytes) -> list[BrokerAddress]:
    try:
        _, count = struct.unpack_from(">ii", answer)
        at, found = 8, []
        for _ in range(count):
            node, length = struct.unpack_from(">ih", answer, at)
            host = answer[at + 6 : at + 6 + length].decode()
            (port,) = struct.unpack_from(">i", answer, at + 6 + length)
            (rack,) = struct.unpack_from(">h", answer, at + 10 + length)
            at += 12 + length + max(0, rack)
            found.append(BrokerAddress(node, host, port))
    except (struct.error, UnicodeDecodeError) as error:
        raise ValueError(f"the answer is not Kafka's: {error}") from error
    return found


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        piece = connection.recv(size - len(parts))
        if not piece:
            raise ConnectionResetError("the connection was closed before the answer was whole")
        parts += piece
    return bytes(parts)
