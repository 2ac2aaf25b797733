"""The LangChain doors: LangChain's own retriever suite, messages with citations, tools."""

from typing import ClassVar

from langchain_core.messages import AIMessage
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import RetrieversIntegrationTests

from assistant.doors import SectionRetriever
from assistant.engine import Assistant


class TestSectionRetriever(RetrieversIntegrationTests):
    """LangChain's standard tests for retrievers."""

    helper: ClassVar[Assistant] = Assistant.load()

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return SectionRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, object]:
        return {"find": self.helper.search}

    @property
    def retriever_query_example(self) -> str:
        return "restore an encrypted machine"


def test_a_document_carries_its_place_and_nothing_of_other_queries(helper: Assistant) -> None:
    retriever = helper.as_retriever(k=2)
    first, again = retriever.invoke("encrypted restore")[0], retriever.invoke("encrypted restore")[0]
    assert (first.id, first.metadata) == (again.id, again.metadata)
    assert first.metadata is not again.metadata
    text = helper.pack.document("restore").text
    assert text[first.metadata["start"] : first.metadata["end"]] == first.page_content


def test_a_message_carries_langchains_citations(helper: Assistant) -> None:
    message = helper.as_runnable().invoke("Is LRS the default redundancy?")
    assert isinstance(message, AIMessage)
    annotations = message.content_blocks[0]["annotations"]  # type: ignore[typeddict-item]  # a text block
    assert [a["cited_text"] for a in annotations] == ["GRS is the default."]  # type: ignore[typeddict-item]
    assert message.response_metadata["status"] == "not_supported"


def test_a_batch_equals_single_questions(helper: Assistant) -> None:
    questions = ["Is LRS the default redundancy?", "MABS vs DPM?"]
    assert [m.text for m in helper.as_runnable().batch(questions)] == [helper.ask(q).text for q in questions]


def test_the_tool_answers_with_status_and_sources(helper: Assistant) -> None:
    reply = helper.as_tool().invoke({"question": "Is LRS the default redundancy?"})
    assert reply.startswith("status: not_supported\n")
    assert "“GRS is the default.”" in reply
