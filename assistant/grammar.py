"""English as it asks: main clauses, kinds of questions, denials. No word of any subject."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from assistant.denial import untagged
from assistant.lexicon import words
from assistant.rules import Decision
from assistant.stems import stem
from assistant.types import Kind, Mention
from assistant.vocabulary import PUNCTUATION

SHORT = 6
"""Words up to which a turn leans on the one before."""
WH = ("what", "what's", "why", "how", "when", "where", "where's", "who", "who's", "whose", "which", "whats", "whom")
AUX = frozenset(
    [
        "can",
        "could",
        "is",
        "are",
        "does",
        "do",
        "did",
        "will",
        "would",
        "may",
        "might",
        "should",
        "shall",
        "must",
        "has",
        "have",
        "was",
        "were",
        "isn't",
        "aren't",
        "doesn't",
        "don't",
        "can't",
        "couldn't",
        "won't",
        "wouldn't",
        "shouldn't",
        "am",
        "be",
    ]
)
_EXPLAIN = re.compile(
    r"(?:^|[.!?:,] )(?:(?:please|ok|okay|so|and|but|hi|hello|hey|well|also|then|now|just|quick question|question)\W+)*(?:can you |could you |would you |will you |please )?"
    r"(?:lay (?:\w+ ){1,3}out|spell (?:\w+ ){1,2}out|set (?:\w+ ){1,2}out|explain|describe|tell me|define|list|name|give me|show me|walk me|remind me|summari[sz]e|outline|enumerate|i want to know|i'd like to know|i need to know|i wonder)\b"
)
_CLAIM = re.compile(
    r"\b(?:right|correct|true|yes|agreed|isn't it|doesn't it|don't they|can't it|aren't they|no) ?\?|true or false|is it true|"
    r"is that (?:right|correct|true)|\bconfirm\b|check this|check that|fact check|is this (?:right|correct|true)|"
    r"(?:says|said|claims|claimed|insists|insisted|swears|swore|told|thinks|believes|argues|read(?! only)|heard|states|stated|reckons) (?:me |us |that |the |somewhere |it )*|"
    r"yes or no|am i (?:right|correct)|\b(?:is|was) (?:(?:my|the|our|his|her|that|this) )?\w+ (?:right|correct)\b(?! (?:for|to|in|way|tool|place))|\bsounds? (?:legit|right|correct)\b|\b(?:got|get) (?:that|this|it) (?:right|correct)|\bon the money\b|\b(?:does|do) (?:this|that|it|the) (?:\w+ )?(?:hold|stand)\b|\bjustified ?\?|\bdoes (?:he|she) win\b|\bcan that be ?\?|\bdeny ?\?|does (?:this|that) hold\b|(?:would|do|does|did|could) (?:you|anyone|he|she|they) agree\b|is it so\b|is that so\b|get (?:it|this|that) (?:right|the right way)|sanity check|\bverify\b|i assume|i thought|i think|i believe|afaik|as far as i know|to my knowledge|so basically|surely"
)
_CAPABLE = re.compile(
    r"\b(?:supported|possible|allowed|feasible|permitted|doable|support|supports|works?|working|capable|able to|available|ok|okay|fine|"
    r"will do|would do|good enough|sufficient|enough|eligible|covered|an option|qualif(?:y|ies))\b"
)
WHAT_IF = re.compile(
    r"\bwhat if\b|\bwhat happens (?:if|when)\b|\bwhat would happen\b|\bsuppose\b|\bsupposing\b|\bimagine\b|\bif it (?:were|was)\b|\bthen what \?"
)
_COMPARE = re.compile(
    r"\b(?:vs|versus|difference|differences|differ|differs|compare|compared|comparison|better than|against|distinguish|distinction|or rather|diff between|(?:set|put|lay|place) .{3,40} side by side)\b|\b(?:that|but|which|where) (?:\w+ ){1,3}(?:doesn't|does not|don't|can't|cannot|can not|won't)(?: \w+)?\W*$"
)
_WHICH = re.compile(
    r"\b(?:which|what)\b|\b(?:list|name) (?:all |the |every )|^\W*(?:every|all) (?:the )?\w+ ?,? please\b|\bhow many\b|\bwhat's the\b|\brecommend|\bsuggest|\badvise|(?:^|[.!?;,:-] )(?:\w+ ){0,2}(?:tools?|agents?|options?|products?|names?) ?\?|\b(?:tools|agents|options|products) \?$|"
    r"\bhow (?:can|do|should|would|could|to|must|might|shall)\b|\bbest (?:way|tool|option|agent)\b|\b(?:need|looking for|want) an? (?:tool|agent|way|option|solution)\b|"
    r"\b(?:simplest|easiest|cheapest|quickest|fastest|simple|easy|best) .{0,25}way\b"
)
_NEED = re.compile(
    r"\b(?:do|does|must|should|would) (?:i|we|you|it|one|they|the \w+|\w+) (?:really |also |even |still |actually |first )?(?:need|have to|required|must)\b|\b(?:must|should) (?:\w+ ){1,3}be\b|^must\b|\bis it (?:necessary|required|mandatory|obligatory)\b|"
    r"\b(?:do|does) [\w ]{2,30} (?:need|require)\b|\bneeded\b|\brequired\b|\bnecessary\b|\bmandatory\b|\bhave to\b"
)
_DEGREE = re.compile(
    r"\bhow (?!do|does|can|could|is|are|to|did|would|should|will|many|long|much|often|come)\w+ (?:is|are|was|will|would)\b"
)
"""What degree something has: "How consistent is the backup?"."""
_MAY = frozenset({"can", "could", "may", "might"})
_ORDERS = frozenset(
    [
        "name",
        "list",
        "explain",
        "describe",
        "define",
        "outline",
        "summarise",
        "summarize",
        "enumerate",
        "propose",
        "suggest",
        "recommend",
        "contrast",
        "sort",
        "put",
        "tell",
        "walk",
        "give",
        "show",
        "state",
        "sketch",
        "send",
        "arrange",
        "order",
        "complete",
        "fill",
        "spell",
        "sum",
        "rattle",
        "lay",
        "bring",
        "write",
        "assign",
        "draft",
        "compile",
        "jot",
    ]
)
_TELL = frozenset({"explain", "describe", "define", "outline", "contrast"})
_SUBORDINATE = frozenset(
    [
        "if",
        "when",
        "since",
        "as",
        "because",
        "with",
        "for",
        "in",
        "after",
        "once",
        "before",
        "while",
        "suppose",
        "given",
        "assuming",
        "although",
        "on",
        "at",
        "during",
        "from",
        "to",
        "until",
        "unless",
        "regarding",
        "concerning",
        "about",
        "under",
    ]
)
_SELF = frozenset({"i", "we", "you", "one", "they", "people"})
_BEFORE_NOUN = frozenset({"a", "an", "the", "to", "of", "for", "by", "in", "on", "from", "with"})
_CLAUSE = 10
"""Words among which a yes/no question says what is to happen."""
_TITLE = 5
"""Words before the noun of a phrase that asks for it, at most."""
LEAD = frozenset(
    {
        "and",
        "so",
        "but",
        "ok",
        "okay",
        "hi",
        "hello",
        "hey",
        "well",
        "then",
        "also",
        "please",
        "now",
        "if",
        "or",
        "urgent",
        "help",
        "question",
    }
)


_COMPARATIVE = re.compile(
    r"\b(?!(?:other|rather|later|earlier|older|longer|number|servers?|user|customer|computer|owner|n?ever|over|under|after|n?either|whether)\b)(?:\w+er|more|less|worse)\b(?: \w+){0,3} than\b"
    r"|\b(?:is|are|isn't|aren't)\b.*\b(?:the same(?: (?:thing|product|tool|agent|kind|as|\?)|$)|identical|equivalent|interchangeable|synonyms?)"
)
_NEEDS = re.compile(r"\b(?:needs|requires) (?!to\b|\w+ing\b)")
_YES_NO = re.compile(r"\byes (?:or )?no\b")
_OFFERED = re.compile(
    r"\bor (?:do|does|is|are|must|should|have|has|can|will) (?:i|we|you|they|it|that|he|she|somebody|someone|to)\b"
)
"""The other way it could be, in a question's own words: "Pushed out, or do I walk round?"."""


