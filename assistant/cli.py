"""Verbs to functions, answers to stdout, talk to stderr, exit codes.

ask, check: 0 answered or supported · 1 not supported · 3 depends, conflict, not stated, out of scope.
verify: 0 nothing is contradicted · 1 something is.
2 is always a mistake of the caller or of the pack; 75 that another process is building the index.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from assistant.errors import AssistantError, BuildRunning, QuestionError
from assistant.evals import cli as evals

if TYPE_CHECKING:
    from assistant.engine import Assistant, Opening
    from assistant.types import Answer, Hit, Verification


_CODES = {"supported": 0, "information": 0, "not_supported": 1}
_OPEN = 3
_WORDED = {"ask", "serve", "mcp"}
"""Verbs that a chat model may help."""
_FAR = 0.3
"""Cosine below which a place has nothing to do with a query: 0.2 for letters that are no word."""
_BUSY = 75
_MOST_BYTES = 4_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        stream=sys.stderr, format="%(name)s: %(message)s", level=logging.DEBUG if options.verbose else logging.ERROR
    )
    try:
        return _run(options)
    except BuildRunning as error:
        return _complain(error, _BUSY)
    except AssistantError as error:
        return _complain(error, 2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    code = int(options.run(options))
    sys.stdout.flush()
    return code


def _complain(error: Exception, code: int) -> int:
    print(f"assistant: {error}", file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"assistant: {message}; see '{self.prog} --help'\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="assistant", description="Answers about Azure Backup: proven by rules, cited to the sentence."
    )
    parser.add_argument("--pack", type=Path, help="folder of another knowledge pack")
    parser.add_argument("--home", type=Path, help="folder for indexes (default: $ASSISTANT_HOME or ~/.cache/assistant)")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the steps on stderr")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=text, description=text)
        one.set_defaults(run=run)
        one.add_argument("--json", action="store_true", help="print JSON")
        return one

    ask = verb("ask", _ask, "Answer a question, with verdict, proof and citations.")
    ask.add_argument("question", nargs="*", help="the question; read from stdin when left out")
    ask.add_argument(
        "--jsonl", action="store_true", help='read one {"id","turns":[…]} per line, write one answer per line'
    )
    _with_a_model(ask)
    ask.add_argument("--explain", action="store_true", help="show how the question was read and which rules spoke")
    check = verb("check", _check, "Decide on facts alone: os=linux tool=mars …")
    check.add_argument("facts", nargs="+", metavar="DIMENSION=VALUE")
    check.add_argument("--decision", help="what to decide (default: what the facts fit best)")
    search = verb("search", _search, "Find the places nearest to a query.")
    search.add_argument("query", nargs="+")
    search.add_argument("-k", type=int, default=5, help="how many (default 5)")
    verify = verb(
        "verify", _verify, "Check any text, Markdown or plain: which of its claims hold, with places and corrections."
    )
    verify.add_argument("file", nargs="?", type=Path, help="the text; read from stdin when left out")
    verify.add_argument(
        "--jsonl", action="store_true", help='read one {"id","text"} per line of stdin, write one verification per line'
    )
    rule = verb("rule", _rule, "Show what a rule says, why and where.")
    rule.add_argument("id")
    _serving(verb)
    pack = verb("pack", _pack, "Prove (lint), index (build) or describe (show) a pack.")
    pack.add_argument("what", choices=["lint", "build", "show"])
    evals.add(
        verbs.add_parser("eval", help="Run evaluation suites, gate changes, report.", description="Evaluation suites.")
    )
    return parser


def _serving(verb: Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]) -> None:
    """The verbs that open doors to others; what they do stands in `assistant.operate`."""
    serve = verb("serve", _operate, "Serve chat page, HTTP, OpenAI-compatible API and MCP in one process.")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on; beyond loopback keys are asked for")
    serve.add_argument("--port", type=int, default=7860)
    _with_a_model(serve)
    serve.add_argument("--share-port", action="store_true", help="let several processes listen on the port")
    serve.add_argument(
        "--url", default="", help="address that people and citations use, for example https://help.example"
    )
    serve.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="answer this Host header too")
    serve.add_argument(
        "--allow-origin", action="append", default=[], metavar="ORIGIN", help="let pages of it call (CORS)"
    )
    serve.add_argument("--rate", type=int, default=60, help="requests a minute for each key (default 60)")
    serve.add_argument("--waiting", type=int, default=64, help="questions that may wait (default 64)")
    serve.add_argument("--public-pages", action="store_true", help="ask nobody for a key on /chat and /sources")
    serve.add_argument("--log-questions", action="store_true", help="write the text of questions into the audit log")
    mcp = verb("mcp", _operate, "Serve one MCP client over stdin and stdout.")
    _with_a_model(mcp)
    keys = verb("keys", _operate, "Add, list or revoke API keys.")
    keys.add_argument("what", choices=["add", "list", "revoke"])
    keys.add_argument("name", nargs="?", help="of add: a name for people; of revoke: the key's id")
    keys.add_argument(
        "--scope", action="append", metavar="SCOPE", help="ask, feedback, metrics, pages (default: ask, feedback)"
    )
    keys.add_argument("--days", type=float, help="days after which it expires (default: never)")
    feedback = verb("feedback", _operate, "Write the feedback that was given, as JSON lines.")
    feedback.add_argument("--forget", action="store_true", help="delete what was written, once it is written")
    for one in (serve, mcp, keys, feedback):
        one.add_argument(
            "--state", default="", metavar="URL", help="SQLAlchemy URL ($ASSISTANT_STATE; default: state.db in --home)"
        )


def _with_a_model(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--model",
        metavar="PROVIDER:NAME",
        help="let a chat model word the answers, each sentence verified (openai:…, ollama:…)",
    )
    verb.add_argument(
        "--read-twice", action="store_true", help="of --model: let it read the questions too; differences are shown"
    )
    verb.add_argument(
        "--price", metavar="IN,OUT", help="of --model: what a million tokens cost, for the costs in the answers"
    )


def _operate(options: argparse.Namespace) -> int:
    from assistant import operate

    state = options.state or os.environ.get("ASSISTANT_STATE") or ""
    return operate.run(options, _home(options), state, _say, _opening(options))


def _home(options: argparse.Namespace) -> Path:
    return Path(options.home or os.environ.get("ASSISTANT_HOME") or Path.home() / ".cache" / "assistant")


def _load(options: argparse.Namespace) -> Assistant:
    from assistant.engine import Assistant

    return Assistant.load(options.pack, home=_home(options), say=_say, **_opening(options))


def _opening(options: argparse.Namespace) -> Opening:
    """The embedding model and the chat model that were asked for, and what they are to do; keys come from the environment."""
    opening: Opening = {"embedding": os.environ.get("ASSISTANT_EMBEDDING_MODEL") or None}
    if options.verb not in _WORDED:
        return opening
    if not options.model:
        if options.read_twice or options.price:
            raise QuestionError("--read-twice and --price need a --model, for example --model ollama:NAME")
        return opening
    from assistant.draft import Price, chat_model

    price = None
    if options.price:
        try:
            price = Price(*(float(part) for part in options.price.split(",")))
        except (TypeError, ValueError):
            raise QuestionError(f"--price {options.price!r}: should be two numbers, for example 0.15,0.60") from None
    return {**opening, "model": chat_model(options.model), "price": price, "read_twice": options.read_twice}


def _say(message: str) -> None:
    print(f"assistant: {message}", file=sys.stderr, flush=True)


def _print_json(data: object) -> None:
    """One line of strict JSON, readable where the text can be written as UTF-8."""
    line = json.dumps(data, ensure_ascii=False, allow_nan=False)
    print(line if line.isascii() or _writable(line) else json.dumps(data, allow_nan=False))


def _writable(line: str) -> bool:
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


# ---- ask


def _ask(options: argparse.Namespace) -> int:
    _only_lines(options.jsonl, options.question)
    helper = _load(options)
    if options.jsonl:
        return _ask_lines(helper)
    question = " ".join(options.question) if options.question else _stdin()
    answer = helper.ask(question)
    if options.json:
        _print_json(answer.to_dict())
    else:
        print(_shown(answer))
        if options.explain:
            print(_explained(answer))
    return _CODES.get(answer.status, _OPEN)


def _only_lines(jsonl: bool, given: object) -> None:
    if jsonl and given:
        raise QuestionError("--jsonl reads its lines from stdin; leave the rest out")


def _stdin(most: int = 200_000, what: str = "question") -> str:
    raw = sys.stdin.buffer.read(most + 1)
    if len(raw) > most and what == "text":
        raise QuestionError(f"stdin: more than {most:,} bytes; split the text")
    try:
        return raw[:most].decode("utf-8")
    except UnicodeDecodeError as error:
        raise QuestionError(f"stdin: byte {error.start} is not UTF-8; send the {what} as UTF-8") from None


def _ask_lines(helper: Assistant) -> int:
    """One answer per line of stdin, in order; a bad line gets an error object and the others go on."""
    bad = 0
    for number, raw in enumerate(sys.stdin.buffer, 1):
        if not raw.strip():
            continue
        identity: object = None
        try:
            line = _line(raw, number)
            identity = line.get("id")
            _print_json({**_last(helper, _turns(line, number)).to_dict(), "id": identity})
        except AssistantError as error:
            bad += 1
            _print_json({"id": identity, "error": {"line": number, "message": str(error)}})
        sys.stdout.flush()
    return 2 if bad else 0


def _last(helper: Assistant, turns: Sequence[str]) -> Answer:
    """The answer to the last turn of a conversation."""
    answer = helper.ask(turns[0])
    for turn in turns[1:]:
        answer = helper.ask(turn, after=answer)
    return answer


def _line(raw: bytes, number: int) -> dict[str, object]:
    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is no JSON number")

    try:
        data = json.loads(raw.decode("utf-8"), parse_constant=refuse)
    except UnicodeDecodeError as error:
        raise QuestionError(f"line {number}: byte {error.start} is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise QuestionError(f"line {number}: not JSON: {error}") from None
    if not isinstance(data, dict):
        raise QuestionError(f'line {number}: expected an object {{"id": …, "turns": ["…"]}}')
    return data


def _turns(line: dict[str, object], number: int) -> list[str]:
    turns = line.get("turns")
    texts = [t for t in turns if isinstance(t, str)] if isinstance(turns, list) else []
    if not texts or texts != turns:
        raise QuestionError(f'line {number}: "turns" should be a list of at least one text')
    return texts


def _shown(answer: Answer) -> str:
    sources = [f"[{c.marker}] {c.title} – “{c.quote}”\n    {c.url}" for c in answer.citations]
    lines = [f"{answer.status.upper().replace('_', ' ')}", "", answer.text]
    if answer.ask:
        lines += ["", f"{answer.ask.question} ({' / '.join(w for _, w in answer.ask.options)})"]
    if answer.otherwise:
        lines += ["", answer.otherwise]
    return "\n".join([*lines, "", *sources] if sources else lines)


def _explained(answer: Answer) -> str:
    reading = answer.reading
    if reading is None:
        return ""
    words = [
        f"  {m.words!r} → {m.dimension}: {'not ' if m.negated else ''}{', '.join(m.values)}" for m in reading.mentions
    ]
    rules = [f"  {f.rule_id} {f.status}: {f.message}" for f in answer.findings]
    head = f"read as: {reading.kind}, decision: {reading.decision}, by {', '.join(reading.cues) or 'nothing'}"
    sure = (
        "" if answer.confidence is None else f", {answer.confidence:.0%} of the annotated ones in this situation right"
    )
    return "\n".join(["", head, *words, f"answered by: {answer.situation}{sure}", "rules:", *rules])


# ---- verify


def _verify(options: argparse.Namespace) -> int:
    """0 nothing is contradicted · 1 something is."""
    _only_lines(options.jsonl, options.file)
    helper = _load(options)
    if options.jsonl:
        return _verify_lines(helper)
    found = helper.verify(_text(options.file) if options.file else _stdin(_MOST_BYTES, "text"))
    _print_json(_verified(found)) if options.json else print(_marked(found))
    return 1 if found.summary.contradicted else 0


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise QuestionError(f"{path}: larger than {_MOST_BYTES:,} bytes; split it")
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise QuestionError(f"{path}: byte {error.start} is not UTF-8; save the text as UTF-8") from None
    except OSError as error:
        raise QuestionError(f"{path}: cannot be read: {error.strerror}") from None


def _verify_lines(helper: Assistant) -> int:
    """One verification per line of stdin, in order; a bad line gets an error object and the others go on."""
    bad = wrong = 0
    for number, raw in enumerate(sys.stdin.buffer, 1):
        if not raw.strip():
            continue
        identity: object = None
        try:
            line = _line(raw, number)
            identity, text = line.get("id"), line.get("text")
            if not isinstance(text, str):
                raise QuestionError(f'line {number}: "text" should be a string')
            found = helper.verify(text)
            wrong += found.summary.contradicted
            _print_json({"id": identity, **_verified(found)})
        except AssistantError as error:
            bad += 1
            _print_json({"id": identity, "error": {"line": number, "message": str(error)}})
        sys.stdout.flush()
    return 2 if bad else 1 if wrong else 0


def _verified(found: Verification) -> dict[str, object]:
    """The JSON form without the text that was given."""
    data = found.to_dict()
    del data["text"]
    return data


def _marked(found: Verification) -> str:
    """Each claim with its standing, what the documents say instead, and the places."""
    lines: list[str] = []
    for claim in found.claims:
        lines.append(f"{claim.standing.upper().replace('_', ' '):13} {claim.reads or ' '.join(claim.sentence.split())}")
        if claim.correction:
            lines.append(f"{'':13} → {claim.correction}")
        elif claim.standing == "not_covered" and claim.findings:
            lines.append(f"{'':13} {claim.findings[-1].message}")
        lines += [f"{'':13} [{c.marker}] {c.title} – “{c.quote}”" for c in claim.citations]
    count = found.summary
    if not count.claims:
        return "No claims: nothing in this text says anything about the subject."
    told = (
        f"{count.claims} claims: {count.proven} proven, {count.contradicted} contradicted, {count.disputed} disputed, "
        f"{count.not_covered} not covered; {count.coverage:.0%} decided."
    )
    return "\n".join([*lines, "", told])


# ---- the other verbs


def _check(options: argparse.Namespace) -> int:
    helper = _load(options)
    said: dict[str, str] = {}
    for fact in options.facts:
        name, equals, value = fact.partition("=")
        if not equals:
            raise QuestionError(f"{fact!r} is not DIMENSION=VALUE, for example os=linux")
        if name in said:
            raise QuestionError(f"{name} is given twice; join its values with a comma: {name}={said[name]},{value}")
        said[name] = value
    verdict = helper.check(options.decision, **said)
    if options.json:
        from dataclasses import asdict

        _print_json(asdict(verdict))
    else:
        print(helper.worded(verdict, helper.facts(said)))
    return _CODES.get(verdict.status, _OPEN)


def _search(options: argparse.Namespace) -> int:
    query = " ".join(options.query)
    if not query.strip() or options.k < 1:
        raise QuestionError("search wants words and -k of at least 1, for example: search -k 3 restore an encrypted VM")
    hits = [h for h in _load(options).search(query, options.k) if h.similarity >= _FAR or not h.similarity]
    if options.json:
        _print_json([_hit(h) for h in hits])
    else:
        for hit in hits:
            print(f"{hit.score:.4f}  {hit.section.id}\n        {hit.unit.text}")
    return 0 if hits else _OPEN


def _hit(hit: Hit) -> dict[str, object]:
    return {
        "section_id": hit.section.id, "title": hit.section.title, "heading_path": hit.section.heading_path, "url": hit.section.url,
        "edition": hit.section.edition, "score": hit.score, "quote": hit.unit.text, "start": hit.unit.start, "end": hit.unit.end,
    }  # fmt: skip


def _rule(options: argparse.Namespace) -> int:
    helper = _load(options)
    rule = helper.pack.rule(options.id)
    section = helper.pack.section(rule.place.source)
    if options.json:
        from dataclasses import asdict

        _print_json(asdict(rule))
        return 0
    print(f"{rule.id}: {rule.title}\n")
    print(
        f"decision  {rule.decision}\nwhen      {helper.composer.facts_words(rule.when) or 'always'}\nthen      {rule.then} ({rule.basis})"
    )
    print(f"because   {rule.because}\nsource    {section.title}, {section.url}\nquote     “{rule.place.quote}”")
    if rule.instead:
        print(f"instead   {rule.instead}")
    print("speaks of " + "\n          ".join(rule.fires) + "\nnot of    " + "\n          ".join(rule.silent))
    return 0


def _pack(options: argparse.Namespace) -> int:
    from assistant import index, proof
    from assistant.engine import shipped
    from assistant.pack import load

    pack = load(options.pack or shipped())
    if options.what == "show":
        counts = {
            "name": pack.name, "title": pack.title, "edition": pack.edition, "digest": pack.digest, "documents": len(pack.documents),
            "sections": len(pack.sections), "units": len(index.units_of(pack)), "rules": len(pack.rules), "facts": len(pack.facts),
            "decisions": list(pack.decisions), "dimensions": list(pack.dimensions),
        }  # fmt: skip
        _print_json(counts) if options.json else print("\n".join(f"{k:10} {v}" for k, v in counts.items()))
        return 0
    if options.what == "build":
        print(index.build(pack, _home(options), os.environ.get("ASSISTANT_EMBEDDING_MODEL") or None, _say))
        return 0
    faults, gaps = proof.faults(pack), proof.gaps(pack)
    if options.json:
        _print_json({"faults": faults, "gaps": [{"decision": g.decision, "facts": g.facts} for g in gaps]})
    else:
        for gap in gaps:
            print(f"gap: {gap.decision}: " + "; ".join(f"{n}={','.join(v)}" for n, v in gap.facts.items()))
        for fault in faults:
            print(f"fault: {fault}")
        print(f"{len(pack.rules)} rules, {len(faults)} faults, {len(gaps)} gaps")
    return 2 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
