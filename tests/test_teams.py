"""Microsoft Teams: payloads in, payloads out, and the real kit with tokens judged by keys on loopback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from chats import ANSWER, PAGE, QUESTION, WRONG, Desk, asking, served, until
from cryptography.hazmat.primitives.asymmetric import rsa
from microsoft_teams.api.auth.cloud_environment import PUBLIC, with_overrides
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from assistant.channels import teams
from assistant.channels.chat import Asked, Rating
from assistant.channels.teams import Settings
from assistant.engine import Assistant
from assistant.errors import SettingError
from assistant.types import Answer

Json = dict[str, Any]
"""What travels on the wire, to be looked into."""
APP = "11111111-1111-1111-1111-111111111111"
BOT = f"28:{APP}"
TENANT = "22222222-2222-2222-2222-222222222222"
ROOM = "19:abc@thread.tacv2"
THREAD = f"{ROOM};messageid=1"


def mention(of: str = BOT, name: str = "helper") -> dict[str, object]:
    return {"type": "mention", "text": f"<at>{name}</at>", "mentioned": {"id": of, "name": name}}


def activity(service: object = "https://smba.example/teams", **changes: object) -> dict[str, object]:
    return {
        "type": "message", "id": "1", "timestamp": "2026-11-22T10:00:00Z", "channelId": "msteams", "serviceUrl": service,
        "from": {"id": "29:u", "name": "Ann"}, "recipient": {"id": BOT, "name": "helper"}, "textFormat": "plain",
        "conversation": {"id": THREAD, "conversationType": "channel", "tenantId": TENANT, "isGroup": True},
        "channelData": {"tenant": {"id": TENANT}, "channel": {"id": ROOM}}, "text": f"<at>helper</at> {QUESTION}", "entities": [mention()],
        **changes,
    }  # fmt: skip


# ---- payloads in

PERSONAL = {"id": "a:1", "conversationType": "personal", "tenantId": TENANT}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (activity(), Asked(QUESTION, THREAD, f"{THREAD}/1", True, ROOM)),
        (activity(text="Can it?", entities=[]), Asked("Can it?", "", f"{THREAD}/1", False, ROOM)),
        (activity(id="2", text="Can it?", entities=[]), Asked("Can it?", THREAD, f"{THREAD}/2", False, ROOM)),
        (activity(conversation=PERSONAL, text="a &lt; b&nbsp;c", entities=[]), Asked("a < b c", "a:1", "a:1/1", True, "a:1")),
        (activity(text="virtual", entities=[], value={"choice": "virtual"}), Asked("virtual", THREAD, f"{THREAD}/1", True, ROOM)),
        (activity(text="<at>helper</at>: ask <at>Bob</at>", entities=[mention(), mention("29:b", "Bob")]), Asked("ask Bob", THREAD, f"{THREAD}/1", True, ROOM)),
        (activity(text="<at>Bob</at> look", entities=[mention("29:b", "Bob")]), None),
        (activity(**{"from": {"id": "28:other", "role": "bot"}}), None), (activity(**{"from": {"id": BOT}}), None),
        (activity(conversation={}), None), (activity(id=None), None), ({}, None),
    ],
)  # fmt: skip
def test_messages(payload: dict[str, object], expected: Asked | None) -> None:
    assert teams.asked(payload) == expected


def test_a_long_conversation_id_gets_a_short_name() -> None:
    found = teams.asked(activity(conversation={**PERSONAL, "id": "a:" + "x" * 200}))
    assert found is not None
    assert (len(found.conversation), len(found.event)) == (64, 64)


def reaction(**value: object) -> dict[str, object]:
    given = {"actionName": "feedback", "actionValue": {"reaction": "like", "feedback": "{}", **value}}
    return activity(type="invoke", name="message/submitAction", value=given, replyToId="sent-1")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, Rating(THREAD, ANSWER.id, "up")),
        ({"reaction": "dislike", "feedback": '{"feedbackText": "no"}'}, Rating(THREAD, ANSWER.id, "down", "no")),
        ({"feedback": "{"}, Rating(THREAD, ANSWER.id, "up")), ({"feedback": "[" * 9999}, Rating(THREAD, ANSWER.id, "up")),
        ({"feedback": json.dumps({"feedbackText": "x" * 9999})}, Rating(THREAD, ANSWER.id, "up", "x" * 2000)),
    ],
)  # fmt: skip
def test_thumbs(value: dict[str, object], expected: Rating) -> None:
    assert teams.rated(reaction(**value), ANSWER.id) == expected


# ---- payloads out


def shown(reply: Answer | str, chooser: str = "") -> Json:
    return teams.message(reply, chooser).model_dump(mode="json", by_alias=True, exclude_none=True)


def test_an_answer_is_text_with_chips_thumbs_and_a_card_with_its_proof() -> None:
    made = shown(ANSWER)
    assert made["text"] == "**✘ Not supported**\n\nNo: x &lt; y &amp; z. [1]\n\nState of the documents: 2019. \\[2\\]"
    (entity,) = made["entities"]
    assert [
        (c["position"], c["appearance"]["name"], c["appearance"]["abstract"], c["appearance"]["url"])
        for c in entity["citation"]
    ] == [(1, "Tools & agents", "x < y & z", PAGE)]
    assert made["channelData"] == {"feedbackLoop": {"type": "default"}}
    (card,) = made["attachments"]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert [b["type"] for b in card["content"]["body"]] == ["TextBlock", "FactSet"]
    assert card["content"]["body"][1]["facts"] == [{"title": "R-1", "value": "It \\*cannot\\*. [1]"}]


def test_what_is_missing_is_asked_with_buttons() -> None:
    words = [f"choice {n}" for n in range(8)]
    card = teams.card(asking(*words)).model_dump(mode="json", by_alias=True, exclude_none=True)
    assert [b["type"] for b in card["body"]] == ["TextBlock", "ActionSet", "ActionSet", "TextBlock", "FactSet"]
    actions = [a for b in card["body"] for a in b.get("actions", [])]
    assert [a["title"] for a in actions] == words
    assert actions[0]["data"] == {"choice": "choice 0"}


def test_a_click_is_shown_to_the_others() -> None:
    who = teams.chosen(activity(value={"choice": "virtual"}, **{"from": {"id": "29:u", "name": "Ann *"}}))
    assert str(shown(ANSWER, who)["text"]).startswith("Ann \\*: virtual\n\n**✘ Not supported**\n\n")
    assert teams.chosen(activity()) == ""


def test_a_card_is_sent_only_when_it_adds_something() -> None:
    assert "attachments" not in shown(replace(ANSWER, findings=()))
    assert shown("Ask *again*.") == {"type": "message", "text": "Ask \\*again\\*."}


def test_long_titles_and_quotes_fit_their_chips() -> None:
    long = replace(ANSWER.citations[0], title="t" * 300, quote="q" * 3000, url="javascript:x")
    (entity,) = shown(replace(ANSWER, citations=(long,)))["entities"]
    look = entity["citation"][0]["appearance"]
    assert (len(look["name"]), len(look["abstract"]), "url" in look) == (80, 160, False)


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        "Can MARS back up our on-prem Ubuntu VM?",
        "What is the difference between MARS and MABS?",
        "Who won the cup?",
    ],
)
def test_real_answers_fit(helper: Assistant, question: str) -> None:
    answer = helper.ask(question)
    made = shown(answer)
    chips = [c["position"] for e in made.get("entities", []) for c in e.get("citation", [])]
    assert chips == [c.marker for c in answer.citations]
    assert all(f"[{n}]" in str(made["text"]) for n in chips)
    assert len(json.dumps(made)) < 20_000


# ---- the real kit

KEY, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


@dataclass
class Cloud:
    """The keys that sign tokens, and the connector that takes messages; `fail` holds statuses of the next ones."""

    posts: list[tuple[str, Json]] = field(default_factory=list)
    fail: list[int] = field(default_factory=list)
    fetched: int = 0
    strayed: list[str] = field(default_factory=list)
    """Where keys were asked for at a stranger's wish."""

    async def keys(self, _: Request) -> Response:
        self.fetched += 1
        one = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return JSONResponse({"keys": [{**one, "kid": "k1", "use": "sig", "alg": "RS256", "endorsements": ["msteams"]}]})

    async def take(self, request: Request) -> Response:
        if self.fail:
            return Response(status_code=self.fail.pop(0))
        self.posts.append((request.headers.get("authorization", ""), await request.json()))
        return JSONResponse({"id": f"sent-{len(self.posts)}"})

    async def stray(self, request: Request) -> Response:
        self.strayed.append(request.url.path)
        return Response(status_code=404)

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/login/{rest:path}", self.stray),
                Route("/v1/.well-known/keys", self.keys),
                Route("/connector/v3/conversations/{rest:path}", self.take, methods=["POST", "PUT"]),
            ]
        )


