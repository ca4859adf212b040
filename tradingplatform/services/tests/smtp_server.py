"""A mail server that keeps what it is given; enough of SMTP for smtplib."""

import email
import socketserver
import threading
from email.message import Message
from typing import Self, cast


class Received(Message):
    """A message with its parts at hand."""

    def walk_parts(self) -> list[str]:
        leaves = [part for part in self.walk() if not part.is_multipart()]
        return [cast("bytes", part.get_payload(decode=True)).decode().strip() for part in leaves]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    messages: list[Received]


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._say("220 test")
        while line := self.rfile.readline():
            verb = line.split()[0].upper().decode() if line.split() else ""
            if verb == "DATA":
                self._take_message()
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take_message(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        server = cast("_Server", self.server)
        server.messages.append(email.message_from_bytes(b"".join(lines), _class=Received))
        self._say("250 kept")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class SmtpServer:
    """Listens on 127.0.0.1 for the length of a block."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Conversation)
        self._server.messages = []
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def messages(self) -> list[Received]:
        return self._server.messages

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
