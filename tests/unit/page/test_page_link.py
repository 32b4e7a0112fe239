"""Who the page lets in."""

from confapp.page.page_link import PageLink


def test_the_secret_stands_where_browsers_keep_it_from_servers() -> None:
    link = PageLink(8123)
    address, _, fragment = link.url.partition("#")
    assert address == "http://127.0.0.1:8123/"
    assert fragment == link.token
    assert len(link.token) >= 32
    assert link.token not in repr(link)


def test_each_page_has_a_secret_of_its_own() -> None:
    assert PageLink(1).token != PageLink(1).token


def test_only_the_whole_secret_opens_the_page() -> None:
    link = PageLink(8123)
    assert link.admits(link.token)
    for wrong in ("", link.token[:-1], link.token + "x", "ключ"):
        assert not link.admits(wrong)


def test_only_this_origin_and_host() -> None:
    link = PageLink(8123)
    assert link.is_origin("http://127.0.0.1:8123")
    assert link.is_host("127.0.0.1:8123")
    for origin in (None, "null", "http://127.0.0.1:8124", "https://127.0.0.1:8123", "http://evil"):
        assert not link.is_origin(origin)
    for host in (None, "localhost:8123", "evil.example:8123", "127.0.0.1"):
        assert not link.is_host(host)