@dataclass
class Room:
    """A tenant: what was posted, our desk, and where activities are delivered."""

    cloud: Cloud
    desk: Desk
    base: str
    url: str

    @property
    def service(self) -> str:
        return f"{self.base}/connector"

    def token(self, key: rsa.RSAPrivateKey = KEY, kid: str = "k1", **claims: object) -> str:
        now = int(time.time())
        body = {
            "iss": "https://api.botframework.com",
            "aud": APP,
            "exp": now + 300,
            "iat": now,
            "serviceurl": self.service,
        }
        given = {k: v for k, v in {**body, **claims}.items() if v is not None}
        return jwt.encode(given, key, algorithm="RS256", headers={"kid": kid})

    def deliver(self, **changes: object) -> httpx.Response:
        return self.send(self.token(), activity(self.service, **changes))

    def send(self, token: str, body: Json) -> httpx.Response:
        return httpx.post(self.url, json=body, headers={"authorization": f"Bearer {token}"})


async def ours(*_: object) -> str:
    """Our own token for the connector."""
    return jwt.encode({"aud": "https://api.botframework.com", "exp": int(time.time()) + 600}, "x" * 32)


@pytest.fixture(scope="module")
def kit(helper: Assistant) -> Iterator[Room]:
    cloud, desk = Cloud(), Desk(helper)
    with served(cloud.app) as base:
        keys = with_overrides(
            PUBLIC, openid_metadata_url=f"{base}/v1/.well-known/openidconfiguration", login_endpoint=f"{base}/login"
        )
        settings = Settings(APP, tenant=TENANT, corrections=frozenset({"19:watched@thread.tacv2"}))
        with served(Starlette(routes=teams.routes(desk, settings, keys, ours))) as url:
            yield Room(cloud, desk, base, f"{url}{teams.PATH}")


