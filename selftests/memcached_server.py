#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""memcached_server.py PORT CASE...: what memcached has to do, wherever it runs. For tests/memcached.sh."""

import base64
import os
import random
import socket
import struct
import threading
import time

from cases import PORT, equal, run, until

DIR = os.environ.get("MEMCACHED_DIR", ".")


class Client:
    """A connection that speaks the protocol of lines."""

    def __init__(self, path=None, port=PORT):
        if path:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(60)
            self.socket.connect(path)
        else:
            self.socket = socket.create_connection(("127.0.0.1", port), 60)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, line, value=None):
        self.socket.sendall(line.encode() + b"\r\n" + (b"" if value is None else value + b"\r\n"))

    def line(self):
        line = self.file.readline()
        assert line.endswith(b"\n"), line
        # Of a unix socket's path memcached shows what is behind its 26 bytes, too ("stats conns").
        return line.decode(errors="replace").rstrip("\r\n")

    def ask(self, line, value=None):
        self.send(line, value)
        return self.line()

    def value(self, size):
        data = self.file.read(size + 2)
        assert data.endswith(b"\r\n"), data[-20:]
        return data[:-2]

    def get(self, *keys, command="get"):
        """{key: (flags, value)}, or with the unique number as well."""
        self.send(f"{command} {' '.join(keys)}")
        found = {}
        while (line := self.line()) != "END":
            word, key, flags, size, *cas = line.split()
            equal(word, "VALUE")
            found[key] = (int(flags), self.value(int(size)), *map(int, cas))
        return found

    def meta(self, line, value=None):
        """The words of an answer, and the value if there is one."""
        self.send(line, value)
        words = self.line().split()
        return (words, self.value(int(words[1]))) if words[0] == "VA" else (words, None)

    def stats(self, *which):
        self.send(" ".join(["stats", *which]))
        found = {}
        while (line := self.line()) not in ("END", "RESET"):
            word, name, *value = line.split(" ", 2)
            equal(word, "STAT")
            found[name] = value[0] if value else ""
        return found

    def ends(self):
        equal(self.file.read(1), b"")


def fresh():
    """A client of an empty server."""
    client = Client()
    equal(client.ask("flush_all"), "OK")
    return client


def text():
    with fresh() as client:
        equal(client.ask("set a 5 0 3", b"abc"), "STORED")
        equal(client.get("a", "b"), {"a": (5, b"abc")})
        equal(client.ask("add a 0 0 1", b"x"), "NOT_STORED")
        equal(client.ask("replace b 0 0 1", b"x"), "NOT_STORED")
        equal(client.ask("append a 0 0 3", b"def"), "STORED")
        equal(client.ask("prepend a 0 0 1", b"_"), "STORED")
        equal(client.get("a")["a"], (5, b"_abcdef"))
        equal(client.ask("delete a"), "DELETED")
        equal(client.ask("delete a"), "NOT_FOUND")
        binary = bytes(range(256)) * 3 + b"\r\nEND\r\n"
        equal(client.ask(f"set bin 4294967295 0 {len(binary)}", binary), "STORED")
        equal(client.get("bin")["bin"], (4294967295, binary))
        client.send("set quiet 0 0 1 noreply", b"q")
        equal(client.get("quiet"), {"quiet": (0, b"q")})
        equal(client.ask("set " + "k" * 250 + " 0 0 1", b"x"), "STORED")
        assert client.ask("get " + "k" * 251).startswith("CLIENT_ERROR")
        equal(client.ask("nosuch"), "ERROR")
        client.send("set bad 0 0 3", b"toolong")
        equal(client.line(), "CLIENT_ERROR bad data chunk")
    with Client() as client:
        equal(client.ask("verbosity 1"), "OK")
        equal(client.ask("verbosity 0"), "OK")
        assert client.ask("version").startswith("VERSION 1.6.")
        client.send("quit")
        client.ends()


def numbers():
    with fresh() as client:
        client.ask("set n 0 0 2", b"10")
        equal([client.ask("incr n 5"), client.ask("decr n 100"), client.ask("incr none 1")], ["15", "0", "NOT_FOUND"])
        client.ask("set n 0 0 20", b"18446744073709551615")
        equal(client.ask("incr n 2"), "1")
        client.ask("set t 0 0 4", b"text")
        assert client.ask("incr t 1").startswith("CLIENT_ERROR cannot increment or decrement non-numeric value")


