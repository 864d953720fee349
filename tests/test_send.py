"""`lacuna send` mails books over TLS, to a real server on this machine; each trouble is one line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from pipeline.library.mail import MOST_ATTACHED, NotSent, send_books
from pipeline.settings import Send, SettingsError
from pipeline.settings_files import read_settings
from tests.conftest import command

PASSWORD = "tide & ebb"  # noqa: S105 - of a server on this machine
USER = "me@example.org"


class Mailbox:
    """What the server does with e-mails: it keeps them, and refuses what a real one refuses."""

    def __init__(self) -> None:
        """Start empty."""
        self.mails = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd's name
        """Refuse the mailbox `nobody@...`."""
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        """Keep an e-mail; refuse those for `full@...`."""
        if any(to.startswith("full") for to in envelope.rcpt_tos):
            return "552 the mailbox is full"
        self.mails.append(envelope)
        return "250 OK"


def authenticate(_server, _session, _envelope, _mechanism, given):
    right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=right)


class Server(Controller):
    """A mail server with STARTTLS, which asks for a password."""

    def __init__(self, mailbox: Mailbox, context) -> None:
        """Listen at a free port; without `context` there is no TLS."""
        super().__init__(mailbox, hostname="127.0.0.1", port=0)
        self.context = context

    def factory(self) -> SMTP:
        """Return what answers a connection."""
        needs = bool(self.context)
        return SMTP(
            self.handler,
            tls_context=self.context,
            require_starttls=needs,
            auth_required=needs,
            authenticator=authenticate,
            enable_SMTPUTF8=True,
        )

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """A certificate of this machine, made by OpenSSL, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    files = folder / "cert.pem", folder / "key.pem"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    line = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*line, "-addext", names, "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    return files


@pytest.fixture(scope="module")
def server(certificate):
    """A running server."""
    import ssl  # noqa: PLC0415 - only the server needs it

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    running = Server(Mailbox(), context)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A file that is called like a book."""
    file = tmp_path / "Ebbe und Flut 潮.epub"
    file.write_bytes(b"PK" + bytes(range(256)) * 40)
    return file


@pytest.fixture
def send(server, certificate, monkeypatch) -> Send:
    """Settings that reach the server, whose certificate is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    monkeypatch.setenv("LACUNA_SMTP_PASSWORD", PASSWORD)
    return Send("localhost", ("me_1@kindle.com", "b@example.org"), server.port, user=USER)


def but(send: Send, **other) -> Send:
    return Send(**{name: getattr(send, name) for name in send.__struct_fields__} | other)


def test_a_book_arrives_as_it_is(send: Send, server, book: Path):
    """One e-mail has the bytes of the book, its media type and its name, for every recipient, sent over TLS."""
    from email import message_from_bytes, policy  # noqa: PLC0415 - only this test reads an e-mail

    send_books([book, book], send)
    envelope = server.handler.mails.pop()
    assert envelope.rcpt_tos == [*send.to]
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert mail["From"] == USER
    assert mail["Subject"] == "Ebbe und Flut 潮, Ebbe und Flut 潮"
    assert mail["Date"]
    assert mail["Message-ID"]
    parts = [*mail.iter_attachments()]
    assert [part.get_content_type() for part in parts] == ["application/epub+zip"] * 2
    assert [part.get_filename() for part in parts] == [book.name] * 2
    assert parts[0].get_payload(decode=True) == book.read_bytes()


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"to": ("nobody@example.org",)}, "recipient refused (nobody@example.org: no such user); check `to`"),
        ({"to": ("full@example.org",)}, "the server refused the e-mail (552 the mailbox is full)"),
        ({"user": "you@example.org"}, "user or password refused (535"),
        ({"user": ""}, "no sender; set `user` or `sender`"),
        ({"port": 1}, "cannot connect"),
        ({"tls": "implicit"}, "no answer over TLS"),
        ({"host": "127.0.0.1.invalid"}, "cannot connect"),
    ],
)
def test_trouble_with_the_server_is_one_line(send: Send, server, book: Path, other: dict, reason: str):
    """Each refusal names the server, what happened and what to do; nothing is sent, and no password is shown."""
    with pytest.raises(NotSent) as caught:
        send_books([book], but(send, **other))
    assert reason in str(caught.value)
    assert ":" in str(caught.value).partition(" ")[0]
    assert "; " in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert not server.handler.mails


