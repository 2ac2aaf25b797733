"""A chat's desk at the service: conversations, events and ratings live in the state that all processes share."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from assistant.channels.inbox import Opinion, record
from assistant.channels.service import Talk, kept

if TYPE_CHECKING:
    from assistant.channels.chat import Rating
    from assistant.channels.service import Service
    from assistant.types import Answer, Verification


class ServiceDesk:
    """Where one chat asks; its conversations are no other caller's."""

    def __init__(self, service: Service, channel: str) -> None:
        self._service, self._channel, self._owner = service, channel, f"chat:{channel}"

    async def ask(self, conversation: str, question: str) -> Answer:
        """The answer to the next question of a conversation, which is remembered. QuestionError as `Assistant.ask`."""
        return await self._service.ask(question, Talk(self._owner, conversation), self._channel)

    async def last(self, conversation: str) -> Answer | None:
        """The last answer of a conversation; None when nothing was answered in it."""
        answers = await self._service.history(Talk(self._owner, conversation))
        return answers[-1] if answers else None

    async def seen(self, event: str) -> bool:
        """Whether an event was met before, by any process; it counts as met from now on."""
        return not await kept(partial(self._service.state.first_time, self._channel, event))

    async def verify(self, text: str) -> Verification:
        """The claims of a text, judged. QuestionError as `Assistant.verify`."""
        return await self._service.verify(text)

    async def rate(self, rating: Rating) -> None:
        """Keep what somebody thinks of an answer, with its turns, the answer itself and the versions."""
        answers = await self._service.history(Talk(self._owner, rating.conversation))
        meant = next((n for n, a in enumerate(answers, 1) if a.id == rating.answer_id), 0)
        opinion = Opinion(rating.rating, correction=rating.comment)
        told = answers[meant - 1] if meant else rating.answer_id
        given = record([a.question for a in answers[: meant or None]], told, self._service.pack_now, opinion)
        await kept(partial(self._service.state.add_feedback, self._owner, given))