def unique():
    """gets and cas."""
    with fresh() as client, Client() as other:
        client.ask("set a 0 0 1", b"1")
        number = client.get("a", command="gets")["a"][2]
        equal(client.ask(f"cas a 0 0 1 {number}", b"2"), "STORED")
        equal(client.ask(f"cas a 0 0 1 {number}", b"3"), "EXISTS")
        equal(client.ask("cas none 0 0 1 1", b"3"), "NOT_FOUND")
        number = client.get("a", command="gets")["a"][2]
        other.ask("set a 0 0 1", b"4")
        equal(client.ask(f"cas a 0 0 1 {number}", b"5"), "EXISTS")
        equal(client.get("a"), {"a": (0, b"4")})


def times():
    """Expiry, touch, gat, and a flush that is put off."""
    with fresh() as client:
        equal(client.ask("set short 0 2 1", b"s"), "STORED")
        equal(client.ask("set past 0 -1 1", b"p"), "STORED")
        equal(client.ask("set far 0 100 1", b"f"), "STORED")
        equal(client.ask(f"set date 0 {int(time.time()) + 100} 1", b"d"), "STORED")
        equal(sorted(client.get("short", "past", "far", "date")), ["date", "far", "short"])
        equal(client.ask("set touched 0 2 1", b"t"), "STORED")
        equal(client.ask("touch touched 100"), "TOUCHED")
        equal(client.ask("touch none 100"), "NOT_FOUND")
        equal(client.get("100", "touched", command="gat"), {"touched": (0, b"t")})
        until(lambda: "short" not in client.get("short"))
        equal(sorted(client.get("touched", "far", "date")), ["date", "far", "touched"])
        left = int(client.meta("mg far t")[0][1][1:])
        assert 90 < left <= 100, left
        equal(client.ask("flush_all 1"), "OK")
        until(lambda: not client.get("far", "date"))


def meta():
    with fresh() as client:
        equal(client.ask("mn"), "MN")
        equal(client.meta("ms a 3 T100 F7", b"abc"), (["HD"], None))
        equal(client.meta("mg a v f s k t O12")[0][:5], ["VA", "3", "f7", "s3", "ka"])
        equal(client.meta("mg a v")[1], b"abc")
        equal(client.meta("mg none v"), (["EN"], None))
        equal(client.meta("ms a 3 MA", b"def"), (["HD"], None))
        equal(client.meta("ms a 1 MP", b"_"), (["HD"], None))
        equal(client.meta("mg a v")[1], b"_abcdef")
        equal(client.meta("ms a 1 ME", b"x")[0], ["NS"])
        equal(client.meta("ms b 1 MR", b"x")[0], ["NS"])
        number = client.meta("mg a c")[0][1][1:]
        equal(client.meta(f"ms a 1 C{number}", b"x")[0], ["HD"])
        equal(client.meta(f"ms a 1 C{number}", b"x")[0], ["EX"])
        equal(client.meta("ma n N0 J5 v"), (["VA", "1"], b"5"))
        equal(client.meta("ma n D10 v"), (["VA", "2"], b"15"))
        equal(client.meta("ma n MD D3 v")[1], b"12")
        # Stale, and the one that may renew it.
        equal(client.meta("md a I T30")[0], ["HD"])
        equal(set(client.meta("mg a v c")[0][3:]), {"W", "X"})
        equal(set(client.meta("mg a v c")[0][3:]), {"Z", "X"})
        key = base64.b64encode(b"\x00key with spaces\xff").decode()
        equal(client.meta(f"ms {key} 2 b", b"bi")[0], ["HD"])
        equal(client.meta(f"mg {key} b k v"), (["VA", "2", f"k{key}", "b"], b"bi"))
        # Quiet ones, of which only the hits answer.
        client.socket.sendall(b"mg none q v\r\nmg a q k\r\nmn\r\n")
        equal([client.line().split()[:2], client.line()], [["HD", "ka"], "MN"])
        assert client.ask("me a").startswith("ME a exp=")
        equal(client.ask("me none"), "EN")
        client.send("md a q")
        equal(client.ask("mn"), "MN")
        equal(client.meta("md a")[0], ["NF"])


