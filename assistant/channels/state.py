"""What outlives a request: conversations, feedback, keys, idempotency, events seen. SQLite or PostgreSQL, one schema.

Any number of processes may share one state. A conversation is kept as its questions: an answer follows from them and
from the pack alone, so replaying them is exact, in any process and after a new generation of the pack.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from assistant.errors import AssistantError, UnknownName

DAY = 86_400.0
_CONVERSATIONS = 10_000
"""Conversations kept; the longest unused give way."""
_RECORDS = 10_000
"""Records of feedback from which on none is taken: nobody reads them, or somebody floods us. Some 60 MB."""
_LEASE = 60.0
"""Seconds after which an idempotent request that never finished may be made again."""
_TURNS = 32
_STEP = 16
MARK = "ask-"
"""How every token begins."""
SCOPES = ("ask", "feedback", "metrics", "pages")

metadata = sa.MetaData()
conversation = sa.Table(
    "conversation", metadata,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(128), primary_key=True),
    sa.Column("turns", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("updated", sa.Double, nullable=False, index=True),
)  # fmt: skip
feedback = sa.Table(
    "feedback", metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
)  # fmt: skip
idempotency = sa.Table(
    "idempotency", metadata,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("body", sa.Text),
    sa.Column("at", sa.Double, nullable=False, index=True),
)  # fmt: skip
event = sa.Table(
    "event", metadata,
    sa.Column("channel", sa.String(32), primary_key=True),
    sa.Column("id", sa.String(255), primary_key=True),
    sa.Column("at", sa.Double, nullable=False, index=True),
)  # fmt: skip
api_key = sa.Table(
    "api_key", metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("expires", sa.Double),
    sa.Column("revoked", sa.Double),
)  # fmt: skip
bucket = sa.Table(
    "bucket", metadata,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("full_at", sa.Double, nullable=False),
)  # fmt: skip


class StateError(AssistantError):
    """The state cannot be opened, read or written."""


class Full(AssistantError):
    """There is so much of something that no more is taken."""


class Conflict(AssistantError):
    """Somebody else changed the same thing in the meantime."""


@dataclass(frozen=True, slots=True)
class Key:
    """An API key as it is stored: never the secret, only its SHA-256."""

    id: str
    name: str
    digest: str
    scopes: tuple[str, ...]
    created: float
    expires: float | None = None
    revoked: float | None = None

    def valid(self, now: float) -> bool:
        """Whether it opens doors at this moment."""
        return self.revoked is None and (self.expires is None or now < self.expires)


@dataclass(frozen=True, slots=True)
class Reserved:
    """What became of an idempotency key: ours to work on (`body` None, `ours`), or answered before (`body`)."""

    ours: bool
    body: str | None = None


def window(turns: Sequence[str]) -> tuple[str, ...]:
    """The turns that are carried: all of a short conversation, the last 17 to 32 of a long one.

    Its beginning moves in steps, so that what was worked out for one turn serves the next.
    """
    dropped = -(-max(0, len(turns) - _TURNS) // _STEP) * _STEP
    return tuple(turns[dropped:])


class State:
    """Opened on a SQLAlchemy URL; brings the schema up to date first. StateError when that cannot be done."""

    def __init__(self, url: str) -> None:
        try:
            self._engine = sa.create_engine(url, **_options(url))
            self._brisk = sa.create_engine(url, **_options(url))
            if self._engine.dialect.name == "sqlite":
                sa.event.listen(self._engine, "connect", _pragmas)
            sa.event.listen(self._brisk, "connect", _briskly)
            with _alone(url), self._tell():
                self._migrate()
        except (sa.exc.ArgumentError, ImportError) as error:
            raise StateError(
                f"state {_safe(url)}: {_line(error)}; give a URL like sqlite:////var/lib/state.db"
            ) from None

    def _migrate(self) -> None:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":  # two processes may start at once
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(7860)"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def _tell(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise StateError(f"state {self._engine.url.render_as_string()}: {_line(error)}") from error

    def alive(self) -> bool:
        """Whether the state can be read at this moment."""
        try:
            with self._engine.connect() as connection:
                connection.execute(sa.select(sa.literal(1)))
        except SQLAlchemyError:
            return False
        return True

    def close(self) -> None:
        """Give its connections back."""
        self._engine.dispose()
        self._brisk.dispose()

    # ---- conversations

    def turns(self, owner: str, name: str) -> tuple[tuple[str, ...], int]:
        """The questions of a conversation so far, oldest first, and their version; none and 0 when it is new."""
        with self._tell(), self._engine.connect() as connection:
            found = connection.execute(
                sa.select(conversation.c.turns, conversation.c.version).where(_is(conversation, owner, name))
            ).first()
        return (tuple(json.loads(found.turns)), found.version) if found else ((), 0)

    def remember(self, owner: str, name: str, turns: Sequence[str], version: int) -> None:
        """Keep the turns of a conversation that was read at `version`. Conflict when another turn came in between."""
        kept = {"turns": json.dumps(turns), "version": version + 1, "updated": time.time()}
        try:
            with self._tell(), self._engine.begin() as connection:
                if version == 0:
                    connection.execute(sa.insert(conversation).values(owner=owner, id=name, **kept))
                    return
                one = _is(conversation, owner, name) & (conversation.c.version == version)
                if connection.execute(sa.update(conversation).where(one).values(**kept)).rowcount:
                    return
        except IntegrityError:
            pass
        raise Conflict(f"conversation {name!r} got another turn in the meantime")

    # ---- feedback

    def add_feedback(self, owner: str, record: Mapping[str, object]) -> None:
        """Keep one record until it is forgotten. Full when nobody takes the records away."""
        row = {"owner": owner, "at": time.time(), "record": json.dumps(record)}
        last, first = sa.func.max(feedback.c.number), sa.func.min(feedback.c.number)
        with self._tell(), self._engine.begin() as connection:
            if (connection.execute(sa.select(last - first)).scalar() or 0) + 1 >= _RECORDS:
                raise Full(f"{_RECORDS:,} records of feedback are kept already; run 'assistant feedback --forget'")
            connection.execute(sa.insert(feedback).values(**row))

    def adopt(self, owner: str, at: float, records: Sequence[Mapping[str, object]]) -> int:
        """Keep records that an owner gave elsewhere at some time, those that were adopted before only once; how many came."""
        given = Counter(json.dumps(one) for one in records)
        ours = (feedback.c.owner == owner) & (feedback.c.at == at)
        with self._tell(), self._engine.begin() as connection:
            here = Counter(connection.execute(sa.select(feedback.c.record).where(ours)).scalars())
            rows = [{"owner": owner, "at": at, "record": one} for one in (given - here).elements()]
            if rows:
                connection.execute(sa.insert(feedback), rows)
        return len(rows)

    def feedback(self) -> Iterator[dict[str, object]]:
        """Every record with its number, oldest first."""
        with self._tell(), self._engine.connect() as connection:
            for row in connection.execute(sa.select(feedback).order_by(feedback.c.number)):
                yield {"id": row.number, "at": row.at, "by": row.owner, **json.loads(row.record)}

    def forget_feedback(self, numbers: Sequence[object]) -> None:
        """Delete the records with these numbers for good."""
        with self._tell(), self._engine.begin() as connection:
            connection.execute(sa.delete(feedback).where(feedback.c.number.in_(numbers)))

    # ---- once and only once

    def reserve(self, owner: str, key: str, fingerprint: str) -> Reserved:
        """Take an idempotency key. OtherRequest when it was used for another one, Conflict while it is in progress."""
        row = {"owner": owner, "key": key, "fingerprint": fingerprint, "body": None, "at": time.time()}
        one = (idempotency.c.owner == owner) & (idempotency.c.key == key)
        try:
            with self._tell(), self._engine.begin() as connection:
                connection.execute(sa.insert(idempotency).values(**row))
                return Reserved(ours=True)
        except IntegrityError:
            pass
        with self._tell(), self._engine.begin() as connection:
            found = connection.execute(sa.select(idempotency).where(one)).first()
            if found is None:
                raise Conflict(f"idempotency key {key!r} expired just now; send the request again")
            if found.fingerprint != fingerprint:
                raise OtherRequest(f"idempotency key {key!r} was used for another request; take a new key")
            if found.body is not None:
                return Reserved(ours=False, body=found.body)
            stale = one & (idempotency.c.at == found.at) & (idempotency.c.at < time.time() - _LEASE)
            if connection.execute(sa.update(idempotency).where(stale).values(at=time.time())).rowcount:
                return Reserved(ours=True)
        raise Conflict(f"the request with idempotency key {key!r} is in progress; send it again later")

    def finish(self, owner: str, key: str, body: str | None) -> None:
        """Keep the response for a reserved key; None gives the key back, for nothing was done."""
        one = (idempotency.c.owner == owner) & (idempotency.c.key == key)
        with self._tell(), self._engine.begin() as connection:
            connection.execute(
                sa.delete(idempotency).where(one)
                if body is None
                else sa.update(idempotency).where(one).values(body=body)
            )

    def first_time(self, channel: str, name: str) -> bool:
        """Whether this event of a channel is met for the first time, in any process; it counts as met from now on."""
        try:
            with self._tell(), self._engine.begin() as connection:
                connection.execute(sa.insert(event).values(channel=channel, id=name, at=time.time()))
        except IntegrityError:
            return False
        return True

    def expire(self) -> None:
        """Forget what is older than a day, and the longest unused conversations beyond 10,000."""
        old = time.time() - DAY
        with self._tell(), self._engine.begin() as connection:
            for table, column in ((conversation, "updated"), (idempotency, "at"), (event, "at")):
                connection.execute(sa.delete(table).where(table.c[column] < old))
            edge = connection.execute(
                sa.select(conversation.c.updated)
                .order_by(conversation.c.updated.desc())
                .offset(_CONVERSATIONS)
                .limit(1)
            ).scalar()
            if edge is not None:
                connection.execute(sa.delete(conversation).where(conversation.c.updated <= edge))

    # ---- buckets

    def full_at(self, owner: str) -> float | None:
        """When somebody's bucket of requests will be full again; None for one that was never drawn from."""
        with self._tell(), self._brisk.connect() as connection:
            return connection.execute(sa.select(bucket.c.full_at).where(bucket.c.owner == owner)).scalar()

    def fill(self, owner: str, before: float | None, full_at: float) -> bool:
        """Replace that time, if it still is `before`; whether it was. A power cut may undo it."""
        try:
            with self._tell(), self._brisk.begin() as connection:
                if before is None:
                    connection.execute(sa.insert(bucket).values(owner=owner, full_at=full_at))
                    return True
                one = (bucket.c.owner == owner) & (bucket.c.full_at == before)
                return bool(connection.execute(sa.update(bucket).where(one).values(full_at=full_at)).rowcount)
        except IntegrityError:
            return False

    # ---- keys

    def add_key(self, name: str, scopes: Sequence[str], days: float | None = None) -> tuple[Key, str]:
        """A new key and its token, which is shown this once and stored nowhere. UnknownName for a scope that is none."""
        for scope in scopes:
            if scope not in SCOPES:
                raise UnknownName("scope", scope, SCOPES)
        now, name_of_key, secret = time.time(), secrets.token_hex(6), secrets.token_urlsafe(32)
        key = Key(name_of_key, name, digest_of(secret), tuple(scopes), now, now + days * DAY if days else None)
        row = {
            "id": key.id, "name": name, "digest": key.digest, "scopes": " ".join(scopes), "created": now,
            "expires": key.expires, "revoked": None,
        }  # fmt: skip
        with self._tell(), self._engine.begin() as connection:
            connection.execute(sa.insert(api_key).values(**row))
        return key, f"{MARK}{key.id}-{secret}"

    def key(self, name: str) -> Key | None:
        """The key with this id, if there is one."""
        return next(iter(self._issued(sa.select(api_key).where(api_key.c.id == name))), None)

    def issued(self) -> tuple[Key, ...]:
        """Every key, oldest first, the revoked and expired ones too."""
        return self._issued(sa.select(api_key).order_by(api_key.c.created, api_key.c.id))

    def _issued(self, query: sa.Select[tuple[object, ...]]) -> tuple[Key, ...]:
        with self._tell(), self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return tuple(
            Key(r.id, r.name, r.digest, tuple(r.scopes.split()), r.created, r.expires, r.revoked) for r in rows
        )

    def revoke_key(self, name: str) -> None:
        """Close the key with this id for good, within seconds in every process. UnknownName when there is none."""
        with self._tell(), self._engine.begin() as connection:
            found = connection.execute(sa.update(api_key).where(api_key.c.id == name).values(revoked=time.time()))
        if not found.rowcount:
            raise UnknownName("key", name, [k.id for k in self.issued()])