@pytest.fixture
def room(kit: Room) -> Room:
    """The same kit with nothing said yet."""
    for held in (kit.cloud.posts, kit.cloud.fail, kit.desk.events, kit.desk.answers, kit.desk.ratings):
        held.clear()
    return kit


Forge = Callable[[Room], str]
BAD_TOKENS: dict[str, Forge] = {
    "no token": lambda _: "",
    "no scheme": lambda r: r.token(),
    "not a token": lambda _: "Bearer x.y.z",
    "letters beyond ASCII": lambda _: "Bearer ä",
    "another app": lambda r: f"Bearer {r.token(aud='other')}",
    "another issuer": lambda r: f"Bearer {r.token(iss='https://evil.example')}",
    "an issuer that names its own keys": lambda r: f"Bearer {r.token(iss='https://login.microsoftonline.com/x/v2.0', tid='../evil')}",
    "no issuer": lambda r: f"Bearer {r.token(iss=None)}",
    "expired": lambda r: f"Bearer {r.token(exp=int(time.time()) - 301)}",
    "another key": lambda r: f"Bearer {r.token(OTHER)}",
    "an unknown key": lambda r: f"Bearer {r.token(OTHER, 'k2')}",
    "another service": lambda r: f"Bearer {r.token(serviceurl='https://evil.example')}",
    "no service": lambda r: f"Bearer {r.token(serviceurl=None)}",
    "signed with nothing": lambda r: "Bearer " + jwt.encode(
        {"iss": "https://api.botframework.com", "aud": APP, "exp": 2**40, "serviceurl": r.service}, "", "none", {"kid": "k1"}
    ),
    "signed with a shared key": lambda r: "Bearer " + jwt.encode(
        {"iss": "https://api.botframework.com", "aud": APP, "exp": 2**40, "serviceurl": r.service},
        "k" * 32, "HS256", {"kid": "k1"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_TOKENS)
def test_a_bad_token_is_refused_and_nothing_happens(room: Room, what: str) -> None:
    headers = [(b"authorization", BAD_TOKENS[what](room).encode())]
    assert httpx.post(room.url, json=activity(room.service), headers=headers).status_code == 401
    assert (room.desk.events, room.cloud.posts) == (set(), [])


def test_forged_tokens_do_not_make_us_fetch_keys_again_and_again(room: Room) -> None:
    room.deliver()
    before = room.cloud.fetched
    for n in range(20):
        assert room.send(room.token(OTHER, f"unknown-{n}"), activity(room.service)).status_code == 401
    assert room.cloud.fetched - before <= 1


def test_no_stranger_chooses_where_keys_are_fetched(room: Room) -> None:
    token = room.token(iss=f"{room.base}/login/x/v2.0", tid="../../chosen")
    assert room.send(token, activity(room.service)).status_code == 401
    assert room.cloud.strayed == []


BAD_BODIES = [
    b"", b"{", b"[]", b'"x"', b"null", b"\xff", b"[" * 50_000, b"{}", b'{"type": "message"}', b'{"serviceUrl": 7}',
    json.dumps(activity(**{"from": "x"})).encode(), json.dumps(activity(conversation=None)).encode(),
    json.dumps(activity(service=None)).encode(), json.dumps(activity(service="")).encode(),
    json.dumps(activity(type="nonsense")).encode(), json.dumps(activity(entities="x")).encode(), json.dumps(activity(text=7)).encode(),
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_a_malformed_body_is_told_so(room: Room, body: bytes) -> None:
    got = httpx.post(room.url, content=body, headers={"authorization": f"Bearer {room.token()}"})
    assert got.status_code == 400
    assert len(got.text) < 400


def test_another_tenant_is_refused(room: Room) -> None:
    assert (
        room.deliver(conversation={"id": "a:1", "conversationType": "personal", "tenantId": "other"}).status_code == 403
    )


def test_a_mention_is_answered_in_its_thread_once(room: Room) -> None:
    assert [room.deliver().status_code for _ in range(3)] == [200, 200, 200]
    ((authorization, post),) = room.cloud.posts
    assert authorization.startswith("Bearer ")
    assert str(post["text"]).startswith("**? It depends**\n\nIt depends on environment (virtual or physical).\n\n- ")
    assert post["conversation"]["id"] == THREAD
    assert [c["position"] for e in post["entities"] for c in e.get("citation", [])] == [1, 2]


def test_a_click_on_a_choice_is_answered(room: Room) -> None:
    room.deliver()
    (card,) = room.cloud.posts[0][1]["attachments"]
    back = next(a for b in card["content"]["body"] for a in b.get("actions", []))["data"]
    room.deliver(id="2", entities=[], text=None, value=back, replyToId="sent-1")
    assert str(room.cloud.posts[1][1]["text"]).startswith("Ann: virtual\n\n**✔ Supported**\n\nYes: ")


def test_a_thread_of_ours_goes_on_and_other_talk_does_not(room: Room) -> None:
    other = {"id": f"{ROOM};messageid=7", "conversationType": "channel", "tenantId": TENANT}
    room.deliver(id="7", text="Can it?", entities=[], conversation=other)
    room.deliver(id="8", text="Can it?", entities=[], conversation=other)
    room.deliver()
    room.deliver(id="2", text="And if it is physical?", entities=[])
    room.deliver(id="3", text="ok great", entities=[])
    assert [str(p["text"])[:19] for _, p in room.cloud.posts] == ["**? It depends**\n\nI", "**✘ Not supported**"]


def test_a_thumb_is_kept_with_its_answer(room: Room) -> None:
    room.deliver()
    answer = room.desk.answers[THREAD]
    thumb = reaction(reaction="dislike", feedback='{"feedbackText": "wrong place"}')
    assert room.deliver(**{k: thumb[k] for k in ("type", "name", "value", "replyToId")}, text=None).status_code == 200
    assert room.desk.ratings == [Rating(THREAD, answer.id, "down", "wrong place")]


def test_wrong_claims_are_corrected_where_the_operator_said_so(room: Room) -> None:
    for place in (ROOM, "19:watched@thread.tacv2"):
        talk = {"id": f"{place};messageid=5", "conversationType": "channel", "tenantId": TENANT}
        room.deliver(id="5", text=WRONG, entities=[], conversation=talk)
    assert [p["conversation"]["id"] for _, p in room.cloud.posts] == ["19:watched@thread.tacv2;messageid=5"]


def test_a_busy_connector_is_waited_for_and_a_broken_one_not_asked_twice(room: Room) -> None:
    room.cloud.fail = [429]
    room.deliver()
    assert len(room.cloud.posts) == 1
    room.cloud.fail = [502]
    assert room.deliver(id="2").status_code == 500
    assert room.deliver(id="2").status_code == 200
    assert len(room.cloud.posts) == 1


def test_strangers_do_not_hold_up_an_answer_that_is_being_worked_on(room: Room) -> None:
    go = threading.Event()
    room.desk.wait = lambda: go.wait(10)
    asker = threading.Thread(target=room.deliver)
    asker.start()
    assert room.send("x.y.z", activity(room.service)).status_code == 401
    go.set()
    asker.join()
    until(lambda: room.cloud.posts)
    room.desk.wait = lambda: None


# ---- settings and docs


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None), ({"TEAMS_APP_ID": "a", "TEAMS_APP_SECRET": "s"}, Settings("a", "s")),
        ({"TEAMS_APP_ID": "a", "TEAMS_APP_SECRET": "s", "TEAMS_TENANT_ID": "t", "TEAMS_CORRECTIONS": "x"}, Settings("a", "s", "t", frozenset({"x"}))),
    ],
)  # fmt: skip
def test_settings_of_the_environment(environment: dict[str, str], expected: Settings | None) -> None:
    assert teams.settings(environment) == expected