class Binary:
    """The binary protocol."""

    def __init__(self):
        self.socket = socket.create_connection(("127.0.0.1", PORT), 60)
        self.file = self.socket.makefile("rb")

    def ask(self, opcode, key=b"", value=b"", extras=b"", cas=0, answers=1):
        size = len(key) + len(value) + len(extras)
        header = struct.pack(">BBHBBHIIQ", 0x80, opcode, len(key), len(extras), 0, 0, size, 0xCAFE, cas)
        self.socket.sendall(header + extras + key + value)
        return self.answer() if answers else None

    def answer(self):
        """Status, extras, key, value, unique number."""
        magic, _, keys, extras, _, status, size, opaque, cas = struct.unpack(">BBHBBHIIQ", self.file.read(24))
        equal((magic, opaque), (0x81, 0xCAFE))
        body = self.file.read(size)
        return status, body[:extras], body[extras : extras + keys], body[extras + keys :], cas


def binary():
    fresh().close()
    client = Binary()
    get, put, add, delete, incr, noop, version, getkq, stat, touch = 0, 1, 2, 4, 5, 0x0A, 0x0B, 0x0D, 0x10, 0x1C
    flags = struct.pack(">II", 0xDEADBEEF, 0)
    status, _, _, _, cas = client.ask(put, b"a", b"value", flags)
    equal(status, 0)
    equal(client.ask(get, b"a"), (0, flags[:4], b"", b"value", cas))
    equal(client.ask(put, b"a", b"x", flags, cas + 1)[0], 2)
    equal(client.ask(add, b"a", b"x", flags)[0], 2)
    equal(client.ask(get, b"none")[0], 1)
    counter = struct.pack(">QQI", 7, 100, 0)
    equal([client.ask(incr, b"n", b"", counter)[3] for _ in range(2)], [struct.pack(">Q", 100), struct.pack(">Q", 107)])
    equal(client.ask(touch, b"a", b"", struct.pack(">I", 100))[0], 0)
    # Quiet gets, closed by a noop: only the hit answers.
    client.ask(getkq, b"none", answers=0)
    client.ask(getkq, b"a", answers=0)
    equal(client.ask(noop)[2:4], (b"a", b"value"))
    equal(client.answer()[0], 0)
    equal(client.ask(delete, b"a")[0], 0)
    equal(client.ask(delete, b"a")[0], 1)
    assert client.ask(version)[3].startswith(b"1.6.")
    names = set()
    answer = client.ask(stat)
    while answer[2]:
        names.add(answer[2])
        answer = client.answer()
    assert {b"pid", b"curr_items", b"threads"} <= names
    equal(client.ask(0x77)[0], 0x81)


def statistics():
    with fresh() as client:
        before = client.stats()
        equal(before["pid"], os.environ["MEMCACHED_PID"])
        equal(before["threads"], "4")
        equal(before["pointer_size"], "64")
        assert abs(int(before["time"]) - time.time()) < 5
        assert before["libevent"] and before["version"].startswith("1.6.")
        for number in range(50):
            client.ask(f"set key{number} 0 0 {number * 30 + 1}", b"v" * (number * 30 + 1))
        client.get(*(f"key{number}" for number in range(100)))
        after = client.stats()
        equal(int(after["cmd_set"]) - int(before["cmd_set"]), 50)
        equal(int(after["get_hits"]) - int(before["get_hits"]), 50)
        equal(int(after["get_misses"]) - int(before["get_misses"]), 50)
        equal(after["curr_items"], "50")
        assert float(after["rusage_user"]) + float(after["rusage_system"]) > 0
        assert int(after["bytes_read"]) > int(before["bytes_read"])
        items = client.stats("items")
        equal(sum(int(value) for name, value in items.items() if name.endswith(":number")), 50)
        slabs = client.stats("slabs")
        equal(sum(int(value) for name, value in slabs.items() if name.endswith(":cmd_set")), int(after["cmd_set"]))
        assert int(slabs["active_slabs"]) > 3
        assert client.stats("sizes")
        connections = client.stats("conns")
        assert any(value.startswith(f"tcp:127.0.0.1:{PORT}") for value in connections.values()), connections
        equal(client.stats("settings")["num_threads"], "4")
        client.send("stats reset")
        equal(client.line(), "RESET")
        equal(client.stats()["get_hits"], "0")
        equal(client.ask("lru_crawler crawl all"), "OK")
        # While it crawls, it can do nothing else.
        while True:
            client.send("lru_crawler metadump all")
            lines = [client.line()]
            if not lines[0].startswith("BUSY"):
                break
            time.sleep(0.05)
        while lines[-1] != "END":
            lines.append(client.line())
        lines.pop()
        equal(len(lines), 50)