def kind_of(
    line: str, tokens: Sequence[str], mentions: Sequence[Mention], decision: Decision | None
) -> tuple[Kind, tuple[str, ...], bool]:
    """What sort of answer is wanted, the words that said so, and whether any did."""
    if not tokens:
        return "nothing", (), False
    value = decision is not None and decision.kind == "value"
    heads = _heads(tokens)
    main = heads[-1] if heads else ""
    wh = (
        main
        if main in WH
        else ""
        if main in AUX
        else next((h for h in reversed(heads) if h in WH), "") or _inner_wh(tokens)
    )
    polar = main if main in AUX else "" if wh else next((h for h in heads if h in AUX), "")
    if _names_two(mentions) and _equates(tokens, mentions):
        return "compare", (tokens[0],), True
    hit = _COMPARE.search(line) or (_COMPARATIVE.search(line) if _names_two(mentions) else None)
    if hit:
        return "compare", (hit[0],), True
    hit = WHAT_IF.search(line)
    if (
        hit
        and not (wh and wh != "what")
        and not re.search(r"\bwhich\b|\bwhat (?:do|does|would|should|can|could)\b(?! (?:happen|if))", line)
    ):
        happens = "happen" in hit[0] or "then what" in hit[0]
        return (
            ("value" if value else "capability" if decision and len(mentions) > 1 and not happens else "explain"),
            (hit[0],),
            True,
        )
    if decision and not wh and _YES_NO.search(line) and not _finite(tokens):
        return "capability", ("yes/no",), True
    claim = _CLAIM.search(line)
    told = claim and (
        ((lead := _EXPLAIN.search(line)) and lead.start() < claim.start()) or _EXPLAIN.search(line, claim.end())
    )
    if claim and not told and main not in WH and not (wh and claim.end() < len(line) and not polar):
        return "claim", (claim[0].strip(),), True
    if untagged(tokens) < len(tokens) - 1 and tokens[0] not in AUX and not wh:
        return "claim", ("tag",), True
    if _EXPLAIN.search(line) and not wh:
        defines = len({m.start for m in mentions}) == 1 and "define" in tokens
        return (
            ("value" if value and not defines else "which" if re.search(r"\b(?:list|name|all)\b", line) else "explain"),
            ("explain",),
            True,
        )
    if value and not wh and _OFFERED.search(line):
        return "value", ("or",), True
    order = next((h for h in heads if h in _ORDERS), "")
    if order and not wh and not polar:
        wanted = bool(
            re.search(
                r"\b(?:tool|tools|agent|agents|product|products|option|options|component|components|way|ways|level|levels)\b",
                line,
            )
        ) and order in {"name", "list", "propose", "suggest", "recommend", "enumerate"}
        return ("which" if wanted else "value" if value and order not in _TELL else "explain"), (order,), True
    which = _WHICH.search(line)
    if wh in {"what", "which", "what's"} and not words("reasons").isdisjoint(tokens):
        return "explain", ("reason",), True
    if wh in {"why", "when", "where", "who", "who's", "whom", "whose", "where's"}:
        return "explain", (wh,), True
    if wh:
        if re.search(r"\b(?:called|named|name|stands? for|acronym|abbreviation)\b", line) and not value:
            return "explain", (wh,), True
        if value and (wh != "how" or _DEGREE.search(line)):
            return "value", (wh,), True
        if which and re.search(
            r"\b(?:which|tool|tools|agent|option|options|recommend|use|need|best|suggest|how many|install|offer|take|pick|level|levels|instead|else)\b",
            line,
        ):
            return "which", (which[0],), True
        if (
            decision
            and which
            and re.search(
                r"\bwhat (?:can|could|does|do|all|else|may|would|will)\b.*\b(?:back up|backup|backs up|protect|protects|cover|covers|restore|take|handle|look after|save)\b",
                line,
            )
        ):
            return "which", (which[0],), True
        return "explain", (wh,), True
    sentences = _parts(tokens, {".", "?", "!", ";", "\n"})
    last = sentences[-1:]
    if not polar and re.search(r"\bname of (?:the|that|this)\b", line):
        return "explain", ("name of",), True
    noun = "" if polar or not last else _wanted(last[0]) or ("" if "?" in tokens else _wanted(sentences[0]))
    if noun:
        return ("value" if value else "explain"), (noun,), True
    if not polar and last and _weighs(last[0]):
        return "explain", ("or",), True
    need = _NEED.search(line)
    if need and not _CAPABLE.search(line) and not value and main not in _MAY:
        return "explain", (need[0],), True
    if (
        which
        and not polar
        and re.search(
            r"\b(?:tool|tools|agent|agents|option|options|recommend|way|solution|product|propose|suggest|list|bullets|all)\b",
            line,
        )
    ):
        return "which", (which[0],), True
    if (
        re.search(
            r"\b(?:list|bullets|bulleted|steps|numbered|meaning|definition|(?:first|last|next) (?:thing|step))\b", line
        )
        and not polar
    ):
        return "explain", ("list",), True
    if polar:
        return "capability", (polar,), True
    capable = _CAPABLE.search(line)
    if capable:
        return "capability", (capable[0],), line.endswith("?") or len(tokens) <= 2 * SHORT
    if len(tokens) > 5 and (mentions or tokens[-1] == ".") and any(map(_tells, sentences)):
        needs = ("need",) if _NEEDS.search(line) else ()  # not "it needs backing up"
        return "claim", (*needs, "statement"), line.endswith("?")
    return "explain" if _names_one(tokens, mentions) else "capability", ("fragment",), False


