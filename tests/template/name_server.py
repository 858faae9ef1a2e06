"""A name server that gives every name the same addresses, as that of a Docker network does."""

import ipaddress
import socketserver
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

HEADER = struct.Struct("!6H")
RECORD = struct.Struct("!HHHIH")
ANSWER, NAME_OF_QUESTION, A, IN = 0x8180, 0xC00C, 1, 1


@contextmanager
def name_server(addresses: Sequence[str]) -> Iterator[int]:
    """Serve while the block runs; gives the port."""

    class Answer(socketserver.DatagramRequestHandler):
        def handle(self) -> None:
            query = self.rfile.read()
            number, _, _, *_ = HEADER.unpack_from(query)
            end = query.index(b"\0", HEADER.size) + 5  # of the name, its type and its class
            asked = struct.unpack_from("!H", query, end - 4)[0]
            found = addresses if asked == A else []  # no IPv6
            self.wfile.write(HEADER.pack(number, ANSWER, 1, len(found), 0, 0))
            self.wfile.write(query[HEADER.size : end])
            for address in found:
                self.wfile.write(RECORD.pack(NAME_OF_QUESTION, A, IN, 1, 4))
                self.wfile.write(ipaddress.IPv4Address(address).packed)

    with socketserver.UDPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
