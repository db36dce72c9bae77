#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""redis.py PORT CASE...: what clients of a Redis server do, and some that are no good. For tests/kv.sh."""

import random
import select
import socket
import struct
import threading
import time

from cases import equal, run
from resp import Client, request


def bytes_one_by_one():
    with Client() as client:
        for byte in request("SET", "one", "by one") + b"PING\r\n" + request("GET", "one"):
            client.socket.sendall(bytes([byte]))
        equal([client.reply() for _ in range(3)], [b"+OK", b"+PONG", b"by one"])


def any_pieces():
    """Requests of all sizes in pieces that have nothing to do with them."""
    rng = random.Random(4)
    with Client() as client:
        expected, stream = [], []
        for number in range(200):
            value = rng.randbytes(rng.choice([0, 1, 30, 998, 999, 1000, 5000, 40000]))
            key = b"key %d " % (number % 20) + b"k" * rng.choice([0, 1, 1000, 20000])
            stream += [request("SET", key, value), request("GET", key), b'ECHO "%d\\n"\r\n' % number]
            expected += [b"+OK", value, b"%d\n" % number]
        stream = b"".join(stream)

        def send():
            at = 0
            while at < len(stream):
                piece = rng.choice([1, 3, 100, 1448, 30000, 200000])
                client.socket.sendall(stream[at : at + piece])
                at += piece

        sender = threading.Thread(target=send)
        sender.start()
        for value in expected:
            equal(client.reply(), value)
        sender.join()


def pipeline():
    with Client() as client:
        client.socket.sendall(b"".join(request("INCR", "pipeline") for _ in range(3000)))
        first = client.reply()
        for number in range(1, 3000):
            equal(client.reply(), first + number)


def large_values():
    rng = random.Random(5)
    with Client() as client:
        for size in [8170, 8177, 8178, 8179, 8192, 16384, 65536, 300001, 1 << 20]:
            value = rng.randbytes(size)
            equal(client.ask("SET", "large", value), b"+OK")
            equal(client.ask("GET", "large"), value)
            equal(client.ask("ECHO", value), value)
            # Behind others, before others.
            client.socket.sendall(request("PING") + request("GET", "large") * 2 + request("PING"))
            equal([client.reply() for _ in range(4)], [b"+PONG", value, value, b"+PONG"])
        equal(client.ask("DEL", "large"), 1)


def is_stuck(sock):
    return not select.select([], [sock], [], 1)[1]


