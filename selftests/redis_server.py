#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""redis_server.py PORT CASE...: what Redis has to do, wherever it runs. For tests/redis.sh."""

import hashlib
import math
import os
import random
import threading
import time

from cases import PORT, equal, run, until
from resp import Client, request

DIR = os.environ.get("REDIS_DIR", ".")


def fresh():
    """A client of an empty server."""
    client = Client()
    equal(client.ask("FLUSHALL"), b"+OK")
    return client


def refused(answer, begins):
    assert isinstance(answer, bytes) and answer.startswith(b"-" + begins), f"{answer!r:.300} instead of -{begins!r}…"


# Data types, and the floating-point numbers of them.


def strings():
    with fresh() as client:
        equal(client.ask("SET", "n", 10), b"+OK")
        equal([client.ask("INCR", "n"), client.ask("INCRBY", "n", 31), client.ask("DECR", "n")], [11, 42, 41])
        equal(client.ask("SET", "n", 9223372036854775807), b"+OK")
        refused(client.ask("INCR", "n"), b"ERR increment or decrement would overflow")
        equal(client.ask("APPEND", "text", "hello "), 6)
        equal(client.ask("APPEND", "text", "world"), 11)
        equal(client.ask("GETRANGE", "text", -5, -1), b"world")
        equal(client.ask("SETRANGE", "text", 6, "redis"), 11)
        equal(client.ask("GET", "text"), b"hello redis")
        equal(client.ask("SETBIT", "bits", 1000001, 1), 0)
        equal([client.ask("BITCOUNT", "bits"), client.ask("BITPOS", "bits", 1)], [1, 1000001])
        equal(client.ask("BITFIELD", "field", "SET", "i5", 100, 7, "INCRBY", "u8", 0, 300), [0, 44])
        equal(client.ask("BITOP", "NOT", "not", "text"), 11)
        equal(client.ask("MSET", "a", 1, "b", 2), b"+OK")
        equal(client.ask("MGET", "a", "b", "none"), [b"1", b"2", None])
        equal(client.ask("SET", "a", 3, "XX", "GET"), b"1")
        equal(client.ask("SET", "a", 4, "NX"), None)
        equal(client.ask("GETDEL", "a"), b"3")
        equal(client.ask("LCS", "text", "text", "LEN"), 11)
        refused(client.ask("LPUSH", "text", 1), b"WRONGTYPE")
        refused(client.ask("NOSUCH"), b"ERR unknown command")


def floats():
    with fresh() as client:
        equal(client.ask("SET", "f", "10.50"), b"+OK")
        equal(client.ask("INCRBYFLOAT", "f", "0.1"), b"10.6")
        equal(client.ask("INCRBYFLOAT", "f", "-5"), b"5.6")
        equal(client.ask("SET", "f", "5.0e3"), b"+OK")
        equal(client.ask("INCRBYFLOAT", "f", "2.0e2"), b"5200")
        equal(client.ask("SET", "f", "0"), b"+OK")
        # A double could not hold this one.
        equal(client.ask("INCRBYFLOAT", "f", "1.00000000000000001"), b"1.00000000000000001")
        refused(client.ask("INCRBYFLOAT", "f", "abc"), b"ERR value is not a valid float")
        equal(client.ask("HINCRBYFLOAT", "h", "x", "3.141592653589793"), b"3.141592653589793")
        scores = [0.1, 1 / 3, 2**53 + 2.0, 1e-300, -1e300, 5e-324, 1.7976931348623157e308, 123456.789]
        for number, score in enumerate(scores):
            equal(client.ask("ZADD", "z", repr(score), number), 1)
        for number, score in enumerate(scores):
            equal(float(client.ask("ZSCORE", "z", number)), score)
        ranked = [int(member) for member in client.ask("ZRANGE", "z", 0, -1)]
        equal(ranked, sorted(range(len(scores)), key=lambda number: scores[number]))
        equal(client.ask("ZADD", "inf", "-inf", "low", "inf", "high", "1.5", "mid"), 3)
        equal(client.ask("ZRANGE", "inf", 0, -1, "WITHSCORES"), [b"low", b"-inf", b"mid", b"1.5", b"high", b"inf"])
        refused(client.ask("ZINCRBY", "inf", "-inf", "high"), b"ERR resulting score is not a number")
        equal(client.ask("ZINCRBY", "inf", "0.1", "mid"), b"1.6")
        equal(client.ask("ZCOUNT", "z", "(0.1", "+inf"), 4)


