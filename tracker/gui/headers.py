"""What every answer tells the browser: where code, pictures and media may come from (design D10, D11)."""

from __future__ import annotations

from flask import Flask, Response, request

POLICY = "; ".join(
    (
        "default-src 'self'",
        "media-src 'self' blob:",  # hls.js plays from a blob
        "worker-src 'self' blob:",  # and starts its worker from one
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def init_app(app: Flask) -> None:
    """Have the headers on every answer."""
    app.after_request(secure)


def secure(response: Response) -> Response:
    """Set the security headers, and keep pages out of caches; media and static files set their own.

    Answers to scripts are no pages: no browser shows them.
    """
    if request.blueprint == "rpc":
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    # same-origin, not no-referrer: the CSRF check compares it under https
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if not request.endpoint or not (request.endpoint.endswith("static") or request.endpoint == "gui.media"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
