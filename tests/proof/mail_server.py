"""A mail server on a loopback port that speaks SMTP (RFC 5321) and keeps what it was given."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


class Post:
    """What arrived; ``says`` is how the server answers a recipient, ``breaks`` lets it hang up after the words."""

    def __init__(self) -> None:
        self.url = ""
        self.got: list[EmailMessage] = []
        self.says = "250 fine"
        self.breaks = False
        self.calls = 0


@contextmanager
def mail_server() -> Iterator[Post]:
    """Serve until the block ends."""
    post = Post()

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            post.calls += 1
            self._say("220 here")
            while line := self.rfile.readline():
                verb = line.split(b" ")[0].strip().upper()
                if verb == b"DATA":
                    self._say("354 go on")
                    lines = iter(self.rfile.readline, b".\r\n")
                    raw = b"".join(one[1:] if one.startswith(b"..") else one for one in lines)
                    post.got.append(cast(EmailMessage, message_from_bytes(raw, policy=policy.default)))
                    if post.breaks:
                        return
                    self._say("250 kept")
                elif verb == b"RCPT":
                    self._say(post.says)
                elif verb == b"QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 fine")

        def _say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Talk) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        post.url = f"smtp://127.0.0.1:{server.server_address[1]}"
        try:
            yield post
        finally:
            server.shutdown()
            thread.join()
