"""A field of the metadata -> the keys of front matter that hold it, of all systems that posts come from."""

from __future__ import annotations

FRONT_MATTER_KEYS = {  # lower case without hyphens, underscores and full stops; the first counts most
    "title": ("title", "posttitle", "headline", "标题", "標題", "タイトル", "제목"),
    "source_url": ("sourceurl", "source", "canonicalurl", "original"),
    "page_url": ("url", "link", "externalurl"),  # of the post, or of a page that it is about
    "language": ("language", "lang", "locale"),
    "date": (  # of Hugo, Jekyll, Hexo, Astro, Ghost, WordPress, JSON Feed, Open Graph, schema.org
        *("date", "pubdate", "pubdatetime", "publishdate", "published", "publishedat", "publishedon", "publishedtime"),
        *("datepublished", "articlepublishedtime", "postdate", "dcdate", "firstpublishedat", "releasedate", "日期"),
        *("发布日期", "发布时间", "發布日期", "發佈日期", "时间", "時間", "日付", "投稿日", "公開日", "작성일", "날짜"),
        *("datum", "fecha", "дата", "created", "createdat", "createdon", "datecreated", "creationdate", "createtime"),
    ),
    "authors": (
        "authors",
        "author",
        "by",
        "byline",
        "creator",
        "dccreator",
        "postauthor",
        "primaryauthor",
        "作者",
        "著者",
    ),
}