def large_values():
    rng = random.Random(5)
    with fresh() as client:
        # The largest is a megabyte, with what an item has around it.
        for size in 1000, 16383, 16384, 100000, 524288, 524289, (1 << 20) - 500:
            value = rng.randbytes(size)
            equal(client.ask(f"set large{size} 0 0 {size}", value), "STORED")
            equal(client.get(f"large{size}")[f"large{size}"], (0, value))
        value = bytes(2 << 20)
        equal(client.ask(f"set toolarge 0 0 {len(value)}", value), "SERVER_ERROR object too large for cache")
        equal(client.get("toolarge"), {})
        # Much at once, of which nothing is read meanwhile.
        key = f"large{100000}"
        value = client.get(key)[key][1]
        client.socket.sendall(f"get {key}\r\n".encode() * 100)
        time.sleep(0.3)
        for _ in range(100):
            equal(client.line(), f"VALUE {key} 0 100000")
            assert client.value(100000) == value
            equal(client.line(), "END")


def pieces():
    """Requests that come in pieces of any size."""
    rng = random.Random(6)
    with fresh() as client:
        stream, values = b"", []
        for number in range(300):
            value = rng.randbytes(rng.choice([0, 1, 100, 2000, 20000]))
            stream += b"set k%d 0 0 %d\r\n%s\r\nget k%d\r\n" % (number % 20, len(value), value, number % 20)
            values.append(value)

        def send():
            at = 0
            while at < len(stream):
                size = rng.choice([1, 5, 500, 1448, 40000])
                client.socket.sendall(stream[at : at + size])
                at += size

        sender = threading.Thread(target=send)
        sender.start()
        for number, value in enumerate(values):
            equal(client.line(), "STORED")
            equal(client.line(), f"VALUE k{number % 20} 0 {len(value)}")
            equal(client.value(len(value)), value)
            equal(client.line(), "END")
        sender.join()


def many_connections():
    clients = [Client() for _ in range(1000)]
    for number, client in enumerate(clients):
        client.send(f"set of{number} 0 0 4", b"%04d" % number)
    for client in clients:
        equal(client.line(), "STORED")
    for number, client in enumerate(clients):
        client.send(f"get of{number}")
    for number, client in enumerate(clients):
        equal([client.line(), client.value(4), client.line()], [f"VALUE of{number} 0 4", b"%04d" % number, "END"])
    assert int(clients[0].stats()["curr_connections"]) >= 1000
    for client in clients:
        client.close()
    with Client() as client:
        until(lambda: int(client.stats()["curr_connections"]) < 20)


