"""The Matrix bot in a real room: Synapse on 127.0.0.1 with SQLite, no federation. $SYNAPSE is the folder of its environment."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import statistics
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from chats import QUESTION, WRONG, Desk, until
from nio import AsyncClient, LoginResponse, MatrixRoom, RoomCreateResponse, RoomMessageNotice, RoomSendResponse

from assistant.channels import matrix
from assistant.channels.matrix import ANSWER, Settings
from assistant.engine import Assistant

BIN = Path(os.environ.get("SYNAPSE", "/tmp/synapse")) / "bin"
BOT = "@helper:localhost"


@pytest.fixture(scope="module")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A homeserver with the users helper, ann and bob, whose passwords are their names."""
    folder = tmp_path_factory.mktemp("synapse")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = folder / "homeserver.yaml"
    made = ["-m", "synapse.app.homeserver", "-c", str(config)]
    subprocess.run(
        [BIN / "python", *made, "--server-name", "localhost", "--generate-config", "--report-stats=no"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    text = config.read_text(encoding="utf-8")
    text = re.sub(r"port: 8008", f"port: {port}", text)
    text = re.sub(r"bind_addresses: .*", "bind_addresses: ['127.0.0.1']", text)
    text = text.replace("names: [client, federation]", "names: [client]").replace("trusted_key_servers:", "x_unused:")
    limits = "".join(f"rc_{n}: {{per_second: 1000, burst_count: 1000}}\n" for n in ("message", "joins_per_room"))
    limits += (
        "rc_login: {address: {per_second: 1000, burst_count: 1000}, account: {per_second: 1000, burst_count: 1000}}\n"
    )
    config.write_text(text + f"\n{limits}federation_domain_whitelist: []\ntrusted_key_servers: []\n", encoding="utf-8")
    url = f"http://127.0.0.1:{port}"
    with (
        (folder / "out").open("w") as log,
        subprocess.Popen([BIN / "python", *made], cwd=folder, stdout=log, stderr=log) as server,
    ):
        until(lambda: _up(url), 60)
        for name in ("helper", "ann", "bob"):
            subprocess.run(
                [BIN / "register_new_matrix_user", "-c", config, "-u", name, "-p", name, "--no-admin", url],
                check=True,
                capture_output=True,
            )
        yield url
        server.terminate()


def _up(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{url}/_matrix/client/versions").status_code == 200
    return False


@dataclass
class Person:
    """Somebody in the room, with the bot's messages that they have seen."""

    client: AsyncClient
    seen: asyncio.Queue[RoomMessageNotice] = field(default_factory=asyncio.Queue)

    async def says(self, room: str, body: str, mention: bool = False, thread: str = "", **content: object) -> str:
        made: dict[str, object] = {
            "msgtype": "m.text",
            "body": body,
            "m.mentions": {"user_ids": [BOT]} if mention else {},
            **content,
        }
        if thread:
            made["m.relates_to"] = {"rel_type": "m.thread", "event_id": thread, "is_falling_back": True}
        sent = await self.client.room_send(room, "m.room.message", made)
        assert isinstance(sent, RoomSendResponse)
        return str(sent.event_id)

    async def reads(self, seconds: float = 10) -> RoomMessageNotice:
        return await asyncio.wait_for(self.seen.get(), seconds)


async def login(home: str, name: str) -> AsyncClient:
    client = AsyncClient(home, f"@{name}:localhost")
    assert isinstance(await client.login(name), LoginResponse)
    return client


@pytest_asyncio.fixture
async def ann(synapse: str) -> AsyncIterator[Person]:
    person = Person(await login(synapse, "ann"))

    async def heard(_: MatrixRoom, event: RoomMessageNotice) -> None:
        await person.seen.put(event)

    await person.client.sync(timeout=0)
    person.client.add_event_callback(heard, RoomMessageNotice)
    syncing = asyncio.create_task(person.client.sync_forever(timeout=2000))
    yield person
    syncing.cancel()
    with suppress(asyncio.CancelledError):
        await syncing
    await person.client.close()


@dataclass
class Bot:
    """The bot as a process would run it; it may be stopped and started."""

    desk: Desk
    settings: Settings
    task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.task = asyncio.create_task(matrix.listen(self.desk, self.settings))

    async def stop(self) -> None:
        assert self.task
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


@pytest.fixture(scope="module")
def desk(helper: Assistant) -> Desk:
    """What all starts of the bot share, as processes share their state."""
    return Desk(helper)


@pytest_asyncio.fixture
async def bot(synapse: str, desk: Desk) -> AsyncIterator[Bot]:
    client = await login(synapse, "helper")
    made = Bot(desk, Settings(synapse, BOT, client.access_token))
    await client.close()
    made.start()
    yield made
    await made.stop()


async def room(ann: Person, *others: str) -> str:
    """A room to which the bot is invited, once it has come; with another person it is no room for two."""
    made = await ann.client.room_create(name="ops", invite=[BOT, *others])
    assert isinstance(made, RoomCreateResponse)
    for _ in range(200):
        if BOT in {m.user_id for m in (await ann.client.joined_members(made.room_id)).members}:
            return str(made.room_id)
        await asyncio.sleep(0.05)
    raise AssertionError("the bot did not come")


async def test_a_mention_is_answered_in_a_thread_with_its_sources(ann: Person, bot: Bot) -> None:
    place = await room(ann, "@bob:localhost")
    asked = await ann.says(place, f"{BOT}: Can MARS back up our on-prem Ubuntu VM?", mention=True)
    reply = await ann.reads()
    content = reply.source["content"]
    assert content["m.relates_to"] == {
        "rel_type": "m.thread",
        "event_id": asked,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": asked},
    }
    assert content[ANSWER]["status"] == "not_supported"
    assert reply.formatted_body is not None
    assert reply.formatted_body.count("<blockquote>") == 2


async def test_a_thread_goes_on_without_a_mention_and_other_talk_is_left_alone(ann: Person, bot: Bot) -> None:
    place = await room(ann, "@bob:localhost")
    await ann.says(place, "Can MARS back up Linux?")
    root = await ann.says(place, f"{BOT} {QUESTION}", mention=True)
    assert (await ann.reads()).source["content"][ANSWER]["status"] == "depends"
    await ann.says(place, "ok great", thread=root)
    await ann.says(place, "physical", thread=root)
    assert (await ann.reads()).source["content"][ANSWER]["status"] == "not_supported"
    with pytest.raises(TimeoutError):
        await ann.reads(1)


async def test_a_room_for_two_needs_no_mention_and_no_thread(ann: Person, bot: Bot) -> None:
    place = await room(ann)
    asked = await ann.says(place, QUESTION)
    assert (await ann.reads()).source["content"]["m.relates_to"] == {"m.in_reply_to": {"event_id": asked}}
    await ann.says(place, "virtual")
    assert (await ann.reads()).source["content"][ANSWER]["status"] == "supported"


async def test_what_was_asked_while_it_was_away_is_answered_once(ann: Person, bot: Bot) -> None:
    place = await room(ann)
    await ann.says(place, QUESTION)
    await ann.reads()
    await bot.stop()
    late = await ann.says(place, "virtual")
    for _ in range(2):
        bot.start()
        await asyncio.sleep(2)
        await bot.stop()
    bot.start()
    assert (await ann.reads()).source["content"]["m.relates_to"]["m.in_reply_to"] == {"event_id": late}
    with pytest.raises(TimeoutError):
        await ann.reads(1)


async def test_a_thumb_is_kept(ann: Person, bot: Bot) -> None:
    place = await room(ann)
    await ann.says(place, QUESTION)
    reply = await ann.reads()
    relation = {"m.relates_to": {"rel_type": "m.annotation", "event_id": reply.event_id, "key": "👎"}}
    await ann.client.room_send(place, "m.reaction", relation)
    for _ in range(100):
        await asyncio.sleep(0.05)
        if bot.desk.ratings:
            break
    assert [(r.answer_id, r.rating) for r in bot.desk.ratings] == [(reply.source["content"][ANSWER]["id"], "down")]


async def test_wrong_claims_are_corrected_where_the_operator_said_so(ann: Person, bot: Bot) -> None:
    first, second = await room(ann, "@bob:localhost"), await room(ann, "@bob:localhost")
    await bot.stop()
    bot.settings = Settings(bot.settings.server, BOT, bot.settings.token, frozenset({second}))
    bot.start()
    await ann.says(first, WRONG)
    said = await ann.says(second, WRONG)
    reply = await ann.reads()
    assert reply.source["content"]["m.relates_to"]["event_id"] == said
    with pytest.raises(TimeoutError):
        await ann.reads(1)


async def test_round_trips(ann: Person, bot: Bot, capsys: pytest.CaptureFixture[str]) -> None:
    place, times = await room(ann), []
    for n in range(20):
        begin = time.perf_counter()
        await ann.says(place, f"Can MARS back up our on-prem Ubuntu VM number {n}?")
        await ann.reads()
        times.append((time.perf_counter() - begin) * 1000)
    with capsys.disabled():
        print(f"\nround trips: p50 {statistics.median(times):.0f} ms, max {max(times):.0f} ms")
    assert statistics.median(times) < 2000
