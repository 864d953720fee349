"""Article -> the article without its related posts: a label such as "Read more", and the links below it."""

from __future__ import annotations

import re

from pipeline.read.pages.tree import PageElement, drop, shown_text

LONGEST_LABEL = 80  # characters
FEWEST_LINKED = 0.5  # of the characters of a teaser: its title is a link, its date and its topic are not
_BETWEEN_TEASERS = re.compile(r"[\s,|·/#•;&>»→-]*")
_AROUND_LABELS = " \t\n\r:：»›>→…·-–|►▶"
_RELATED = re.compile(
    r"related(?: (?:articles?|posts?|stor(?:y|ies)|news|content|reading|topics?|links))?|read (?:more|next|also)"
    r"|(?:you|readers) (?:may|might) also (?:like|enjoy|be interested in)|more (?:from|on|in) .{1,40}"
    r"|more (?:stories|articles|news|like this)|recommended (?:articles|posts|stories|reading|for you)|tags?"
    r"|most (?:read|popular|viewed)(?: .{0,20})?|trending(?: now)?"
    r"|das könnte (?:dich|sie|euch) (?:auch )?interessieren|mehr zum thema|mehr zu .{1,40}|weiterlesen|lies auch"
    r"|weitere (?:artikel|beiträge|themen|meldungen|nachrichten)|lesen sie (?:auch|mehr|weiter|dazu)"
    r"|(?:verwandte|ähnliche) (?:artikel|beiträge|themen)|meist-?(?:gelesen|diskutiert|kommentiert)\w*"
    r"|schlag(?:worte|wörter)"
    r"|(?:à )?lire aussi|(?:articles|sujets) (?:similaires|liés|associés)|sur le même (?:sujet|thème)|mots-clés"
    r"|te (?:puede|podría|puede también) interesar|(?:lea|leer|lee) también|más noticias|etiquetas"
    r"|(?:noticias|artículos|notas|notícias|matérias|artigos) relacionad[ao]s|(?:leia|veja) (?:também|mais)"
    r"|leggi anche|articoli correlati|potrebbe interessarti|czytaj (?:też|także|również)|zobacz także"
    r"|читайте также|похожие (?:статьи|записи|материалы)|по теме|теги"
    r"|相关(?:阅读|文章|新闻|推荐)|推荐阅读|猜你喜欢|标签"
    r"|関連(?:記事|ニュース)|あわせて読みたい|タグ|관련 ?(?:기사|글)",
    re.IGNORECASE,
)


def drop_related(node: PageElement) -> None:
    """Remove labels of related posts with the links that follow them; a label that text follows stays.

    `<p>Read more:</p><ul><li><a href="b">Another post</a></ul>` -> nothing.
    """
    labels = [one for one in node.iter() if _is_related_label(one.text or "")]
    for label in labels:
        above = [*label.iterancestors()]
        if node not in above or any(one.tag in {"pre", "code", "table", "a"} for one in (label, *above)):
            continue
        if len(label):
            if all(map(_is_teaser, label)) and all(map(_ends_teaser, label)):
                drop(label)
            continue
        _drop_with_teasers(label, node)


def _is_related_label(text: str) -> bool:
    """Return whether a text is only the label of related posts.

    >>> _is_related_label("Related posts:"), _is_related_label("Related work by others")
    (True, False)
    """
    return 0 < len(text) < LONGEST_LABEL and _RELATED.fullmatch(text.strip(_AROUND_LABELS)) is not None


def _drop_with_teasers(label: PageElement, node: PageElement) -> None:
    """Remove a label and the links and teasers after it, if there are some."""
    while (above := label.getparent()) is not node and shown_text(above) == shown_text(label):
        label = above
    teasers: list[PageElement] = []
    before = label
    for one in label.itersiblings():
        if not _ends_teaser(before) or not _is_teaser(one):
            break
        teasers.append(one)
        before = one
    if any(next(one.iter("a"), None) is not None for one in teasers):
        for one in (*teasers, label):
            drop(one)


def _ends_teaser(element: PageElement) -> bool:
    """Return whether only separators are between an element and the next."""
    return _BETWEEN_TEASERS.fullmatch(element.tail or "") is not None


def _is_teaser(element: PageElement) -> bool:
    """Return whether most of the text in an element is links; an element without text is part of a teaser too."""
    if next(element.iter("pre", "blockquote", "table", "figcaption", "math", "h1"), None) is not None:
        return False
    letters = len(shown_text(element))
    linked = sum(len(shown_text(one)) for one in element.iter("a"))
    return linked >= FEWEST_LINKED * letters