def geo():
    with fresh() as client:
        equal(client.ask("GEOADD", "s", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania"), 2)
        equal(client.ask("GEODIST", "s", "Palermo", "Catania"), b"166274.1516")
        equal(client.ask("GEODIST", "s", "Palermo", "Catania", "mi"), b"103.3182")
        equal(client.ask("GEOHASH", "s", "Palermo", "Catania"), [b"sqc8b49rny0", b"sqdtr74hyu0"])
        found = client.ask("GEOSEARCH", "s", "FROMLONLAT", 15, 37, "BYRADIUS", 200, "km", "ASC", "WITHDIST")
        equal(found, [[b"Catania", b"56.4413"], [b"Palermo", b"190.4424"]])
        longitude, latitude = client.ask("GEOPOS", "s", "Palermo")[0]
        assert abs(float(longitude) - 13.361389) < 1e-5 and abs(float(latitude) - 38.115556) < 1e-5


def hyperloglog():
    with fresh() as client:
        for part in range(10):
            client.ask("PFADD", f"hll{part % 2}", *range(part * 500, part * 500 + 500))
        count = client.ask("PFCOUNT", "hll0", "hll1")
        assert abs(count - 5000) < 150, count
        equal(client.ask("PFMERGE", "both", "hll0", "hll1"), b"+OK")
        equal(client.ask("PFCOUNT", "both"), count)


def collections():
    with fresh() as client:
        equal(client.ask("RPUSH", "l", *range(1000)), 1000)
        equal(client.ask("LRANGE", "l", 500, 502), [b"500", b"501", b"502"])
        equal(client.ask("LINSERT", "l", "BEFORE", 10, "ten"), 1001)
        equal(client.ask("LPOS", "l", "ten"), 10)
        equal(client.ask("LREM", "l", 0, "ten"), 1)
        equal(client.ask("LTRIM", "l", 0, 9), b"+OK")
        equal(client.ask("SORT", "l", "DESC", "LIMIT", 0, 3), [b"9", b"8", b"7"])
        equal(client.ask("SADD", "s1", *range(100)), 100)
        equal(client.ask("SADD", "s2", *range(50, 150)), 100)
        equal(client.ask("SINTERCARD", 2, "s1", "s2"), 50)
        equal(len(client.ask("SUNION", "s1", "s2")), 150)
        equal(client.ask("OBJECT", "ENCODING", "s1"), b"intset")
        equal(client.ask("HSET", "h", *(part for n in range(600) for part in (f"f{n}", n))), 600)
        equal(client.ask("OBJECT", "ENCODING", "h"), b"hashtable")
        equal(client.ask("HPEXPIRE", "h", 50, "FIELDS", 1, "f0"), [1])
        until(lambda: client.ask("HGET", "h", "f0") is None)
        cursor, found = b"0", set()
        while True:
            cursor, part = client.ask("HSCAN", "h", cursor, "COUNT", 50)
            found |= set(part[::2])
            if cursor == b"0":
                break
        equal(len(found), 599)
        dumped = client.ask("DUMP", "h")
        equal(client.ask("RESTORE", "copy", 0, dumped), b"+OK")
        equal(client.ask("HLEN", "copy"), 599)
        refused(client.ask("RESTORE", "bad", 0, dumped[:-1] + bytes([dumped[-1] ^ 1])), b"ERR DUMP payload version or checksum")
        equal(client.ask("COPY", "h", "h2"), 1)
        assert client.ask("MEMORY", "USAGE", "h") > 5000
        equal(client.ask("ZADD", "z", *(part for n in range(300) for part in (n, f"m{n}"))), 300)
        equal(client.ask("ZRANGEBYLEX", "z", "[m0", "(m1"), [b"m0"])
        equal(client.ask("ZPOPMAX", "z"), [b"m299", b"299"])
        equal(len(client.ask("ZRANDMEMBER", "z", 20)), 20)


def streams():
    with fresh() as client:
        for number in range(20):
            equal(client.ask("XADD", "x", f"{number + 1}-0", "n", number), b"%d-0" % (number + 1))
        equal(client.ask("XLEN", "x"), 20)
        equal(client.ask("XGROUP", "CREATE", "x", "g", 0), b"+OK")
        read = client.ask("XREADGROUP", "GROUP", "g", "alice", "COUNT", 5, "STREAMS", "x", ">")
        equal([entry[0] for entry in read[0][1]], [b"%d-0" % n for n in range(1, 6)])
        equal(client.ask("XACK", "x", "g", "1-0", "2-0"), 2)
        equal(client.ask("XPENDING", "x", "g")[0], 3)
        equal(len(client.ask("XAUTOCLAIM", "x", "g", "bob", 0, 0)[1]), 3)
        equal(client.ask("XTRIM", "x", "MAXLEN", 10), 10)
        equal(client.ask("XRANGE", "x", "-", "+", "COUNT", 1), [[b"11-0", [b"n", b"10"]]])
        until(lambda: client.ask("XADD", "x", "*", "n", 1) != client.ask("XADD", "x", "*", "n", 1))


# Clients among each other.


def pubsub():
    with fresh() as publisher, Client() as one, Client() as patterns, Client() as sharded:
        equal(one.ask("SUBSCRIBE", "news"), [b"subscribe", b"news", 1])
        equal(patterns.ask("PSUBSCRIBE", "n*"), [b"psubscribe", b"n*", 1])
        equal(sharded.ask("SSUBSCRIBE", "shard"), [b"ssubscribe", b"shard", 1])
        equal(publisher.ask("PUBLISH", "news", "hello"), 2)
        equal(publisher.ask("SPUBLISH", "shard", "there"), 1)
        equal(one.reply(), [b"message", b"news", b"hello"])
        equal(patterns.reply(), [b"pmessage", b"n*", b"news", b"hello"])
        equal(sharded.reply(), [b"smessage", b"shard", b"there"])
        equal(publisher.ask("PUBSUB", "NUMSUB", "news"), [b"news", 1])
        refused(one.ask("GET", "a"), b"ERR Can't execute 'get'")
        equal(one.ask("UNSUBSCRIBE", "news"), [b"unsubscribe", b"news", 0])
        equal(one.ask("GET", "a"), None)
        publisher.pipeline(*[("PUBLISH", "nine", n) for n in range(2000)])
        equal([patterns.reply()[3] for _ in range(2000)], [b"%d" % n for n in range(2000)])


def notifications():
    with fresh() as client, Client() as listener:
        equal(client.ask("CONFIG", "SET", "notify-keyspace-events", "KEA"), b"+OK")
        listener.ask("PSUBSCRIBE", "__keyevent@0__:*")
        client.ask("SET", "gone", 1, "PX", 60)
        seen = [listener.reply()[2:] for _ in range(3)]
        equal(seen[0], [b"__keyevent@0__:set", b"gone"])
        equal(seen[2], [b"__keyevent@0__:expired", b"gone"])
        equal(client.ask("CONFIG", "SET", "notify-keyspace-events", ""), b"+OK")


def transactions():
    with fresh() as client, Client() as other:
        equal(client.pipeline(("MULTI",), ("INCR", "n"), ("INCR", "n"), ("EXEC",)), [b"+OK", b"+QUEUED", b"+QUEUED", [1, 2]])
        equal(client.pipeline(("MULTI",), ("INCR", "n"), ("DISCARD",), ("GET", "n"))[2:], [b"+OK", b"2"])
        answers = client.pipeline(("MULTI",), ("NOSUCH",), ("INCR", "n"), ("EXEC",))
        refused(answers[3], b"EXECABORT")
        client.ask("SET", "s", "text")
        answers = client.pipeline(("MULTI",), ("INCR", "s"), ("INCR", "n"), ("EXEC",))[3]
        refused(answers[0], b"ERR value is not an integer")
        equal(answers[1], 3)
        equal(client.ask("WATCH", "n"), b"+OK")
        equal(other.ask("SET", "n", 10), b"+OK")
        equal(client.pipeline(("MULTI",), ("INCR", "n"), ("EXEC",))[2], None)
        equal(client.ask("WATCH", "n"), b"+OK")
        equal(client.pipeline(("MULTI",), ("INCR", "n"), ("EXEC",))[2], [11])


def blocking():
    with fresh() as client, Client() as waiter:
        waiter.send("BLPOP", "q1", "q2", 0)
        until(lambda: client.info("clients")["blocked_clients"] == "1")
        equal(client.ask("RPUSH", "q2", "job"), 1)
        equal(waiter.reply(), [b"q2", b"job"])
        begin = time.monotonic()
        equal(waiter.ask("BLPOP", "q1", "0.3"), None)
        took = time.monotonic() - begin
        assert 0.29 <= took < 3, took
        waiter.send("BLMOVE", "from", "to", "LEFT", "RIGHT", 10)
        until(lambda: client.info("clients")["blocked_clients"] == "1")
        client.ask("RPUSH", "from", "moved")
        equal(waiter.reply(), b"moved")
        equal(client.ask("LRANGE", "to", 0, -1), [b"moved"])
        waiter.send("BZPOPMIN", "z", 10)
        until(lambda: client.info("clients")["blocked_clients"] == "1")
        client.ask("ZADD", "z", "2.5", "m")
        equal(waiter.reply(), [b"z", b"m", b"2.5"])
        waiter.send("XREAD", "BLOCK", 10000, "STREAMS", "x", "$")
        until(lambda: client.info("clients")["blocked_clients"] == "1")
        client.ask("XADD", "x", "5-5", "a", "b")
        equal(waiter.reply(), [[b"x", [[b"5-5", [b"a", b"b"]]]]])
        number = waiter.ask("CLIENT", "ID")
        waiter.send("BRPOP", "never", 0)
        until(lambda: client.info("clients")["blocked_clients"] == "1")
        equal(client.ask("CLIENT", "UNBLOCK", number, "ERROR"), 1)
        refused(waiter.reply(), b"UNBLOCKED")
        begin = time.monotonic()
        equal(waiter.ask("WAIT", 1, 200), 0)
        assert 0.19 <= time.monotonic() - begin < 3
        # A client that goes away while it waits.
        waiter.send("BLPOP", "q3", 0)
        until(lambda: client.info("clients")["blocked_clients"] == "1")
    with Client() as client:
        until(lambda: client.info("clients")["blocked_clients"] == "0")
        equal(client.ask("RPUSH", "q3", "kept"), 1)
        equal(client.ask("LPOP", "q3"), b"kept")


def clients():
    with fresh() as client, Client() as other, Client() as third:
        number = other.ask("CLIENT", "ID")
        equal(other.ask("CLIENT", "SETNAME", "other"), b"+OK")
        equal(other.ask("CLIENT", "GETNAME"), b"other")
        lines = client.ask("CLIENT", "LIST").decode().splitlines()
        fields = next(line for line in lines if line.startswith(f"id={number} "))
        assert " name=other " in fields and " addr=127.0.0.1:" in fields, fields
        address = fields.split(" addr=")[1].split()[0]
        equal(client.ask("CLIENT", "KILL", "ADDR", address), 1)
        other.ends()
        equal(client.ask("CLIENT", "PAUSE", 300, "WRITE"), b"+OK")
        begin = time.monotonic()
        equal(third.ask("GET", "a"), None)
        equal(third.ask("SET", "a", 1), b"+OK")
        assert 0.25 <= time.monotonic() - begin < 3
        equal(client.ask("CLIENT", "PAUSE", 60000, "WRITE"), b"+OK")
        equal(client.ask("CLIENT", "UNPAUSE"), b"+OK")
        equal(third.ask("SET", "a", 1), b"+OK")
        third.socket.sendall(request("CLIENT", "REPLY", "SKIP") + request("SET", "a", 5) + request("GET", "a"))
        equal(third.reply(), b"5")
        equal(client.ask("CLIENT", "NO-EVICT", "ON"), b"+OK")
        assert b"redis-cli" not in client.ask("CLIENT", "INFO")
    with Client() as watcher, Client() as client:
        equal(watcher.ask("MONITOR"), b"+OK")
        client.ask("SET", "seen", 1)
        assert b'"SET" "seen" "1"' in watcher.reply()


def tracking():
    """Client-side caching, by RESP3."""
    with fresh() as client, Client() as other:
        answer = client.ask("HELLO", 3)
        equal(answer[b"proto"], 3)
        equal(client.ask("CLIENT", "TRACKING", "ON"), b"+OK")
        equal(client.ask("GET", "cached"), None)
        other.ask("SET", "cached", 1)
        equal(client.reply(), [b"invalidate", [b"cached"]])
        client.ask("ZADD", "z", "1.25", "m")
        equal(client.ask("ZSCORE", "z", "m"), 1.25)
        client.ask("HSET", "h", "a", 1)
        equal(client.ask("HGETALL", "h"), {b"a": b"1"})


def access():
    with fresh() as admin, Client() as client:
        equal(admin.ask("ACL", "SETUSER", "alice", "on", ">secret", "~a:*", "+get", "+set", "+acl|whoami"), b"+OK")
        refused(client.ask("AUTH", "alice", "wrong"), b"WRONGPASS")
        equal(client.ask("AUTH", "alice", "secret"), b"+OK")
        equal(client.ask("ACL", "WHOAMI"), b"alice")
        equal(client.ask("SET", "a:1", 1), b"+OK")
        refused(client.ask("SET", "b:1", 1), b"NOPERM")
        refused(client.ask("FLUSHALL"), b"NOPERM")
        hashed = hashlib.sha256(b"secret").hexdigest().encode()
        assert b"#" + hashed in b" ".join(admin.ask("ACL", "LIST"))
        equal(len(admin.ask("ACL", "GENPASS")), 64)
        equal(admin.ask("ACL", "DELUSER", "alice"), 1)
        client.ends()


# Scripts.


def scripts():
    with fresh() as client:
        equal(client.ask("EVAL", "return redis.call('SET', KEYS[1], ARGV[1])", 1, "k", "v"), b"+OK")
        equal(client.ask("EVAL", "return {1, 2, {3, 'four'}, redis.call('GET', KEYS[1])}", 1, "k"), [1, 2, [3, b"four"], b"v"])
        code = "local n = 0 for i = 1, 1000 do n = n + redis.call('INCRBY', KEYS[1], i) end return n"
        digest = hashlib.sha1(code.encode()).hexdigest()
        refused(client.ask("EVALSHA", digest, 1, "n"), b"NOSCRIPT")
        equal(client.ask("SCRIPT", "LOAD", code), digest.encode())
        equal(client.ask("EVALSHA", digest, 1, "n"), 167167000)
        refused(client.ask("EVAL", "return redis.call('INCR', 'k')", 0), b"ERR value is not an integer")
        equal(client.ask("EVAL", "return redis.pcall('INCR', 'k')['err']", 0)[:9], b"ERR value")
        refused(client.ask("EVAL", "return nosuch", 0), b"ERR user_script:1: Script attempted to access nonexistent global")
        refused(client.ask("EVAL", "syntax error here", 0), b"ERR Error compiling script")
        refused(client.ask("EVAL", "error('mine')", 0), b"ERR user_script:1: mine")
        library = "#!lua name=lib\nredis.register_function('twice', function(keys, args) return args[1] * 2 end)"
        equal(client.ask("FUNCTION", "LOAD", library), b"lib")
        equal(client.ask("FCALL", "twice", 0, 21), 42)
        equal(client.ask("FUNCTION", "DELETE", "lib"), b"+OK")
        # Coroutines, garbage, sorting with a comparison of one's own.
        code = """
            local made = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
            local list = {}
            for i = 1, 20000 do list[i] = {(i * 7919) % 10007, tostring(i)} end
            table.sort(list, function(a, b) return a[1] < b[1] end)
            for i = 2, #list do assert(list[i - 1][1] <= list[i][1]) end
            return {made(), made(), made(), list[1][1]}"""
        equal(client.ask("EVAL", code, 0), [1, 2, 3, 0])


def lua_floats():
    with fresh() as client:

        def lua(expression):
            return client.ask("EVAL", f"return tostring({expression})", 0)

        equal(lua("0.1 + 0.2"), b"0.3")
        equal(lua("string.format('%.17g', 0.1 + 0.2)"), b"0.30000000000000004")
        equal(lua("string.format('%.3f %5.1e %g', math.pi, 12345.678, 1e100)"), b"3.142 1.2e+04 1e+100")
        for name, argument in ("sin", 1.25), ("cos", 2.5), ("exp", 3.75), ("log", 10.5), ("sqrt", 2), ("atan", 0.5), ("tanh", 0.7):
            is_ = float(lua(f"string.format('%.17g', math.{name}({argument}))"))
            should = getattr(math, name)(argument)
            assert math.isclose(is_, should, rel_tol=1e-14), (name, is_, should)
        equal(float(lua("string.format('%.17g', 2 ^ 0.5)")), 2**0.5)
        equal(float(lua("string.format('%.17g', math.fmod(10.5, 3))")), 1.5)
        equal([lua("1/0"), lua("-1/0"), lua("math.floor(-2.5)"), lua("7 % 3.5")], [b"inf", b"-inf", b"-3", b"0"])
        assert lua("0/0").lstrip(b"-") == b"nan"
        equal(lua("2^53"), b"9.007199254741e+15")
        equal(client.ask("EVAL", "return 3.99", 0), 3)
        equal(lua("tonumber('1e-5') * 1e5"), b"1")
        equal(lua("cjson.encode({1.5, 1e20, -0.25, {a = 0.1}})"), b'[1.5,1e+20,-0.25,{"a":0.1}]')
        equal(lua("cjson.decode('[1.25e2]')[1]"), b"125")
        equal(lua("cmsgpack.unpack(cmsgpack.pack(0.1)) == 0.1"), b"true")
        equal(lua("struct.unpack('d', struct.pack('d', -1.5))"), b"-1.5")
        equal(lua("bit.tohex(bit.bxor(0xdeadbeef, 0xffff))"), b"dead4110")
        equal(client.ask("EVAL", "return redis.call('ZADD', 'z', 0.1 + 0.2, 'm')", 0), 1)
        equal(client.ask("ZSCORE", "z", "m"), b"0.30000000000000004")
        rng = random.Random(7)
        numbers = [rng.uniform(-1, 1) * 10.0 ** rng.randint(-30, 30) for _ in range(200)]
        code = "local r = {} for i, n in ipairs(ARGV) do r[i] = string.format('%.17g', (tonumber(n) * 3 - 1) / 7) end return r"
        answers = client.ask("EVAL", code, 0, *map(repr, numbers))
        equal([float(answer) for answer in answers], [(number * 3 - 1) / 7 for number in numbers])


def deep_stacks():
    """What recurses as deep as Redis lets it."""
    with fresh() as client:
        depth = 1000
        equal(client.ask("EVAL", "return #cjson.encode(cjson.decode(ARGV[1]))", 0, "[" * depth + "]" * depth), 2 * depth)
        code = "local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end return f(15000)"
        equal(client.ask("EVAL", code, 0), 15000)
        refused(client.ask("EVAL", "local function f() return 1 + f() end return f()", 0), b"ERR")
        refused(client.ask("EVAL", "return loadstring(string.rep('(', 300) .. '1' .. string.rep(')', 300))()", 0), b"ERR")
        equal(client.ask("EVAL", "return select(2, ('a'):rep(3000):find(('a?'):rep(3000)))", 0), 3000)
        nested = "return 1"
        for _ in range(60):
            nested = f"local ok, value = pcall(function() {nested} end) return value"
        equal(client.ask("EVAL", nested, 0), 1)
        equal(client.ask("EVAL", "return redis.sha1hex(string.rep('x', 1000000))", 0), hashlib.sha1(b"x" * 1000000).hexdigest().encode())
        pattern = "*a" * 60 + "b"
        client.ask("SET", "a" * 200, 1)
        equal(client.ask("KEYS", pattern), [])
        equal(client.ask("PING"), b"+PONG")


def endless_script():
    """Others are told that a script runs, and can end it."""
    with fresh() as client, Client() as other:
        equal(client.ask("CONFIG", "SET", "busy-reply-threshold", 200), b"+OK")
        client.send("EVAL", "while true do end", 0)
        answer = until(lambda: (answer := other.ask("PING")) != b"+PONG" and answer)
        refused(answer, b"BUSY")
        equal(other.ask("SCRIPT", "KILL"), b"+OK")
        refused(client.reply(), b"ERR Script killed by user")
        equal(other.ask("PING"), b"+PONG")
        equal(client.ask("CONFIG", "SET", "busy-reply-threshold", 5000), b"+OK")


# Time, memory.


def expiry():
    with fresh() as client:
        client.pipeline(*[("SET", f"active {n}", n, "PX", 50 + n) for n in range(300)])
        # Nobody asks for them.
        until(lambda: client.ask("DBSIZE") == 0)
        assert int(client.info("stats")["expired_keys"]) >= 300
        equal(client.ask("DEBUG", "SET-ACTIVE-EXPIRE", 0), b"+OK")
        client.ask("SET", "lazy", 1, "PX", 50)
        time.sleep(0.3)
        equal([client.ask("DBSIZE"), client.ask("GET", "lazy"), client.ask("DBSIZE")], [1, None, 0])
        equal(client.ask("DEBUG", "SET-ACTIVE-EXPIRE", 1), b"+OK")
        client.ask("SET", "a", 1, "EX", 100)
        assert 98000 < client.ask("PTTL", "a") <= 100000
        equal(client.ask("PERSIST", "a"), 1)
        equal([client.ask("TTL", "a"), client.ask("TTL", "none")], [-1, -2])
        at = int(time.time()) + 1000
        equal(client.ask("EXPIREAT", "a", at), 1)
        equal(client.ask("EXPIRETIME", "a"), at)
        equal(client.ask("PEXPIREAT", "a", 1), 1)
        equal(client.ask("EXISTS", "a"), 0)
        seconds, micros = map(int, client.ask("TIME"))
        assert abs(seconds + micros / 1e6 - time.time()) < 5


def eviction():
    with fresh() as client:
        limit = int(client.info("memory")["used_memory"]) + 5000000

        def fill(name, *options):
            """Ten megabytes, in requests that need little memory themselves."""
            answers = []
            for part in range(0, 1000, 20):
                values = [("SET", f"{name} {part + n}", b"v" * 10000, *options) for n in range(20)]
                answers += client.pipeline(*values)
            return answers

        for policy in "allkeys-lru", "allkeys-lfu", "volatile-ttl":
            equal(client.ask("CONFIG", "SET", "maxmemory-policy", policy, "maxmemory", limit), b"+OK")
            equal(set(fill(policy, "EX", 1000)), {b"+OK"})
            assert 100 < client.ask("DBSIZE") < 600
        assert int(client.info("stats")["evicted_keys"]) > 1500
        client.ask("FLUSHALL")
        equal(client.ask("CONFIG", "SET", "maxmemory-policy", "noeviction"), b"+OK")
        answers = fill("no")
        refused(answers[-1], b"OOM")
        equal(answers[0], b"+OK")
        equal(len(client.ask("GET", "no 0")), 10000)
        equal(client.ask("CONFIG", "SET", "maxmemory", 0), b"+OK")
        equal(client.ask("FLUSHALL", "ASYNC"), b"+OK")
        until(lambda: int(client.info("memory")["used_memory"]) < limit - 3000000)


def lazy_free():
    """Memory is given back by a thread of its own."""
    with fresh() as client:
        for key in "big", "bigger":
            client.pipeline(*[("SADD", key, *(f"{part} {n}" for n in range(1000))) for part in range(50)])
        before = int(client.info("memory")["used_memory"])
        equal(client.ask("UNLINK", "big", "bigger"), 2)
        until(lambda: client.info("memory")["lazyfree_pending_objects"] == "0")
        assert int(client.info("memory")["lazyfreed_objects"]) >= 2
        until(lambda: int(client.info("memory")["used_memory"]) < before - 2000000)


# What it says of itself, and what it is told.


def configuration():
    with fresh() as client:
        equal(client.ask("CONFIG", "GET", "maxclients"), [b"maxclients", b"2000"])
        equal(client.ask("CONFIG", "SET", "hz", 20, "slowlog-log-slower-than", 0), b"+OK")
        equal(client.ask("CONFIG", "GET", "hz"), [b"hz", b"20"])
        refused(client.ask("CONFIG", "SET", "hz", "many"), b"ERR CONFIG SET failed")
        refused(client.ask("CONFIG", "SET", "nosuch", 1), b"ERR Unknown option")
        assert len(client.ask("CONFIG", "GET", "*")) > 300
        equal(client.ask("CONFIG", "REWRITE"), b"+OK")
        with open(f"{DIR}/redis.conf", encoding="ascii") as file:
            lines = file.read().splitlines()
        assert "hz 20" in lines and "# kept" in lines, lines
        client.ask("GET", "slow")
        assert any(entry[3][:2] == [b"GET", b"slow"] for entry in client.ask("SLOWLOG", "GET", 20))
        equal(client.ask("CONFIG", "SET", "hz", 10, "slowlog-log-slower-than", 10000), b"+OK")
        equal(client.ask("CONFIG", "RESETSTAT"), b"+OK")
        assert client.ask("COMMAND", "COUNT") > 230
        equal(client.ask("COMMAND", "GETKEYS", "MSET", "a", 1, "b", 2), [b"a", b"b"])


def information():
    with fresh() as client:
        client.pipeline(*[("SET", f"key {n}", n) for n in range(100)])
        text = client.ask("INFO", "everything").decode()
        sections = {line[2:] for line in text.splitlines() if line.startswith("# ")}
        wanted = "Server Clients Memory Persistence Stats Replication CPU Commandstats Errorstats Latencystats Cluster Keyspace"
        assert set(wanted.split()) <= sections, sections
        info = client.info("everything")
        equal(info["tcp_port"], str(PORT))
        equal(info["process_id"], os.environ["REDIS_PID"])
        equal(info["run_id"], client.info("server")["run_id"])
        equal(info["role"], "master")
        equal(info["db0"].split(",")[0], "keys=100")
        assert int(info["used_memory"]) > 500000 and int(info["total_system_memory"]) > 100000000
        assert int(info["used_memory_rss"]) > 0
        assert float(info["used_cpu_sys"]) + float(info["used_cpu_user"]) > 0
        assert info["os"].startswith("Linux ") and info["multiplexing_api"] == "epoll", info
        assert info["executable"].startswith("/"), info["executable"]
        assert int(info["uptime_in_seconds"]) < 10000
        assert "calls=" in info["cmdstat_set"]
        assert len(client.ask("LOLWUT")) > 20
        assert client.ask("MEMORY", "DOCTOR") and client.ask("LATENCY", "DOCTOR")
        assert client.ask("OBJECT", "FREQ", "key 1").startswith(b"-ERR")
        stats = client.ask("MEMORY", "STATS")
        equal(stats[stats.index(b"keys.count") + 1], 100)


def debug():
    with fresh() as client, Client() as other:
        begin = time.monotonic()
        client.send("DEBUG", "SLEEP", "0.3")
        time.sleep(0.05)
        equal(other.ask("PING"), b"+PONG")
        assert 0.25 < time.monotonic() - begin < 3
        equal(client.reply(), b"+OK")
        client.ask("RPUSH", "l", 1, 2, 3)
        assert b"encoding:listpack" in client.ask("DEBUG", "OBJECT", "l")
        populate(client)
        digest = client.ask("DEBUG", "DIGEST")
        # Writes and loads a file in one go.
        equal(client.ask("DEBUG", "RELOAD"), b"+OK")
        equal(client.ask("DEBUG", "DIGEST"), digest)
        assert b"hash" in client.ask("DEBUG", "HTSTATS", 0).lower()


# Much of everything.


def large_values():
    rng = random.Random(9)
    with fresh() as client:
        for size in 1 << 20, (1 << 20) + 1, 5000000:
            value = rng.randbytes(size)
            equal(client.ask("SET", "large", value), b"+OK")
            equal(client.ask("GET", "large"), value)
        block = rng.randbytes(1 << 20)
        count = 50
        value = block * count
        equal(client.ask("SET", "huge", value), b"+OK")
        equal(client.ask("STRLEN", "huge"), count << 20)
        equal(client.ask("GETRANGE", "huge", (20 << 20) - 5, (20 << 20) + 4), block[-5:] + block[:5])
        client.send("GET", "huge")
        equal(client.file.readline(), b"$%d\r\n" % len(value))
        for _ in range(count):
            assert client.file.read(1 << 20) == block
        equal(client.file.read(2), b"\r\n")
        equal(client.ask("DEL", "large", "huge"), 2)


def many_clients():
    connections = [Client() for _ in range(1000)]
    for number, client in enumerate(connections):
        client.send("SET", f"of {number}", number)
    for client in connections:
        equal(client.reply(), b"+OK")
    for number, client in enumerate(connections):
        client.send("GET", f"of {number}")
    for number, client in enumerate(connections):
        equal(client.reply(), b"%d" % number)
    assert int(connections[0].info("clients")["connected_clients"]) >= 1000
    for client in connections:
        client.close()
    with Client() as client:
        until(lambda: int(client.info("clients")["connected_clients"]) < 10)


def too_many_clients():
    connections = [Client() for _ in range(int(os.environ["REDIS_MAXCLIENTS"]))]
    for client in connections[::100]:
        equal(client.ask("PING"), b"+PONG")
    with Client() as client:
        refused(client.reply(), b"ERR max number of clients reached")
    for client in connections:
        client.close()

    def let_in():
        with Client() as client:
            return client.ask("PING") == b"+PONG"

    until(let_in)


def deep_pipeline():
    with fresh() as client:
        count = 20000
        stream = b"".join(request("INCR", f"n{n % 10}") for n in range(count))
        sender = threading.Thread(target=client.socket.sendall, args=(stream,))
        sender.start()
        for number in range(count):
            equal(client.reply(), number // 10 + 1)
        sender.join()
        client.socket.sendall(b"PING\r\n" * 5000)
        for _ in range(5000):
            equal(client.reply(), b"+PONG")


def slow_reader():
    """A client that does not read is closed when too much is kept for it."""
    with fresh() as client, Client() as lazy:
        equal(client.ask("CONFIG", "SET", "client-output-buffer-limit", "normal 5000000 0 0"), b"+OK")
        client.ask("SET", "big", b"b" * 1000000)
        before = client.info("clients")["connected_clients"]
        lazy.socket.sendall(request("GET", "big") * 60)
        until(lambda: client.info("clients")["connected_clients"] < before)
        equal(client.ask("CONFIG", "SET", "client-output-buffer-limit", "normal 0 0 0"), b"+OK")


def bad_protocol():
    for data in b"*1\r\n#4\r\n", b"*-x\r\n", b"*1\r\n$99999999999\r\n", b"*3000000000\r\n", b"$" * 100000:
        with Client() as client:
            client.socket.sendall(data)
            refused(client.reply(), b"ERR Protocol error")
            try:
                client.ends()
            except ConnectionResetError:
                # It had not read everything.
                pass
    with Client() as client:
        client.socket.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n")
        client.ends()
    with Client() as client:
        equal(client.ask("PING"), b"+PONG")


def idle_timeout():
    with Client() as client, Client() as idle:
        equal(client.ask("CONFIG", "SET", "timeout", 1), b"+OK")
        idle.ask("PING")
        end = time.monotonic() + 20
        while idle.socket.fileno() >= 0 and time.monotonic() < end:
            client.ask("PING")
            idle.socket.settimeout(0.2)
            try:
                equal(idle.socket.recv(1), b"")
                break
            except TimeoutError:
                continue
        assert time.monotonic() < end
        equal(client.ask("CONFIG", "SET", "timeout", 0), b"+OK")


def unix_socket():
    with Client(path=f"{DIR}/socket") as client:
        equal(client.ask("SET", "by unix", b"u" * 300000), b"+OK")
        equal(client.ask("GET", "by unix"), b"u" * 300000)
        assert b" addr=" + DIR.encode() + b"/socket:0 " in client.ask("CLIENT", "LIST")
    equal(os.stat(f"{DIR}/socket").st_mode & 0o777, 0o700)


def many_threads():
    """Many clients at once, for a server with I/O threads."""
    with fresh() as client:
        threads = int(client.ask("CONFIG", "GET", "io-threads")[1])
        equal(threads, 4)
        value = random.Random(3).randbytes(20000)

        def work(number, failed):
            try:
                with Client() as mine:
                    for turn in range(20):
                        answers = mine.pipeline(
                            ("SET", f"{number} {turn}", value), ("INCR", "sum"), ("GET", f"{number} {turn}")
                        )
                        equal([answers[0], answers[2]], [b"+OK", value])
            except BaseException as error:  # pylint: disable=broad-exception-caught
                failed.append(error)

        failed = []
        workers = [threading.Thread(target=work, args=(number, failed)) for number in range(20)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert not failed, failed
        equal(client.ask("GET", "sum"), b"400")
        lines = client.ask("CLIENT", "LIST").decode().splitlines()
        assert all(" io-thread=" in line for line in lines)
        names = set()
        for task in os.listdir(f"/proc/{os.environ['REDIS_PID']}/task"):
            with open(f"/proc/{os.environ['REDIS_PID']}/task/{task}/comm", encoding="ascii") as file:
                names.add(file.read().strip())
        assert len(os.listdir(f"/proc/{os.environ['REDIS_PID']}/task")) >= 4 + 2, names


# What is kept.


def populate(client):
    """Some of every type and encoding."""
    rng = random.Random(11)
    asked = []
    for n in range(50):
        asked += [("SET", f"int {n}", n * 1000), ("SET", f"text {n}", rng.randbytes(rng.randint(0, 2000)))]
        asked += [("RPUSH", f"list {n}", *(rng.randint(0, 1 << rng.randint(1, 60)) for _ in range(rng.randint(1, 300))))]
        asked += [("SADD", f"set {n}", *(rng.randint(0, 1000) for _ in range(rng.randint(1, 200))))]
        asked += [("ZADD", f"zset {n}", *(v for m in range(rng.randint(1, 200)) for v in (repr(rng.gauss(0, 1e6)), f"m{m}")))]
        asked += [("HSET", f"hash {n}", *(v for m in range(rng.randint(1, 300)) for v in (f"f{m}", rng.randbytes(8))))]
        asked += [("XADD", f"stream {n % 5}", f"{n + 1}-1", "field", n), ("PFADD", f"hll {n % 3}", n, n * 2)]
    asked += [("XGROUP", "CREATE", "stream 1", "group", 0), ("SET", "later", 1, "EX", 100000), ("SETBIT", "bits", 70000, 1)]
    asked += [("FUNCTION", "LOAD", "REPLACE", "#!lua name=kept\nredis.register_function('kept', function() return 7 end)")]
    for answer in client.pipeline(*asked):
        assert not (isinstance(answer, bytes) and answer.startswith(b"-")), answer


def fill():
    """Leaves data behind, and their digest in a file."""
    with fresh() as client:
        populate(client)
        with open(f"{DIR}/digest", "wb") as file:
            file.write(client.ask("DEBUG", "DIGEST"))


def filled():
    """They are there again."""
    with Client() as client, open(f"{DIR}/digest", "rb") as file:
        equal(client.ask("DEBUG", "DIGEST"), file.read())
        equal(client.ask("FCALL", "kept", 0), 7)
        assert 90000 < client.ask("TTL", "later") <= 100000


def save():
    with Client() as client:
        before = client.ask("LASTSAVE")
        time.sleep(1.1)
        equal(client.ask("SAVE"), b"+OK")
        assert client.ask("LASTSAVE") > before
        equal(client.info("persistence")["rdb_changes_since_last_save"], "0")


def background_save(forks):
    """Where there is no fork(), it says so and the server goes on."""
    with Client() as client:
        answer = client.ask("BGSAVE")
        if forks == "1":
            equal(answer, b"+Background saving started")
            until(lambda: client.info("persistence")["rdb_bgsave_in_progress"] == "0")
        else:
            refused(answer, b"ERR")
        equal(client.info("persistence")["rdb_last_bgsave_status"], "ok" if forks == "1" else "err")
        equal(client.ask("PING"), b"+PONG")


def background_rewrite(forks):
    with Client() as client:
        answer = client.ask("BGREWRITEAOF")
        if forks == "1":
            equal(answer, b"+Background append only file rewriting started")
            until(lambda: client.info("persistence")["aof_rewrite_in_progress"] == "0")
            equal(client.info("persistence")["aof_last_bgrewrite_status"], "ok")
        else:
            refused(answer, b"ERR Can't execute an AOF background rewriting")
        equal(client.ask("SET", "after", 1), b"+OK")


def append_only_later(forks):
    """Append only, switched on while it runs, begins with a rewrite."""
    with fresh() as client:
        client.ask("SET", "before", 1)
        answer = client.ask("CONFIG", "SET", "appendonly", "yes")
        if forks == "1":
            equal(answer, b"+OK")
            until(lambda: client.info("persistence")["aof_rewrite_in_progress"] == "0")
            equal(client.ask("CONFIG", "SET", "appendonly", "no"), b"+OK")
        else:
            refused(answer, b"ERR CONFIG SET failed")
            equal(client.ask("CONFIG", "GET", "appendonly"), [b"appendonly", b"no"])
        equal(client.ask("SET", "after", 1), b"+OK")


def save_points(forks):
    """Where there is no fork(), they fail, and writes are refused then unless that is switched off."""
    with fresh() as client:
        equal(client.ask("CONFIG", "SET", "save", "1 1"), b"+OK")
        saves = int(client.info("persistence")["rdb_saves"])
        if forks == "1":
            client.ask("SET", "a", 1)
            until(lambda: int(client.info("persistence")["rdb_saves"]) > saves)
        else:
            refused(until(lambda: (answer := client.ask("SET", "a", 1)) != b"+OK" and answer), b"MISCONF")
            equal(client.ask("CONFIG", "SET", "stop-writes-on-bgsave-error", "no"), b"+OK")
            equal(client.ask("SET", "a", 1), b"+OK")
            equal(client.ask("CONFIG", "SET", "stop-writes-on-bgsave-error", "yes"), b"+OK")
        equal(client.ask("CONFIG", "SET", "save", ""), b"+OK")


def write_until_killed():
    """Writes, and keeps in a file what was acknowledged, until the server is gone."""
    writers = 4
    acknowledged = [0] * writers
    fresh().close()

    def write(number):
        try:
            with Client() as client:
                while True:
                    equal(client.ask("RPUSH", f"acknowledged {number}", acknowledged[number]), acknowledged[number] + 1)
                    acknowledged[number] += 1
        except (OSError, AssertionError):
            pass

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    until(lambda: min(acknowledged) > 20)
    with open(f"{DIR}/writing", "w", encoding="ascii"):
        pass
    for thread in threads:
        thread.join()
    with open(f"{DIR}/acknowledged", "w", encoding="ascii") as file:
        file.write(" ".join(map(str, acknowledged)))


def nothing_lost():
    with open(f"{DIR}/acknowledged", encoding="ascii") as file:
        acknowledged = [int(count) for count in file.read().split()]
    with Client() as client:
        for number, count in enumerate(acknowledged):
            kept = client.ask("LRANGE", f"acknowledged {number}", 0, -1)
            # One more may have been written, whose answer was not.
            assert count <= len(kept) <= count + 1, (count, len(kept))
            equal(kept, [b"%d" % n for n in range(len(kept))])


# Replication: PORT is the server, PEER another one in user space.
PEER = int(os.environ.get("REDIS_PEER", "0"))


def in_sync(master, replica):
    """What the master has done has been done by the replica."""

    def same():
        one, two = master.info("replication"), replica.info("replication")
        return one["master_repl_offset"] == two["master_repl_offset"] and two.get("master_link_status") == "up"

    until(same, 40)
    equal(replica.ask("DEBUG", "DIGEST"), master.ask("DEBUG", "DIGEST"))


def replica_full(disk, load):
    """The server becomes the replica of one in user space that has data already, and gets more meanwhile."""
    with Client(port=PEER) as master, Client() as replica:
        equal(master.ask("FLUSHALL"), b"+OK")
        populate(master)
        equal(master.ask("CONFIG", "SET", "repl-diskless-sync", "no" if disk == "disk" else "yes"), b"+OK")
        equal(replica.ask("CONFIG", "SET", "repl-diskless-load", load), b"+OK")
        equal(replica.ask("REPLICAOF", "NO", "ONE"), b"+OK")
        equal(replica.ask("FLUSHALL"), b"+OK")
        replica.ask("SET", "own", "is lost")
        full = int(master.info("stats")["sync_full"])
        equal(replica.ask("REPLICAOF", "127.0.0.1", PEER), b"+OK")
        for number in range(300):
            master.ask("SET", f"meanwhile {number}", number)
        in_sync(master, replica)
        equal(int(master.info("stats")["sync_full"]), full + 1)
        equal(replica.ask("GET", "meanwhile 299"), b"299")
        equal(replica.ask("GET", "own"), None)
        refused(replica.ask("SET", "a", 1), b"READONLY")
        equal(replica.ask("ROLE")[0], b"slave")
        equal(master.ask("ROLE")[2][0][1], b"%d" % PORT)
        master.ask("SET", "waited", "for")
        equal(master.ask("WAIT", 1, 10000), 1)
        equal(replica.ask("GET", "waited"), b"for")
        master.ask("EVAL", "redis.call('INCRBYFLOAT', 'float', '0.1') redis.call('SET', 'gone', 1, 'PX', 30)", 0)
        until(lambda: master.ask("EXISTS", "gone") == 0)
        in_sync(master, replica)


def replica_resumes():
    """A link that breaks is taken up again from where it was."""
    with Client(port=PEER) as master, Client() as replica:
        before = master.info("stats")
        equal(master.ask("CLIENT", "KILL", "TYPE", "replica"), 1)
        master.pipeline(*[("SET", f"gap {n}", n) for n in range(100)])
        in_sync(master, replica)
        after = master.info("stats")
        equal(int(after["sync_partial_ok"]), int(before["sync_partial_ok"]) + 1)
        equal(after["sync_full"], before["sync_full"])


def failover():
    """The master in user space hands over, and goes on as the replica without a full synchronization."""
    with Client(port=PEER) as other, Client() as client:
        partial = int(client.info("stats")["sync_partial_ok"])
        equal(other.ask("FAILOVER", "TO", "127.0.0.1", PORT), b"+OK")
        until(lambda: client.info("replication")["role"] == "master", 40)
        until(lambda: other.info("replication")["role"] == "slave", 40)
        equal(client.pipeline(*[("SET", f"as master {n}", n) for n in range(500)]), [b"+OK"] * 500)
        in_sync(client, other)
        equal(other.ask("GET", "as master 499"), b"499")
        equal(int(client.info("stats")["sync_partial_ok"]), partial + 1)
        equal(client.ask("SET", "waited", "for"), b"+OK")
        equal(client.ask("WAIT", 1, 10000), 1)
        # A link that breaks is taken up again, the other way round.
        equal(client.ask("CLIENT", "KILL", "TYPE", "replica"), 1)
        client.ask("SET", "gap", 1)
        in_sync(client, other)
        equal(int(client.info("stats")["sync_partial_ok"]), partial + 2)
        # And back again.
        equal(client.ask("FAILOVER", "TO", "127.0.0.1", PEER), b"+OK")
        until(lambda: client.info("replication")["role"] == "slave", 40)
        until(lambda: other.info("replication")["role"] == "master", 40)
        other.ask("SET", "back", "again")
        in_sync(other, client)
        equal(client.ask("REPLICAOF", "NO", "ONE"), b"+OK")
        equal(client.ask("SET", "a", 1), b"+OK")


def master_full(forks):
    """A new replica asks for everything, for which a master forks."""
    with fresh() as master, Client(port=PEER) as replica:
        populate(master)
        equal(replica.ask("REPLICAOF", "127.0.0.1", PORT), b"+OK")
        if forks == "1":
            in_sync(master, replica)
        else:

            def refusals():
                with open(f"{DIR}/redis.log", encoding="utf-8", errors="replace") as file:
                    return file.read().count("Can't save in background: fork: ")

            before = refusals()
            until(lambda: refusals() > before)
            equal(replica.info("replication")["master_link_status"], "down")
            equal(replica.ask("REPLICAOF", "NO", "ONE"), b"+OK")
            equal(master.ask("SET", "goes", "on"), b"+OK")


def saved_for_replica():
    """The master writes everything to a file, itself, and goes on writing."""
    with Client() as master, Client(port=PEER) as replica:
        equal(replica.ask("REPLICAOF", "NO", "ONE"), b"+OK")
        equal(master.ask("FLUSHALL"), b"+OK")
        populate(master)
        equal(master.ask("SAVE"), b"+OK")
        master.pipeline(*[("SET", f"since {n}", n) for n in range(500)])


def master_partial():
    """A replica that began with this file gets the rest."""
    with Client() as master, Client(port=PEER) as replica:
        in_sync(master, replica)
        equal(replica.ask("GET", "since 499"), b"499")
        assert int(master.info("stats")["sync_partial_ok"]) >= 1
        master.ask("SET", "and", "more")
        equal(master.ask("WAIT", 1, 10000), 1)
        equal(replica.ask("GET", "and"), b"more")


run(globals())
