"""The chat page and the API on the shipped pack: ``python app.py``, then http://127.0.0.1:7860.

ASSISTANT_PORT is another port, ASSISTANT_HOME another folder for the index; ``assistant serve`` has more to set.
"""

import os
import sys
from pathlib import Path


def main() -> None:
    """Serve every door on this machine until interrupted."""
    from assistant import AssistantError
    from assistant.operate import QUIET, serve

    os.environ.update(QUIET)
    from assistant.channels.generations import Generations
    from assistant.channels.settings import Settings

    port = os.environ.get("ASSISTANT_PORT") or "7860"
    home = Path(os.environ.get("ASSISTANT_HOME") or Path.home() / ".cache" / "assistant").absolute()
    if not port.isdecimal() or not 0 < int(port) < 2**16:
        sys.exit(f"app.py: ASSISTANT_PORT is {port!r}; it should be a number from 1 to 65535, for example 7860")
    try:
        settings = Settings(port=int(port), state=f"sqlite:///{home / 'state.db'}")
        serve(settings, Generations(None, home, say=_say), _say)
    except AssistantError as error:
        sys.exit(f"app.py: {error}")


def _say(step: str) -> None:
    print(step, flush=True)


if __name__ == "__main__":
    main()
