"""Read a page as a browser does: tags, attributes, words; scripts and styles apart."""

from html.parser import HTMLParser

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
VOID = {"meta", "img", "link", "br", "input"}


class Page(HTMLParser):
    """Every tag must be closed, in order."""

    def __init__(self, content):
        super().__init__()
        self.tags = []
        self.attributes = []
        self.scripts = []
        self.styles = []
        self._words = []
        self._open = []
        self.feed(content.decode())
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        inside = self._open[-1] if self._open else ""
        {"script": self.scripts, "style": self.styles}.get(inside, self._words).append(data)

    @property
    def text(self):
        return " ".join(" ".join(self._words).split())

    def values(self, name):
        return [value for _, key, value in self.attributes if key == name]


def numbers(data, column):
    """A column as the script reads it."""
    planes = data["figures"][column]
    return [
        sum(DIGITS.index(digit) << 6 * place for place, digit in enumerate(digits))
        for digits in zip(*planes, strict=True)
    ]
