"""The chat page: questions on the left, evidence on the right. No state but each session's own turns."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

import gradio as gr
from gradio.components.chatbot import Message, MessageDict, OptionDict

from assistant.channels.render import Turn, chips, evidence, message, scope, typed
from assistant.errors import AssistantError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.engine import Assistant

log = logging.getLogger("assistant.gradio")
_AT_ONCE = 16
"""Questions answered side by side: 8 users of one second each waited 8.2 s with Gradio's default of 1, 1.4 s with 16."""
_WAITING = 64
_WELCOME = "Ask a question, or start with one of these."
Turns = tuple[Turn, ...]
Shown = tuple[str, list[MessageDict | Message], str, Turns]
"""What a turn changes: question box, conversation, evidence, state."""

STYLE = """
.gradio-container { width: 100%; max-width: 1400px !important; margin: 0 auto !important; }
.app { padding: min(2rem, 3vw) !important; }
#scope h1 { font-size: 1.35rem; font-weight: 700; margin: 0 0 .15rem; }
#scope p { margin: 0; }

#conversation .bubble-wrap { padding-top: 1.6rem; }
#conversation .chatbot.prose { opacity: 1; }
#conversation td:first-child { white-space: nowrap; overflow-wrap: normal; }
#conversation .options { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); width: 100%; }
#conversation .option { max-width: none; border: 1px solid var(--color-accent); border-radius: 8px; }
#question .submit-button { background: var(--primary-700); color: white; }

.badge { display: inline-block; padding: 0 .6em; border: 1.5px solid currentColor; border-radius: 1em;
  font-weight: 700; font-size: .9em; line-height: 1.6; white-space: nowrap; color: #1e40af; }
.badge span { color: inherit; }
.badge.supported { color: #166534; }
.badge.not_supported { color: #b91c1c; }
.badge.depends { color: #92400e; }
.badge.conflict { color: #86198f; }
.badge.not_stated { color: #475569; }
.badge.out_of_scope { color: #475569; }
.dark .badge { color: #93c5fd; }
.dark .badge.supported { color: #86efac; }
.dark .badge.not_supported { color: #fca5a5; }
.dark .badge.depends { color: #fcd34d; }
.dark .badge.conflict { color: #f0abfc; }
.dark .badge.not_stated { color: #cbd5e1; }
.dark .badge.out_of_scope { color: #cbd5e1; }

#evidence { max-height: calc(100vh - 10rem); overflow-y: auto !important; overflow-wrap: anywhere; }
#evidence h2 { font-size: 1.1rem; font-weight: 700; margin: 0 0 .4rem; }
#evidence h3 { font-size: 1rem; font-weight: 700; margin: .7rem 0 .2rem; }
#evidence p { margin: .25rem 0; }
#evidence details { padding: .4rem 0; }
#evidence summary { cursor: pointer; padding: .15rem 0; }
#evidence ol { list-style: decimal; padding-left: 1.5rem; margin: .2rem 0; }
#evidence ul { list-style: disc; padding-left: 1.3rem; margin: .2rem 0; }
#evidence li { margin: .35rem 0; }
#evidence a { padding: 0; color: var(--link-text-color); text-decoration: underline; }
#evidence article { border: 1px solid var(--border-color-primary); border-radius: 8px; padding: .1rem .8rem .5rem;
  margin: .6rem 0; scroll-margin: 12px; }
#evidence article:target { border-color: var(--color-accent); box-shadow: 0 0 0 2px var(--color-accent); }
#evidence .answer { border-top: 1px solid var(--border-color-primary); }
#evidence .answer > summary { font-weight: 700; }
#evidence .path { font-size: .85em; }
#evidence code { white-space: nowrap; }
#evidence mark { background: #fde68a; color: #1f2937; padding: .05em .1em; border-radius: 2px; }
#evidence .table { overflow-x: auto; contain: inline-size; }
#evidence table { border-collapse: collapse; width: 100%; font-size: .85em; margin: .3rem 0; }
#evidence th { border: 1px solid var(--border-color-primary); padding: .2rem .4rem; text-align: left;
  font-weight: 700; overflow-wrap: normal; }
#evidence td { border: 1px solid var(--border-color-primary); padding: .2rem .4rem; overflow-wrap: normal; }

@media (max-width: 760px) {
  #conversation { height: auto !important; }
  #evidence { max-height: none; }
  #evidence article { padding: .1rem .5rem .5rem; }
  #evidence table { font-size: .8em; }
  #evidence th { padding: .15rem .2rem; }
  #evidence td { padding: .15rem .2rem; }
}
"""


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


