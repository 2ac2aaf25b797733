"""What an operator may set about serving: a frozen value, read once by the command line."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Settings:
    """Where and for whom the assistant serves, and what it bears."""

    host: str = "127.0.0.1"
    port: int = 7860
    url: str = ""
    """The address that people and citations use, without a slash at its end; the host and port when empty."""
    hosts: tuple[str, ...] = ()
    """Further names in the Host header that are answered."""
    origins: tuple[str, ...] = ()
    """Origins of web pages that may call the API from a browser; none by default."""
    state: str = ""
    """SQLAlchemy URL of the state; a SQLite file beside the indexes when empty."""
    rate: int = 60
    """Requests a minute that each key may make; bursts up to the same number."""
    waiting: int = 64
    """Questions that may wait for their turn; more are refused with 503."""
    patience: float = 10.0
    """Seconds in which a request, its headers and its body, must have arrived, and in which a question must have its turn."""
    ping: float = 15.0
    """Seconds of silence after which a stream says that it is alive."""
    log_questions: bool = False
    """Whether the audit log holds the text of questions."""
    share_port: bool = False
    """Whether several processes may listen on the port, so that the kernel spreads connections among them."""
    public_pages: bool = False
    """Whether the chat and the source pages are open to everybody who can reach them."""

    @property
    def base(self) -> str:
        """The address that links start with; empty without a port, for then there is no page to link to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.url or (f"http://{host}:{self.port}" if self.port else "")

    @property
    def names(self) -> frozenset[str]:
        """Names in the Host header that are answered, without ports, in small letters."""
        own = self.base.partition("://")[2].partition("/")[0]
        return frozenset(bare(h).lower() for h in (*_LOOPBACK, self.host, own, *self.hosts))

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it under names of this machine: then no key is asked for."""
        return all(_is_loopback(name) for name in self.names)


def bare(host: str) -> str:
    """A Host header without its port and without the brackets of IPv6."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() and ":" not in name else host


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