def many_threads():
    """All threads of the server at once, over the same keys."""
    with fresh() as client:
        client.ask("set sum 0 0 1", b"0")

    def work(number, failed):
        rng = random.Random(number)
        try:
            with Client() as mine:
                for _ in range(60):
                    mine.ask("incr sum 1")
                    key = f"shared{rng.randrange(10)}"
                    byte = bytes([rng.randrange(256)])
                    equal(mine.ask(f"set {key} 0 0 3000", byte * 3000), "STORED")
                    (_, value) = mine.get(key)[key]
                    # Somebody else's is as good, but a mixture is not.
                    equal(value, value[:1] * 3000)
        except BaseException as error:  # pylint: disable=broad-exception-caught
            failed.append(error)

    failed = []
    workers = [threading.Thread(target=work, args=(number, failed)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failed, failed
    with Client() as client:
        equal(client.get("sum"), {"sum": (0, b"%d" % (8 * 60))})
    assert len(os.listdir(f"/proc/{os.environ['MEMCACHED_PID']}/task")) >= 5


def eviction():
    """More than there is memory for."""
    with fresh() as client:
        equal(client.stats("settings")["maxbytes"], str(8 << 20))
        before = int(client.stats()["evictions"])
        rng = random.Random(8)
        for number in range(3000):
            size = rng.choice([100, 2000, 9000])
            client.send(f"set evict{number} 0 0 {size} noreply", bytes([number % 256]) * size)
        equal(client.ask("mn"), "MN")
        stats = client.stats()
        assert int(stats["evictions"]) - before > 500, stats["evictions"]
        assert int(stats["bytes"]) <= 8 << 20
        assert 200 < int(stats["curr_items"]) < 2500, stats["curr_items"]
        # The newest are there, and whole.
        for number in range(2990, 3000):
            (_, value) = client.get(f"evict{number}")[f"evict{number}"]
            equal(value, bytes([number % 256]) * len(value))
        assert 200 < len(client.get(*(f"evict{number}" for number in range(3000)))) < 2500
        equal(client.ask("flush_all"), "OK")
        equal(client.ask("set after 0 0 1", b"a"), "STORED")


def udp():
    with fresh() as client, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        client.ask("set u 0 0 3", b"udp")
        value = random.Random(2).randbytes(5000)
        client.ask("set long 0 0 5000", value)
        sock.settimeout(10)
        sock.connect(("127.0.0.1", PORT))

        def ask(number, data):
            """The datagrams of an answer, put in order."""
            sock.send(struct.pack(">HHHH", number, 0, 1, 0) + data)
            parts = {}
            while True:
                answer = sock.recv(65536)
                request, part, count, _ = struct.unpack(">HHHH", answer[:8])
                equal(request, number)
                parts[part] = answer[8:]
                if len(parts) == count:
                    return b"".join(parts[part] for part in range(count))

        equal(ask(1, b"get u\r\n"), b"VALUE u 0 3\r\nudp\r\nEND\r\n")
        equal(ask(2, b"set v 0 0 1\r\nv\r\n"), b"STORED\r\n")
        equal(ask(3, b"get long\r\n"), b"VALUE long 0 5000\r\n" + value + b"\r\nEND\r\n")
        for number in range(200):
            equal(ask(number, b"incr none 1\r\n"), b"NOT_FOUND\r\n")
        equal(client.get("v"), {"v": (0, b"v")})


def watch():
    with fresh() as client, Client() as watcher:
        equal(watcher.ask("watch fetchers mutations"), "OK")
        client.ask("set seen 0 0 1", b"s")
        while "type=item_store key=seen status=stored" not in watcher.line():
            pass


def unix_socket():
    with Client(path=f"{DIR}/socket") as client:
        equal(client.ask("set u 0 0 100000", b"u" * 100000), "STORED")
        equal(client.get("u"), {"u": (0, b"u" * 100000)})
        assert any(value.startswith("unix:") for value in client.stats("conns").values())
    equal(os.stat(f"{DIR}/socket").st_mode & 0o777, 0o700)


def too_many():
    """-c: one more is turned away, and is served when others have gone."""
    most = int(os.environ["MEMCACHED_CONNECTIONS"])
    with Client() as first:
        clients = []
        while True:
            clients.append(Client())
            if clients[-1].ask("mn") != "MN":
                break
            assert len(clients) <= most
        # It counts its own descriptors, too.
        assert len(clients) > most / 2, len(clients)
        assert int(first.stats()["rejected_connections"]) >= 1
        for client in clients:
            client.close()
        until(lambda: int(first.stats()["curr_connections"]) < 10)
        with Client() as more:
            equal(more.ask("mn"), "MN")


def idle_kick():
    with Client() as idle, Client() as client:
        equal(idle.ask("mn"), "MN")
        idle.socket.settimeout(20)
        until(lambda: int(client.stats()["idle_kicks"]) >= 1)
        idle.ends()


run(globals())
