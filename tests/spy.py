"""Runs the assistant's command line and reports every look-up of another machine and every connection to one."""

from __future__ import annotations

import ipaddress
import sys

OURS = {None, "", "127.0.0.1", "localhost", "0.0.0.0", "::1", "::"}


def watch(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: Python tells of every look-up and connection before it is made."""
    if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
        if host not in OURS:
            print(f"SPY {event} {host}", file=sys.stderr, flush=True)
    elif event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not ipaddress.ip_address(str(address[0])).is_loopback:
            print(f"SPY {event} {address[0]}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.addaudithook(watch)
    from assistant.cli import main

    sys.exit(main(sys.argv[1:]))
