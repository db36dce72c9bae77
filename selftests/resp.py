# SPDX-License-Identifier: GPL-2.0
"""A client of a Redis server."""

import socket

from cases import PORT


class Client:
    """A connection, and what has arrived on it."""

    def __init__(self, timeout=60, port=PORT, path=None):
        if path:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(path)
        else:
            self.socket = socket.create_connection(("127.0.0.1", port), timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, *args):
        self.socket.sendall(request(*args))

    def reply(self):
        """The next answer. Those of one line are what they begin with, too, but for numbers."""
        line = self.file.readline()
        assert line.endswith(b"\r\n"), line
        kind, text = line[:1], line[1:-2]
        if kind in b"$=":
            if text == b"-1":
                return None
            body = self.file.read(int(text) + 2)
            assert body.endswith(b"\r\n")
            return body[:-2]
        if kind in b"*~>":
            return None if text == b"-1" else [self.reply() for _ in range(int(text))]
        if kind == b"%":
            return {self.reply(): self.reply() for _ in range(int(text))}
        if kind == b"_":
            return None
        if kind == b",":
            return float(text)
        return int(text) if kind == b":" else line[:-2]

    def ask(self, *args):
        self.send(*args)
        return self.reply()

    def pipeline(self, *requests):
        """The answers to all of them."""
        self.socket.sendall(b"".join(request(*args) for args in requests))
        return [self.reply() for _ in requests]

    def ends(self):
        """The server has closed, and there is nothing before that."""
        assert self.file.read(1) == b""

    def info(self, *sections):
        lines = self.ask("INFO", *sections).decode().splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)


def request(*args):
    args = [arg if isinstance(arg, bytes) else str(arg).encode() for arg in args]
    parts = [b"*%d\r\n" % len(args)]
    parts += [b"$%d\r\n%s\r\n" % (len(arg), arg) for arg in args]
    return b"".join(parts)
