"""The chat page on the shipped pack: ``python app.py``, then http://127.0.0.1:7860.

ASSISTANT_PORT is another port, ASSISTANT_HOME another folder for the index.
"""

import os
import sys
from pathlib import Path

# Before gradio is imported: it reads them then, and would call home without them.
os.environ.update(GRADIO_ANALYTICS_ENABLED="False", HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")


def main() -> None:
    """Open the index, or build it, and serve the page until interrupted."""
    from assistant import Assistant, AssistantError

    port = os.environ.get("ASSISTANT_PORT") or "7860"
    store = Path(os.environ.get("ASSISTANT_HOME") or Path.home() / ".cache" / "assistant")
    if not port.isdecimal() or not 0 < int(port) < 2**16:
        sys.exit(f"app.py: ASSISTANT_PORT is {port!r}; it should be a number from 1 to 65535, for example 7860")
    try:
        helper = Assistant.load(home=store, say=_say)
        _say(f"opening the index of {helper.pack.title}")
        helper.search(helper.pack.title)
    except AssistantError as error:
        sys.exit(f"app.py: {error}")
    _say("building the page")
    from assistant.channels.gradio import page, serve

    blocks = page(lambda: helper, store)
    try:
        url = serve(blocks, int(port))
    except OSError:
        sys.exit(f"app.py: port {port} is taken; set ASSISTANT_PORT to another")
    _say(f"serving on {url} (Ctrl+C ends it)")
    blocks.block_thread()


def _say(step: str) -> None:
    print(step, flush=True)


if __name__ == "__main__":
    main()