def _names_two(mentions: Sequence[Mention]) -> bool:
    """Whether two values of one thing are named, neither denied."""
    said = {(m.dimension, v) for m in mentions if not m.negated for v in m.values}
    return len(said) > len({name for name, _ in said})


def _equates(tokens: Sequence[str], mentions: Sequence[Mention]) -> bool:
    """Whether two things are named and only asked to be one: "Is MARS the VM extension?"."""
    named = {n for m in mentions for n in range(m.start, m.end)}
    rest = {t for n, t in enumerate(tokens) if n not in named and t not in PUNCTUATION}
    return tokens[0] in {"is", "are"} and rest <= {"is", "are", "the", "a", "an", "agent"} and len(mentions) > 1


def _names_one(tokens: Sequence[str], mentions: Sequence[Mention]) -> bool:
    """Whether one thing is named and nothing else: "crash consistent"."""
    named = {n for m in mentions for n in range(m.start, m.end)}
    return len({m.start for m in mentions}) == 1 and len([t for t in tokens if t not in PUNCTUATION]) == len(named)


def _heads(tokens: Sequence[str]) -> list[str]:
    """The word that opens each sentence's main clause: "If it is encrypted, can I …" opens with "can"."""
    heads = []
    for sentence in _parts(tokens, {".", "?", "!", ";", "\n"}):
        clauses = [[t for t in c if t not in LEAD] for c in _parts(sentence, {",", ":", "(", ")", "-", "–", "—"})]
        clauses = [c for c in clauses if c]
        if not clauses:
            continue
        head = clauses[0][0] if clauses[0][:1] != ["when"] or set(clauses[0][1:2]) & AUX else "if"
        if head in _SUBORDINATE and clauses[0][1:2] and clauses[0][1] in WH:
            head = clauses[0][1]  # "To where …?", "Under which name …?"
        if head in _SUBORDINATE or (head not in AUX and head not in WH and head not in _TELL):
            head = next((c[0] for c in clauses[1:] if c[0] in AUX or c[0] in WH), head)
        heads.append(head)
    return heads