@pytest.mark.parametrize("name", ["TEAMS_APP_ID", "TEAMS_APP_SECRET"])
def test_half_a_setting_is_an_error(name: str) -> None:
    with pytest.raises(SettingError, match="TEAMS_APP_ID and TEAMS_APP_SECRET"):
        teams.settings({name: "x"})


def test_nobody_opens_the_door_by_the_environment(monkeypatch: pytest.MonkeyPatch, kit: Room) -> None:
    monkeypatch.setenv("DANGEROUSLY_ALLOW_UNAUTHENTICATED_REQUESTS", "true")
    nowhere = with_overrides(PUBLIC, openid_metadata_url="http://127.0.0.1:9/v1/.well-known/openidconfiguration")
    with served(Starlette(routes=teams.routes(kit.desk, Settings(APP), nowhere, ours))) as url:
        forged = {"authorization": f"Bearer {kit.token(OTHER)}"}
        assert httpx.post(f"{url}{teams.PATH}", json=activity(kit.service), headers=forged).status_code == 401


def test_the_manifest_in_the_docs_is_one_for_this_bot() -> None:
    text = (Path(__file__).parents[1] / "docs/teams.md").read_text(encoding="utf-8")
    manifest = json.loads(text.partition("```json\n")[2].partition("```")[0])
    assert manifest["bots"][0]["scopes"] == ["personal", "team", "groupChat"]
    assert manifest["bots"][0]["botId"] == manifest["id"]
    assert len(manifest["name"]["short"]) <= 30
    assert len(manifest["description"]["short"]) <= 80
    assert teams.PATH in text
