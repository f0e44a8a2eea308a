"""The server process: the database first, then gunicorn; on SIGTERM or Ctrl-C the other way round."""

from __future__ import annotations

import errno
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from tracker import database, queries
from tracker.app import create_app
from tracker.db import db, now, transaction
from tracker.errors import TrackerError
from tracker.patience import Impatient
from tracker.settings import Settings

log = logging.getLogger(__name__)

Errand = Callable[[datetime, Settings], object]
"""Something that has to be done now and then beside the answering of requests."""

ERRAND_S = 10.0
"""Seconds between two errands of a server process."""

GRACE_S = 10
"""Seconds that requests have to end when the server stops."""

PORT_S = 2 * GRACE_S
"""Seconds to wait for the port of a server that was killed."""


class Log(Logger):  # type: ignore[misc]  # gunicorn publishes no types
    """Gunicorn's two loggers, through our handler: it knows what must not be in a line."""

    def setup(self, cfg: Any) -> None:
        """Keep the loggers, drop their handlers."""
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: timedelta) -> dict[str, Any]:
        """Return what our line is made of; gunicorn would prepare every header, for each of thousands of calls."""
        return {
            "h": environ.get("REMOTE_ADDR", "-"),
            "r": f"{environ['REQUEST_METHOD']} {environ['RAW_URI']} {environ['SERVER_PROTOCOL']}",
            "s": str(resp.status).split(None, 1)[0],
            "B": getattr(resp, "sent", None),
            "M": int(request_time.total_seconds() * 1000),
        }


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn with our settings; each of its processes makes the application anew."""

    def __init__(self, settings: Settings, errand: Errand | None = None) -> None:
        """Keep the *settings*; their database_url has to be that of the running database."""
        self._settings = settings
        self._errand = errand
        super().__init__()

    def load_config(self) -> None:
        """Take over what the settings say; no file and no environment of gunicorn's is read."""
        settings = self._settings
        host = f"[{settings.bind}]" if ":" in settings.bind else settings.bind
        options = {
            "bind": f"{host}:{settings.port}",
            "worker_class": Impatient,
            "workers": settings.processes,
            "threads": settings.threads,
            "graceful_timeout": GRACE_S,
            "logger_class": Log,
            "accesslog": "-",
            "access_log_format": '%(h)s "%(r)s" %(s)s %(B)s %(M)sms',
            "loglevel": settings.log_level.lower(),
            "control_socket_disable": True,
            "forwarder_headers": "",
            "secure_scheme_headers": {},  # whom to believe is said by FAHRWERK_PROXIES alone
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application of one process, and let its errand be done beside it."""
        app = create_app(self._settings)
        if self._errand is not None:
            threading.Thread(target=_run_errands, args=(app, self._settings, self._errand), daemon=True).start()
        return app


def _run_errands(app: Flask, settings: Settings, errand: Errand) -> None:
    """Do an errand again and again, as long as the process lives; several processes may do it at once."""
    while True:
        try:
            with app.app_context():
                errand(now(), settings)
        except TrackerError as error:
            log.warning("%s", error)
        time.sleep(ERRAND_S)


def serve(settings: Settings, errand: Errand | None = None) -> None:
    """Run the tracker until SIGTERM or SIGINT, which also end the wait for the database.

    Each of its processes does the *errand* now and then. The own database is upgraded here; another one is only
    checked: several versions may be around. Raises DatabaseError, and PortInUse when another program keeps the port.
    """
    stop = threading.Event()
    _on_signals(stop)
    with database.connected(settings, stop) as ready:
        if settings.embedded:
            database.upgrade(ready.database_url)
        else:
            database.check(ready.database_url)
        if port_is_free(settings, stop):
            _renew_leases(ready)
            log.info("serving on %s, port %s", settings.bind, settings.port)
            Server(ready, errand).run()


class PortInUse(TrackerError):
    """Another program listens on the port."""


def port_is_free(settings: Settings, stop: threading.Event) -> bool:
    """Wait for the port: the processes of a server that was killed still answer what they have begun.

    Return False when *stop* was set meanwhile. Raises PortInUse.
    """
    deadline = time.monotonic() + PORT_S
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    while not stop.is_set():
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.bind, settings.port))
                return True
            except OSError as error:
                place = f"{settings.bind}, port {settings.port}"
                if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                    hint = "end the program that has it, or set FAHRWERK_BIND and FAHRWERK_PORT"
                    raise PortInUse(f"Cannot listen on {place}: {error.strerror}; {hint}.") from error
        stop.wait(0.5)
    return False


def _renew_leases(settings: Settings) -> None:
    """Give the workers time to report: while no tracker ran, their heartbeats could not arrive."""
    app = create_app(settings)
    with app.app_context():
        with transaction():
            renewed = queries.renew_leases()
        db.engine.dispose()  # gunicorn forks: no process may inherit a connection
    if renewed:
        log.info("%s leases begin anew", renewed)


def _on_signals(stop: threading.Event) -> None:
    def handle(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
