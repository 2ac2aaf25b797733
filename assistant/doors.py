"""The LangChain doors: a retriever, a runnable, a tool, and messages with citations. Nothing else knows LangChain."""

from __future__ import annotations

from collections.abc import Callable

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.messages import AIMessage
from langchain_core.messages.content import create_citation, create_text_block
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import Field

from assistant.types import Answer, Hit


class SectionRetriever(BaseRetriever):
    """Finds the places nearest to a query, as Documents whose `id` is ``section#start-end``."""

    find: Callable[[str, int], list[Hit]] = Field(exclude=True)
    """A search: query and number of places to places, best first."""
    k: int = Field(default=5, ge=1)
    """How many places to return."""

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        del run_manager
        return [_document(hit) for hit in self.find(query, k or self.k)]


def _document(hit: Hit) -> Document:
    """A fresh Document each time: nothing of a query sticks to the section."""
    section, unit = hit.section, hit.unit
    metadata = {
        "section_id": section.id, "title": section.title, "heading_path": list(section.heading_path), "url": section.url,
        "edition": section.edition, "start": unit.start, "end": unit.end, "score": hit.score,
    }  # fmt: skip
    return Document(id=f"{section.id}:{unit.start}-{unit.end}", page_content=unit.text, metadata=metadata)


def runnable(ask: Callable[[str], Answer]) -> Runnable[str, AIMessage]:
    """A runnable from a question to a message with citations."""
    return RunnableLambda(lambda question: to_message(ask(question)), name="assistant")


def tool(ask: Callable[[str], Answer], about: str) -> BaseTool:
    """A tool for agents: a question in, the proven answer with its quotes out."""

    def ask_documents(question: str) -> str:
        reply = ask(question)
        sources = [f"[{c.marker}] {c.title}: “{c.quote}” {c.url}" for c in reply.citations]
        return "\n".join([f"status: {reply.status}", reply.text, *sources])

    return StructuredTool.from_function(ask_documents, name="ask_documents", description=about)


def to_message(answer: Answer) -> AIMessage:
    """The answer as a message: text with LangChain's own citation annotations, the whole answer as an artifact."""
    annotations = [
        create_citation(
            title=c.title, url=c.url, start_index=c.answer_start, end_index=c.answer_end, cited_text=c.quote
        )
        for c in answer.citations
    ]
    block = create_text_block(answer.text, annotations=list(annotations))
    return AIMessage(
        content=[dict(block)], id=answer.id, response_metadata={"status": answer.status, "pack": answer.pack}
    )