def _wanted(sentence: Sequence[str]) -> str:
    """The noun that a phrase without a verb asks for: "Settings I can choose before a restore", "I need the backup type"."""
    content = [t for t in sentence if t not in PUNCTUATION]
    if len(content) > 1 and content[0] in _SELF and content[1] in {"need", "want", "require"}:
        content = content[2:]
    noun = next((n for n, w in enumerate(content[: _TITLE + 1]) if w in words("wanted")), None)
    own = [n for n in _finite(content) if not set(content[max(0, n - 2) : n]) & _SELF]
    return "" if noun is None or own else content[noun]


def _tells(sentence: Sequence[str]) -> bool:
    """Whether something is stated, and not only a need or a machine named: "On-prem Windows VM + MABS for volumes" asks."""
    clauses = [[t for t in part if t not in PUNCTUATION] for part in _parts(sentence, {",", ":"})]
    return any(
        clause[max(0, n - 1) : n] != ["to"] and not set(clause[max(0, n - 2) : n]) & _SELF and (n or clause[0] in AUX)
        for clause in clauses
        for n in _finite(clause)
    )


def _weighs(sentence: Sequence[str]) -> bool:
    """Whether alternatives are offered, and neither is a yes or no: "One by one or side by side?"."""
    content = [t for t in sentence if t not in PUNCTUATION]
    if any(w == "or" and content[n + 1 : n + 3] in map(list, pairwise(content[:n])) for n, w in enumerate(content)):
        return True  # "since the last full one, or since the last differential?"
    content = (_parts(sentence, PUNCTUATION) or [[]])[-1]
    if "or" not in content[1:-1] or _finite([t for t in sentence if t not in PUNCTUATION]):
        return False
    place = content.index("or")
    return not words("verdicts") & {content[place - 1], content[place + 1], content[-1]}


