"""Who calls, when a reverse proxy stands between: only proxies at configured addresses are believed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Networks = Sequence[IPv4Network | IPv6Network]


class Proxies:
    """Passes calls on to an application, with the address, scheme and host that trusted proxies tell of.

    The caller is the last address in ``X-Forwarded-For`` that is no proxy of ours; what stands before it anybody may
    have written.
    """

    def __init__(self, app: WSGIApplication, trusted: Networks) -> None:
        """Believe the addresses in *trusted*."""
        self._app = app
        self._trusted = trusted

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if not self._trusts(environ.get("REMOTE_ADDR", "")):
            return self._app(environ, start_response)
        forwarded = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        hops = 1
        for address in reversed(forwarded):
            if bare(address):
                environ["REMOTE_ADDR"] = bare(address)
            if not self._trusts(bare(address)):
                break
            hops += 1
        hops = min(hops, max(1, len(forwarded)))
        scheme, host = (_depth(environ, name, hops) for name in ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST"))
        return ProxyFix(self._app, x_for=0, x_proto=scheme, x_host=host)(environ, start_response)

    def _trusts(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        if isinstance(found, IPv6Address) and found.ipv4_mapped:
            found = found.ipv4_mapped
        return any(found in network for network in self._trusted)


def bare(address: str) -> str:
    """Return the IP address in an element of X-Forwarded-For, without port and brackets; '' when there is none."""
    for text in (address, address.rpartition(":")[0]):
        try:
            return str(ip_address(text.strip("[]")))
        except ValueError:
            continue
    return ""


def _depth(environ: WSGIEnvironment, name: str, hops: int) -> int:
    """Return how many elements from the end the value of the outermost proxy stands: not all proxies add one."""
    return min(hops, str(environ.get(name, "")).count(",") + 1)