def page(current: Callable[[], Assistant]) -> gr.Blocks:
    """The chat page over the assistant that answers now, its pack's starting questions on the first screen."""
    pack, starts = current().pack, current().pack.starts

    def respond(question: str, turns: Turns) -> Shown:
        helper = current()
        turns = renewed(helper, turns)
        if question.strip():
            turns = (*turns, turn(helper, question, turns))
        return "", conversation(turns, starts), evidence(helper.pack, turns), turns

    def choose(turns: Turns, event: gr.SelectData) -> Shown:
        return respond(event.value, turns)

    blocks = gr.Blocks(title=f"{pack.title} assistant", analytics_enabled=False, fill_width=True)
    with blocks:
        turns = gr.State(())
        gr.HTML(scope(pack), elem_id="scope")
        with gr.Row():
            with gr.Column(scale=3, min_width=300):
                chat = _chat(conversation((), starts))
                box = _box()
            with gr.Column(scale=2, min_width=300):
                passages = gr.HTML(evidence(pack, ()), elem_id="evidence")
        shown = [box, chat, passages, turns]
        box.submit(respond, [box, turns], shown, show_progress="minimal", api_visibility="private")
        chat.option_select(choose, turns, shown, show_progress="minimal", api_visibility="private")
        chat.clear(lambda: respond("", ()), None, shown, show_progress="hidden", api_visibility="private")
    blocks.queue(max_size=_WAITING, api_open=False, default_concurrency_limit=_AT_ONCE)
    return blocks


def _chat(value: list[MessageDict | Message]) -> gr.Chatbot:
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


def _box() -> gr.Textbox:
    return gr.Textbox(
        elem_id="question",
        label="Your question",
        show_label=False,
        placeholder="Your question",
        lines=1,
        max_lines=6,
        autofocus=True,
        submit_btn="Ask",
    )


def renewed(helper: Assistant, turns: Turns) -> Turns:
    """The same turns, answered again when another generation answers now: no page mixes two."""
    now = f"{helper.pack.name}@{helper.pack.digest[:12]}"
    if all(t.answer is None or t.answer.pack == now for t in turns):
        return turns
    again: Turns = ()
    for one in turns:
        again = (*again, turn(helper, one.question, again))
    return again


def mount(app: FastAPI, current: Callable[[], Assistant]) -> None:
    """Put the page at ``/chat`` of an application: no uploads, no call home, no pages but this one."""
    gr.mount_gradio_app(
        app,
        page(current),
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


def turn(helper: Assistant, question: str, before: Sequence[Turn]) -> Turn:
    """Ask, carrying on from the last answer; an error becomes a polite sentence, its trace goes to the log."""
    after = next((t.answer for t in reversed(before) if t.answer), None)
    try:
        return Turn(question, helper.ask(question, after=after))
    except AssistantError as error:
        return Turn(question, None, f"Sorry, this cannot be answered: {error}.")
    except Exception:
        request = uuid4().hex[:12]
        log.exception("request %s", request)
        return Turn(
            question, None, f"Sorry, something went wrong here. The log has the details under request {request}."
        )


def conversation(turns: Sequence[Turn], starts: Sequence[str] = ()) -> list[MessageDict | Message]:
    """The chat log: question and reply by turns, the last reply with its chips; before the first turn, the starts."""
    if not turns:
        return [_said(_WELCOME, starts)]
    messages: list[MessageDict | Message] = []
    for number, one in enumerate(turns, 1):
        messages += [MessageDict(role="user", content=typed(one.question)), _said(message(one, number), chips(one))]
    return messages


def _said(text: str, options: Sequence[str]) -> MessageDict:
    return MessageDict(role="assistant", content=text, options=[OptionDict(value=o, label=o) for o in options])