class OtherRequest(AssistantError):
    """An idempotency key that was used for another request."""


def digest_of(secret: str) -> str:
    """SHA-256 in hex. A secret has 256 random bits, so it needs no salt and no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _is(table: sa.Table, owner: str, name: str) -> sa.ColumnElement[bool]:
    return (table.c.owner == owner) & (table.c.id == name)


def _pragmas(connection: DBAPIConnection, _: object) -> None:
    """Readers never wait for the writer; what was committed survives a power cut."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _briskly(connection: DBAPIConnection, _: object) -> None:
    """What is written is not waited for until it is on the disk."""
    cursor = connection.cursor()
    lite = type(connection).__module__.startswith("sqlite3")
    cursor.execute("PRAGMA synchronous=NORMAL" if lite else "SET synchronous_commit=off")
    cursor.close()
    connection.commit()


def _options(url: str) -> dict[str, object]:
    """A writer waits for another up to five seconds instead of failing; a connection that died is replaced."""
    if not url.startswith("sqlite"):
        return {"pool_pre_ping": True, "pool_recycle": 1800}
    return {"connect_args": {"timeout": 5.0}}


def _alone(url: str) -> AbstractContextManager[object]:
    """SQLite has no lock that covers a change of its schema: a lock file beside it."""
    path = sa.make_url(url).database if url.startswith("sqlite") else None
    if not path or path == ":memory:":
        return nullcontext()
    from filelock import FileLock

    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FileLock(f"{path}.lock", timeout=30, mode=0o600)
    except OSError as error:
        raise StateError(f"state {path}: {_line(error)}") from None


def _safe(url: str) -> str:
    return url.partition("://")[0] + "://…"


def _line(error: Exception) -> str:
    return " ".join(str(getattr(error, "orig", None) or error).split())[:200]
