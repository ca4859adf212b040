"""Files under DATA_DIR/keys that are made once, by whichever process is first."""

import os
import threading
from collections.abc import Callable
from pathlib import Path


def replace(path: Path, content: str) -> None:
    """Write a file anew, whole or not at all, for its owner only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    draft.touch(mode=0o600)
    draft.write_text(content)
    draft.replace(path)


def kept_or_made(path: Path, make: Callable[[], bytes]) -> str:
    """Return what the file holds; when there is none, what was made for it."""
    if path.exists():
        return path.read_text()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The link shares its content with the draft, so nobody else may write to that again.
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    draft.touch(mode=0o600)
    draft.write_bytes(make())
    try:
        # A link fails if another process was first, whose file then counts for both.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()
