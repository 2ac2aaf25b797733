"""The chat page in Gradio: a conversation, its evidence beside it, and the other views. No state but each session's own.

The page shows queries: every view is drawn from the address alone, and a conversation is one too (`transcript`), so
going back, links and history need nothing else. This room only wires; the HTML is made by its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from gradio.components.chatbot import Message, MessageDict, OptionDict

from assistant.channels.evidence import evidence, jump
from assistant.channels.render import Turn, chips, message, typed
from assistant.channels.screen import Keep, Screen
from assistant.channels.transcript import Query, Turns, address, ask, read, renewed, worded

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.engine import Assistant
    from assistant.types import Answer

_HERE = Path(__file__).parent
_AT_ONCE = 16
"""Questions answered side by side: 8 users of one second each waited 8.2 s with Gradio's default of 1, 1.4 s with 16."""
_WAITING = 64
_KEPT = 20
"""Conversations in a browser's history."""
_WELCOME = "Ask a question, or start with one of these."
_THINKING = "_Checking the rules and the documents …_"
_RETRY = "Try again"
STYLE = (_HERE / "page.css").read_text(encoding="utf-8")
Log = list[MessageDict | Message]


def theme() -> gr.themes.Base:
    """Gradio's own look with readable contrast, and without the half-bold fonts that lack most letters."""
    return gr.themes.Default(
        primary_hue="blue",
        neutral_hue="slate",
        font=[gr.themes.LocalFont("Source Sans Pro", weights=(400, 700)), "system-ui", "sans-serif"],
        font_mono=[gr.themes.LocalFont("IBM Plex Mono", weights=(400, 700)), "ui-monospace", "monospace"],
    ).set(
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_dark="*primary_700",
        button_primary_text_color="white",
        button_primary_text_color_dark="white",
    )


def page(
    current: Callable[[], Assistant], keep: Keep, count: Callable[[Answer], None], runs: Path = Path("runs")
) -> gr.Blocks:
    """The page over the assistant that answers now; `keep` takes feedback, `count` each answer to a question.

    Reports are looked for in `runs`. Serve it with `mount`.
    """
    screen, pack = Screen(current, keep, runs), current().pack
    starts = pack.starts
    blocks = gr.Blocks(title=f"{pack.title} assistant", analytics_enabled=False, fill_width=True)

    def panel(turns: Turns, kept: Sequence[str]) -> tuple[str, str]:
        history = [one for one in kept or () if str(one).startswith("?")]  # what a browser sends can be anything
        return evidence(current().checker, turns, history), jump(turns)

    def respond(question: str, turns: Turns, kept: list[str]) -> Iterator[tuple[object, ...]]:
        helper = current()
        turns = renewed(helper, turns)
        if not question.strip():
            yield "", conversation(turns, starts), *panel(turns, kept), turns, kept
            return
        yield (
            "",
            [*conversation(turns, (), last=False), *_pending(question)],
            gr.skip(),
            gr.skip(),
            gr.skip(),
            gr.skip(),
        )
        settled = ask(helper, question, turns)
        for turn in worded(helper, settled, turns, count):
            now = (*turns, settled if turn.growing else turn)  # what stays when the wording is stopped
            kept = _remembered(kept, now)
            yield (
                gr.skip(),
                conversation((*turns, turn), starts),
                *panel(now, kept),
                now,
                kept,
            )  # what is typed meanwhile stays

    def choose(turns: Turns, kept: list[str], event: gr.SelectData) -> Iterator[tuple[object, ...]]:
        again = event.value == _RETRY and turns and turns[-1].answer is None
        yield from respond(turns[-1].question if again else event.value, turns[:-1] if again else turns, kept)

    def show(query: Query, turns: Turns, kept: list[str]) -> tuple[object, ...]:
        tab, before = screen.tab(query), turns
        if dict(query).get("do") == "forget":
            kept = []
        turns = screen.turns(query, renewed(current(), turns))
        if turns != before:
            kept = _remembered(kept, turns)
        drawn = screen.draw(tab, query) if tab != "ask" else gr.skip()
        return screen.header(tab), drawn, conversation(turns, starts), *panel(turns, kept), turns, kept

    def visit(turns: Turns, kept: list[str], event: gr.EventData) -> tuple[object, ...]:
        return show(read(str(event.query)), turns, kept)

    with blocks:
        turns, store = gr.State(()), gr.BrowserState([], storage_key=f"{pack.name}-history", secret=pack.name)
        head = gr.HTML(screen.header("ask"), elem_id="scope", js_on_load=_script("page.js"))
        with gr.Row(elem_id="talk"):
            with gr.Column(scale=3, min_width=300):
                chat = _chat(conversation((), starts))
                box = _box(ready=False)
            verdict = gr.HTML("", elem_id="verdict", js_on_load=None, scale=0)
            with gr.Column(scale=2, min_width=300):
                passages = gr.HTML(
                    panel((), ())[0], elem_id="evidence", elem_classes="paper", js_on_load=_script("view.js")
                )
        view = gr.HTML("", elem_id="view", elem_classes="paper", js_on_load=_script("view.js"))
        answered = [chat, passages, verdict, turns, store]
        asked = [
            box.submit(
                respond, [box, turns, store], [box, *answered], show_progress="hidden", api_visibility="private"
            ),
            chat.option_select(
                choose, [turns, store], [box, *answered], show_progress="hidden", api_visibility="private"
            ),
        ]
        everything = [head, view, *answered]
        head.go(visit, [turns, store], everything, show_progress="hidden", api_visibility="private")
        chat.clear(lambda kept: show((), (), kept), store, everything, show_progress="hidden", api_visibility="private")
        head.halt(
            lambda turns: conversation(turns, starts),
            turns,
            chat,
            cancels=asked,
            show_progress="hidden",
            api_visibility="private",
        )
        # Until the address is drawn the box takes nothing: what was asked before would be drawn over.
        blocks.load(
            lambda query, turns, kept: (_box(ready=True), *show(read(query), turns, kept)),
            [box, turns, store], [box, *everything], js="(_, turns, kept) => [location.search, turns, kept]", show_progress="hidden", api_visibility="private",
        ).then(None, js="() => { document.querySelector('#question textarea').focus({ preventScroll: true }) }")  # fmt: skip
    blocks.queue(max_size=_WAITING, api_open=False, default_concurrency_limit=_AT_ONCE)
    return blocks