def nobody_reads():
    """A client that does not read its answers, until the server does not read from it either. Returns whether it
    came to that."""
    value = b"v" * 100000
    with Client() as other, Client() as client:
        equal(other.ask("SET", "unread", value), b"+OK")
        equal(other.ask("SET", "small", "s" * 300), b"+OK")
        asked = 0
        client.socket.setblocking(False)
        stream = (request("GET", "unread") + request("GET", "small") * 50) * 20
        requests = 20 * 51
        rest = b""
        while not (stuck := is_stuck(client.socket)):
            if not rest:
                rest = stream
                asked += requests
            try:
                rest = rest[client.socket.send(rest) :]
            except BlockingIOError:
                pass
            # A server that takes whatever is sent, as Redis does, need not be asked for ever.
            if asked > 100 * requests:
                break
        for _ in range(20):
            equal(other.ask("PING"), b"+PONG")
        client.socket.settimeout(60)
        done = threading.Thread(target=client.socket.sendall, args=(rest,))
        done.start()
        for _ in range(asked // 51):
            equal(client.reply(), value)
            for _ in range(50):
                equal(client.reply(), b"s" * 300)
        done.join()
        return stuck


def quit_and_errors():
    with Client() as client:
        # The answer to what came before is not lost, what comes behind is not carried out.
        client.socket.sendall(request("SET", "q", "1") + request("QUIT") + request("SET", "q", "2"))
        equal([client.reply(), client.reply()], [b"+OK", b"+OK"])
        client.ends()
    with Client() as client:
        equal(client.ask("GET", "q"), b"1")
        client.socket.sendall(request("PING") + b"*1\r\n#4\r\n" + b"x" * 3000)
        equal(client.reply(), b"+PONG")
        equal(client.reply(), b"-ERR Protocol error: expected '$', got '#'")
        client.ends()


def resets():
    """Clients that break off in the middle of an answer, and of a request."""
    value = b"r" * 500000
    with Client() as client:
        equal(client.ask("SET", "reset", value), b"+OK")
        for number in range(60):
            broken = Client()
            broken.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if number % 3 == 0:
                broken.socket.sendall(request("GET", "reset") * 3)
                broken.socket.recv(1000)
            elif number % 3 == 1:
                broken.socket.sendall(request("SET", "broken", value)[: 1000 * number])
            broken.close()
            equal(client.ask("PING"), b"+PONG")
        equal(client.ask("GET", "reset"), value)
        equal(client.ask("EXISTS", "broken"), 0)


def many_at_once():
    clients, rounds = 20, 100
    with Client() as client:
        client.ask("SET", "sum", 0)

    def work(number):
        with Client() as client:
            for turn in range(rounds):
                client.ask("INCR", "sum")
                equal(client.ask("SET", f"mine {number} {turn}", number), b"+OK")
                equal(client.ask("GET", f"mine {number} {turn}"), b"%d" % number)

    failed = []

    def guarded(number):
        try:
            work(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed
    with Client() as client:
        equal(client.ask("GET", "sum"), b"%d" % (clients * rounds))


def many_keys():
    with Client() as client:
        equal(client.ask("FLUSHALL"), b"+OK")
        count = 5000
        client.socket.sendall(b"".join(request("SET", f"key {n}", n) for n in range(count)))
        for _ in range(count):
            equal(client.reply(), b"+OK")
        equal(client.ask("DBSIZE"), count)
        for number in range(0, count, 97):
            equal(client.ask("GET", f"key {number}"), b"%d" % number)
        equal(client.ask("DEL", *(f"key {n}" for n in range(500)), "no key"), 500)
        equal(client.ask("EXISTS", "key 499", "key 500", "key 500"), 2)
        equal(client.ask("DBSIZE"), count - 500)
        client.socket.sendall(request("FLUSHALL") * 2 + request("DBSIZE"))
        equal([client.reply() for _ in range(3)], [b"+OK", b"+OK", 0])


def idle_clients():
    idle = [Client() for _ in range(1000)]
    with Client() as client:
        for _ in range(100):
            equal(client.ask("PING"), b"+PONG")
    for client in idle[::50]:
        equal(client.ask("PING"), b"+PONG")
    for client in idle:
        client.close()


# Of kv alone.


def info():
    with Client() as client:
        lines = client.ask("INFO").decode().splitlines()
        return dict(line.split(":") for line in lines if ":" in line)


def nothing_left():
    """No client, no key, no memory of those that were."""
    with Client() as client:
        client.ask("FLUSHALL")
    for _ in range(100):
        left = info()
        if (left["connected_clients"], left["used_memory"], left["keys"]) == ("1", "0", "0"):
            return
        time.sleep(0.1)
    raise AssertionError(left)


def fill():
    with Client() as client:
        equal(client.ask("SET", "fill", b"f" * 500000), b"+OK")
    assert int(info()["used_memory"]) > 500000


def empty():
    """As a server is that has just started."""
    equal((info()["used_memory"], info()["keys"]), ("0", "0"))


def half_close():
    """What was asked before it is answered. Redis does so only if it has nothing left to send."""
    with Client() as client:
        value = b"h" * 50000
        client.socket.sendall(request("SET", "half", value) + request("GET", "half") * 30)
        client.socket.shutdown(socket.SHUT_WR)
        equal(client.reply(), b"+OK")
        for _ in range(30):
            equal(client.reply(), value)
        client.ends()
    with Client() as client:
        client.socket.sendall(b"GET ha")
        client.socket.shutdown(socket.SHUT_WR)
        client.ends()


def back_pressure():
    assert nobody_reads(), "the server reads on and on"


def memory_limit():
    """What clients may make the server keep ends at maxmemory, however they try."""
    most = int(info()["maxmemory"])
    with Client() as client:
        total = number = 0
        # A large value is there twice while it is set, as it came and as it stays.
        for size in 900000, 300000, 100000, 30000:
            # A request that comes in pieces and has no room for the first one ends its connection.
            with Client() as filler:
                while filler.ask("SET", f"fill {number}", b"f" * size) == b"+OK":
                    number += 1
                    total += size
                    assert total <= most
        assert total > most - 100000
        # Others go on, and what is there can be read.
        equal(len(client.ask("GET", "fill 0")), 900000)
        # The beginning of a request that there is no room for ends it.
        with Client() as big:
            big.socket.sendall(request("SET", "big", b"b" * (1 << 20))[:-10])
            assert big.reply().startswith(b"-OOM ")
        equal(client.ask("FLUSHALL"), b"+OK")
        equal(client.ask("SET", "fill", "1"), b"+OK")


def calls():
    """How many calls the threads of kv have made."""
    with open("/sys/kernel/debug/ukl/apps", encoding="ascii") as table:
        head, *apps = [line.rstrip("\n").split("\t") for line in table]
    return next(int(app[head.index("calls")]) for app in apps if app[0] == "kv")


def flushed_twice():
    """A second FLUSHALL waits until what the first has cleared is dropped, tree by tree, with a call behind each."""
    trees = 64
    with Client() as client:
        many = [request("SET", f"flushed {number}", number) for number in range(5000)]
        client.socket.sendall(b"".join(many))
        equal([client.reply() for _ in many], [b"+OK"] * len(many))
        before = calls()
        client.socket.sendall(request("FLUSHALL") * 2)
        equal([client.reply(), client.reply()], [b"+OK", b"+OK"])
        made = calls() - before
        assert made >= trees, f"{made} calls were made"


def too_many():
    most = int(info()["maxclients"])
    clients = [Client() for _ in range(most)]
    for client in clients[:: most // 50]:
        equal(client.ask("PING"), b"+PONG")
    with Client() as one_more:
        equal(one_more.reply(), b"-ERR max number of clients reached")
    for client in clients:
        client.close()
    for _ in range(100):
        with Client() as client:
            if client.ask("PING") == b"+PONG":
                return
        time.sleep(0.1)
    raise AssertionError("no client is let in again")


run(globals())
