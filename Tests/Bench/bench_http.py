"""Owns the parts over plain HTTP: health, create, reveal and a connection for each request, beside C, nginx and redis."""

from bench_clients import CONNECTIONS, drive, redis_benchmark, wrk
from bench_figures import OURS, Must, Part
from bench_servers import Nginx, Redis, Responder
from bench_tools import pinned_server
from onetime_http import request

C = "bare C epoll"
BY_WRK = ", wrk"
NGINX_RETURN, NGINX_FILE = "nginx, return", "nginx, 200-byte file"
REVEALS_A_SECOND = 130_000  # secrets made ready for each second of reveals
REDIS_A_SECOND = 80_000
REDIS_KEYS = 2_000_000
FORM = [("Content-Type", "application/x-www-form-urlencoded")]
SECRET = b"0123456789abcdef" * 16
RATE_CHARTS = (("rate", "requests per second"), ("cpu", "server CPU per request, us"), ("p99", "p99, us"))


class OverHTTP(Part):
    """What the parts over HTTP share: sizes of our answers, for C to answer the same, and the demands."""

    baseline = C
    charts = RATE_CHARTS
    helpers = ("epoll_responder", "load", "drive")
    least_rate = 0.95

    def prepare(self):
        with pinned_server(self.workshop) as server:
            self.health = request(server.port, "GET", "/health").body.decode()
            created = request(server.port, "POST", "/api/v1/share", FORM, b"secret=" + SECRET)
            revealed = request(server.port, "POST", "/api/v1/secret/" + created.json()["secret_key"])
        self.sizes = {"health": len(self.health), "create": len(created.body), "reveal": len(revealed.body)}

    def musts(self):
        ratio = lambda key: self.figures.ratio(self.name, OURS, C, key)  # noqa: E731
        return [
            Must("%s: requests per second / C" % self.name, ratio("rate"), least=self.least_rate),
            Must("%s: p99 / C's" % self.name, ratio("p99"), most=2),
        ]


class Health(OverHTTP):
    """GET /health by wrk."""

    name = "health"
    title = "GET /health, %d keep-alive connections, wrk" % CONNECTIONS
    headers = ()

    def prepare(self):
        self.can("wrk", "wrk", "client")
        super().prepare()
        self.nginx = self.can("nginx", "nginx-light", "nginx")

    def against(self, server, target):
        """wrk against a server that runs."""
        pids = getattr(server, "pids", None) or [server.pid]
        url = "http://127.0.0.1:%d%s" % (server.port, target)
        return wrk(self.workshop, pids, url, self.seconds, self.headers)

    def ours(self):
        """The server under test."""
        with pinned_server(self.workshop) as server:
            return self.against(server, "/health")

    def bare(self):
        """C, with a body as long as ours."""
        with Responder(self.workshop, self.sizes["health"]) as server:
            return self.against(server, "/health")

    def by_nginx(self, target):
        """nginx."""
        with Nginx(self.workshop, self.health) as server:
            return self.against(server, target)

    def contenders(self):
        runs = [(C, self.bare), (OURS, self.ours)]
        if self.nginx:
            runs += [(NGINX_RETURN, lambda: self.by_nginx("/health")), (NGINX_FILE, lambda: self.by_nginx("/200"))]
        return runs

    def musts(self):
        cpu = self.figures.ratio(self.name, OURS, C, "cpu")
        return super().musts() + [Must("health: CPU per request / C's", cpu, most=1.15)]


class Connections(Health):
    """A connection for each request, by wrk."""

    name = "connections"
    title = "GET /health, a connection for each request, %d at a time, wrk" % CONNECTIONS
    headers = ("Connection: close",)

    def musts(self):
        return OverHTTP.musts(self)[:1]