def test_no_password_is_sent_without_tls(send: Send, book: Path):
    """A server without TLS, or with a certificate that nobody trusts, gets no password and no book."""
    open_server = Server(Mailbox(), None)
    open_server.start()
    try:
        with pytest.raises(NotSent, match="STARTTLS"):
            send_books([book], but(send, port=open_server.port))
    finally:
        open_server.stop()
    assert not open_server.handler.mails
    os.environ.pop("SSL_CERT_FILE")  # the fixture restores it
    with pytest.raises(NotSent, match="certificate is not trusted"):
        send_books([book], send)


def test_the_password_comes_from_a_command(send: Send, server, book: Path, monkeypatch):
    """Without the variable, `password_command` prints it; a command that fails is named, with its own message."""
    monkeypatch.delenv("LACUNA_SMTP_PASSWORD")
    send_books([book], but(send, password_command=("printf", "%s\\n", PASSWORD)))
    assert server.handler.mails.pop()
    with pytest.raises(NotSent, match=r"set LACUNA_SMTP_PASSWORD, or `password_command`"):
        send_books([book], send)
    with pytest.raises(NotSent, match="ended with 2: locked"):
        send_books([book], but(send, password_command=("sh", "-c", "echo locked >&2; exit 2")))
    with pytest.raises(NotSent, match=r"failed: .*no-such-command"):
        send_books([book], but(send, password_command=("no-such-command",)))


def test_only_books_that_fit_are_sent(send: Send, tmp_path: Path):
    """A file that is not a book, and one larger than a mail server takes, are refused before a connection."""
    note, large = tmp_path / "note.txt", tmp_path / "large.pdf"
    note.write_text("text", "utf-8")
    with large.open("wb") as file:
        file.truncate(MOST_ATTACHED + 1)
    with pytest.raises(NotSent, match=r"note\.txt: not a book"):
        send_books([note], send)
    with pytest.raises(NotSent, match=r"large\.pdf: 50 MB, more than the 50 MB"):
        send_books([large], but(send, port=1))


def test_the_command_is_off_until_it_is_configured(send: Send, server, book: Path):
    """Without [send], the exit code is 2; with it, the book is named by its path or its name in out/."""
    folder = book.parent
    ran = command("send", str(book), cwd=folder)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "add a table [send]" in ran.stderr
    lines = [f'host = "localhost"\nport = {send.port}\nuser = "{USER}"\nto = ["me_1@kindle.com"]\n']
    folder.joinpath("pipeline.toml").write_text("[send]\n" + "".join(lines), "utf-8")
    folder.joinpath("out", "posts").mkdir(parents=True)
    book.rename(folder / "out/posts/a.epub")
    ran = command("send", "a", cwd=folder)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "sent 1 book to me_1@kindle.com\n", "")
    assert server.handler.mails.pop()
    assert command("send", "b", cwd=folder).returncode == 2
    ran = command("send", "a", cwd=folder, env={"LACUNA_SMTP_PASSWORD": "wrong"})
    assert ran.returncode == 3
    assert ran.stderr.endswith("Nothing was sent.\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('to = ["a@b.org"]', "`host`"),
        ('host = "h"', "`to`"),
        ('host = "h"\nto = []', "`send.to`"),
        ('host = "h"\nto = ["a@b.org"]\npassword = "x"', "no setting `password`; did you mean `password_command`?"),
        ('host = "h"\nto = ["a@b.org"]\ntls = "none"', "invalid value 'none' in `send.tls`; valid: starttls, implicit"),
    ],
)
def test_wrong_settings_name_the_key(text: str, message: str, tmp_path: Path):
    """A missing or unknown key of [send] is one line; a password in the settings is not a key."""
    tmp_path.joinpath("pipeline.toml").write_text(f"[send]\n{text}\n", "utf-8")
    with pytest.raises(SettingsError) as caught:
        read_settings(tmp_path / "pipeline.toml")
    assert message in str(caught.value)
