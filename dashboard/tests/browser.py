"""What page tests look at: the parsed page instead of its text."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """Tags with their attributes, and the text of inline scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline_code: list[str] = []
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        is_data = attributes.get("type") == "application/json"
        self._open = tag if tag in {"script", "style"} and not is_data else ""

    def handle_data(self, data: str) -> None:
        if self._open and data.strip():
            self.inline_code.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    @property
    def addresses(self) -> list[str]:
        """Everything that the page loads or links to."""
        values = [tag.get(name) for _, tag in self.tags for name in ("src", "href", "action")]
        return [value for value in values if value]

    @property
    def handlers(self) -> list[str]:
        """Attributes that hold code or style."""
        names = (name for _, tag in self.tags for name in tag)
        return [name for name in names if name.startswith("on") or name == "style"]