class WithRedis(OverHTTP):
    """Create and reveal, which redis-server is compared with, too."""

    least_rate = 0.7
    redis_name = ""
    remark = (
        "The client is drive.c, which costs less than wrk, so that more of the difference between servers shows; the rows by wrk "
        "have wrk's own price in them, which for reveal is that of a script."
    )

    def prepare(self):
        self.can("wrk", "wrk", "client")
        super().prepare()
        self.redis = self.can("redis-server", "redis-server", "redis") and self.can("redis-benchmark", "redis-tools", "redis")

    def by_redis(self):
        """redis-server."""
        raise NotImplementedError

    def bare(self, by):
        """C, with a body as long as ours."""
        with Responder(self.workshop, self.sizes[self.name]) as server:
            return by(server.pids, server.port)

    def drive(self, pids, port, keys=None):
        """The load generator against a server that runs."""
        arguments = [self.name, port, self.seconds if keys is None else 60] + ([keys] if keys else [])
        return drive(self.workshop, pids, arguments, self.seconds)

    def ours(self, by):
        """The server under test."""
        with pinned_server(self.workshop) as server:
            return by([server.pid], server.port)

    def by_wrk(self, pids, port, keys=None):
        """wrk against a server that runs."""
        environment = {"BENCH_KEYS": keys} if keys else None
        url = "http://127.0.0.1:%d" % port
        return wrk(self.workshop, pids, url, self.seconds, script=self.name + ".lua", environment=environment)

    def contenders(self):
        runs = [(C, lambda: self.bare(self.drive)), (OURS, lambda: self.ours(self.drive))]
        runs += [(C + BY_WRK, lambda: self.bare(self.by_wrk)), (OURS + BY_WRK, lambda: self.ours(self.by_wrk))]
        return runs + ([(self.redis_name, self.by_redis)] if self.redis else [])

    def musts(self):
        more = self.figures.difference(self.name, OURS, C, "cpu")
        redis = self.figures.ratio(self.name, OURS, self.redis_name, "rate")
        by_wrk = lambda key: self.figures.ratio(self.name, OURS + BY_WRK, C + BY_WRK, key)  # noqa: E731
        return super().musts() + [
            Must("%s: requests per second / C, both by wrk" % self.name, by_wrk("rate"), least=self.least_rate),
            Must("%s: p99 / C's, both by wrk" % self.name, by_wrk("p99"), most=2),
            Must("%s: CPU us per request beyond C's" % self.name, more, most=8),
            Must("%s: requests per second / %s" % (self.name, self.redis_name), redis, least=1),
        ]


class Create(WithRedis):
    """Creates secrets of 256 bytes."""

    name = "create"
    title = "create a secret of 256 bytes, %d keep-alive connections" % CONNECTIONS
    redis_name = "redis SET EX"

    def by_redis(self):
        command = ["SET", "key:__rand_int__", SECRET.decode(), "EX", "3600"]
        with Redis(self.workshop) as redis:
            return redis_benchmark(self.workshop, redis, command, REDIS_A_SECOND * self.seconds, REDIS_KEYS)


class Reveal(WithRedis):
    """Reveals secrets of 256 bytes, each once."""

    name = "reveal"
    title = "reveal a secret of 256 bytes, each once, %d keep-alive connections" % CONNECTIONS
    redis_name = "redis GETDEL"

    def ours(self, by):
        with pinned_server(self.workshop) as server:
            keys = self.workshop.path("keys")
            self.workshop.fill(server.port, keys, REVEALS_A_SECOND * self.seconds)
            return by([server.pid], server.port, keys)

    def bare(self, by):
        keys = self.workshop.path("keys")
        with open(keys, "w") as file:
            for number in range(REVEALS_A_SECOND * self.seconds):
                file.write("%031d %031d %016x\n" % (number, number, number))
        with Responder(self.workshop, self.sizes["reveal"]) as server:
            return by(server.pids, server.port, keys)

    def by_redis(self):
        fill = "for i = 0, %d do redis.call('SET', string.format('key:%%012d', i), '%s') end" % (
            REDIS_KEYS - 1,
            SECRET.decode(),
        )
        with Redis(self.workshop) as redis:
            redis.ask("EVAL", fill, "0")
            figures = redis_benchmark(
                self.workshop, redis, ["GETDEL", "key:__rand_int__"], REDIS_A_SECOND * self.seconds, REDIS_KEYS
            )
            return figures