def _script(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _chat(value: Log) -> gr.Chatbot:
    return gr.Chatbot(
        value,
        elem_id="conversation",
        label="Conversation",
        show_label=False,
        height="calc(100vh - 14rem)",
        layout="bubble",
        buttons=[],
        feedback_options=None,
        latex_delimiters=[],
        allow_tags=False,
    )


def _box(*, ready: bool) -> gr.Textbox:
    return gr.Textbox(
        elem_id="question",
        label="Your question",
        show_label=False,
        placeholder="Your question" if ready else "Opening …",
        interactive=ready,
        lines=1,
        max_lines=6,
        autofocus=True,
        submit_btn="Ask",
    )


def mount(app: FastAPI, current: Callable[[], Assistant], keep: Keep, count: Callable[[Answer], None]) -> None:
    """Put the page at ``/chat`` of an application, and its widget beside it: no uploads, no call home, no other pages."""
    from starlette.responses import FileResponse

    @app.get("/widget.js", include_in_schema=False)
    async def widget() -> FileResponse:
        shared = {"cross-origin-resource-policy": "cross-origin", "cache-control": "public, max-age=3600"}
        return FileResponse(_HERE / "widget.js", media_type="text/javascript", headers=shared)

    gr.mount_gradio_app(
        app,
        page(current, keep, count),
        "/chat",
        theme=theme(),
        css=STYLE,
        footer_links=[],
        run_history=False,
        max_file_size="1kb",
        ssr_mode=False,
        mcp_server=False,
        show_error=False,
        enable_monitoring=False,
    )


# ---- the chat log


def conversation(turns: Turns, starts: Sequence[str] = (), *, last: bool = True) -> Log:
    """The chat log: question and reply by turns, the last reply with its chips; before the first turn, the starts."""
    if not turns and last:
        return [_said(_WELCOME, starts)]
    messages: Log = []
    for number, one in enumerate(turns, 1):
        ending = last and number == len(turns)
        messages += [_asked(one.question), _said(message(one, number), _choices(one) if ending else ())]
    return messages


def _pending(question: str) -> Log:
    return [_asked(question), _said(_THINKING, ())]


def _choices(turn: Turn) -> Sequence[str]:
    return chips(turn) if turn.answer else (_RETRY,)


def _asked(question: str) -> MessageDict:
    return MessageDict(role="user", content=typed(question))


def _said(text: str, options: Sequence[str]) -> MessageDict:
    return MessageDict(role="assistant", content=text, options=[OptionDict(value=o, label=o) for o in options])


def _remembered(kept: Sequence[str], turns: Turns) -> list[str]:
    """The history with this conversation first; what it grew from is replaced."""
    now = address(turns)
    if not now:
        return list(kept or ())
    return [now, *(one for one in kept or () if not now.startswith(str(one)))][:_KEPT]