def _finite(content: Sequence[str]) -> list[int]:
    """The places of what may be a sentence's verb; after an article or a preposition the same word is a noun."""
    return [
        n
        for n, word in enumerate(content)
        if word in AUX
        or (stem(word) in words("verbs") and not word.endswith("ing") and content[max(0, n - 1)] not in _BEFORE_NOUN)
    ]


def _inner_wh(tokens: Sequence[str]) -> str:
    """A question word inside the last sentence ("physical server, for which tool …")."""
    last = [[""], *_parts(tokens, {".", "?", "!", ";", "\n"})][-1]
    if last[-1] in WH:
        return last[-1]  # "Access rights are managed where?"
    if last[-1] in {"is", "are", "called"} and "?" in tokens:
        return "what"  # "The name of the extension is …?"
    return next((t for t in last if t in {"which", "what", "how", "why", "who", "whats", "what's"}), "")


def _parts(tokens: Sequence[str], ends: Collection[str]) -> list[list[str]]:
    out: list[list[str]] = [[]]
    for token in tokens:
        if token in ends:
            out.append([])
        else:
            out[-1].append(token)
    return [p for p in out if p]


def sentence_spans(tokens: Sequence[str]) -> list[range]:
    """The sentences of a message, as ranges of tokens."""
    ends = [n for n, t in enumerate(tokens) if t in {".", "?", "!", ";", "\n"}]
    return [range(a, b) for a, b in pairwise([0, *(e + 1 for e in ends), len(tokens)]) if a < b]


def focus_of(tokens: Sequence[str]) -> tuple[int, int]:
    """First and last token of what is asked: the questions, with the sentence before when they are too short alone."""
    sentences, start = [], 0
    for i, token in enumerate(tokens):
        if token in {".", "?", "!", ";", "\n"} or i + 1 == len(tokens):
            if any(t not in PUNCTUATION for t in tokens[start : i + 1]):
                sentences.append((start, i + 1))
            start = i + 1
    if not sentences:
        return 0, len(tokens)
    asking = [
        n
        for n, (a, b) in enumerate(sentences)
        if tokens[b - 1] == "?" or _asks([t for t in tokens[a:b] if t not in PUNCTUATION])
    ]
    if not asking:
        return 0, len(tokens)
    first, last = asking[0], asking[-1]
    if sum(t not in PUNCTUATION for a, b in sentences[first : last + 1] for t in tokens[a:b]) < SHORT and first > 0:
        first -= 1
    return sentences[first][0], sentences[last][1]


def _asks(sentence: Sequence[str]) -> bool:
    content = [t for t in sentence if t not in LEAD]
    return bool(content) and (
        content[0] in WH
        or content[0]
        in {"confirm", "explain", "list", "name", "describe", "check", "verify", "tell", "approve", "publish"}
        or (content[0] in AUX and len(content) > 3)
    )


def complete(tokens: Sequence[str]) -> bool:
    """Whether the turn is a whole question of its own, not a fragment."""
    first = [t for t in tokens if t not in PUNCTUATION and t not in LEAD][:1]
    return bool(first) and (first[0] in AUX or first[0] in WH) and len(tokens) > 4


def denies(line: str) -> bool:
    """A statement that denies the capability: "MARS can't back up Linux, right?"."""
    if re.search(
        r"\bneither\b.*\b(?:can|could|does|do|is|are|will|supports?)\b|\bshould (?:i|we) not\b|\bnot to use\b|\bavoid\b",
        line,
    ):
        return True
    if re.match(r"^(?:why |so |and |but )*(?:isn't|aren't|can't|doesn't|don't|won't|couldn't|shouldn't)\b", line):
        return False
    return bool(
        re.search(
            r"\b(?:can't|can not|doesn't|don't|won't|couldn't|isn't|aren't|is not|are not|does not|do not|never|cannot) (?:\w+ ){0,3}?(?:support|supported|back up|backup|restore|restored|protect|work|possible|available|allowed|do|recover|recovered|move|handle|cover|covered|reach|app|application|use|used|be|offered|meant|intended|permitted|suited|suitable|compatible|provided|applicable)\b|\bunsupported\b|\bimpossible\b|\bnot supported\b|\bclosed to\b|\bunavailable\b|\bruled out\b|\bexcluded\b|\bnot available\b|\bno way\b|\brejected\b|\brefused\b|\bdeclined\b|\bgr[ae]yed out\b",
            line,
        )
    )


def asks_duty(focus: Sequence[str]) -> bool:
    """Whether it is a yes/no question, whatever leads it: "With two sites, does every machine need …?"."""
    return any(h in AUX for h in _heads(focus))


def asks_act(focus: Sequence[str], acts: Collection[str]) -> bool:
    """Whether a yes/no question is whether one of these acts (stems) happens: "Does the job restart the VM?", "Is it restarted?"."""
    if not acts or not focus or focus[0] not in AUX:
        return False
    for n, token in enumerate(focus[:_CLAUSE]):
        if token in PUNCTUATION or token in words("opens_circumstances"):
            return False
        passive = focus[0] in {"is", "are", "was", "were"} or "be" in focus[:n] or "get" in focus[:n]
        if (
            n > 1
            and stem(token) in acts
            and focus[n - 1] not in words("determining")
            and passive == (token[-2:] in {"ed", "en"})
        ):
            return True
    return False


def asks_plainly(focus: Sequence[str]) -> bool:
    """Whether a statement is put as a question: "And the snapshot stays after that?"."""
    return bool(focus) and focus[-1] == "?" and not set(focus) & set(WH)


def in_general(focus: Sequence[str], named: Collection[int]) -> bool:
    """Whether nothing is said beside what is named: "Is Linux ok?", "What do I use for on-prem?"."""
    return words("plainly_asked").issuperset(t for n, t in enumerate(focus) if n not in named and t not in PUNCTUATION)


def outcome_of(decision: Decision | None, mentions: Sequence[Mention], tokens: Sequence[str]) -> str | None:
    """The value that a question about a value names; None when it offers a choice ("Backup or Site Recovery?")."""
    if decision is None or decision.kind != "value":
        return None
    said = [m for m in mentions if m.dimension == decision.outcome]
    if any("or" in (*tokens[m.start - 1 : m.start], *tokens[m.end : m.end + 1]) for m in said):
        return None
    values = [v for m in said for v in m.values]
    return values[0] if len(set(values)) == 1 else None


def of_one_made(focus: Sequence[str]) -> bool:
    """Whether it is about backups that are made already, so that nothing is left to choose: "Will my VM's backup be app-aware?"."""
    backups = next((n for n, t in enumerate(focus[:SHORT]) if t in {"backup", "backups"}), 0)
    return (
        backups > 0
        and focus[0] in {"is", "are", "was", "were", "will"}
        and focus[1] in {"my", "our", "his", "her", "their"}
    )


def points_at(judging: Sequence[str], before: int) -> bool:
    """Whether a short sentence asks for a verdict on the longer one before it, which names no value: "Can this stay there?"."""
    return len(judging) <= SHORT < before and not {"this", "that", "it"}.isdisjoint(judging)
