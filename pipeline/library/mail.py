"""Books -> an e-mail with them as attachments, sent by SMTP over TLS."""

from __future__ import annotations

import os
import smtplib
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

from pipeline.library.addresses import MEDIA_TYPES, book_suffix
from pipeline.settings import Send

PASSWORD_VARIABLE = "LACUNA_SMTP_PASSWORD"  # noqa: S105 - its name, not its value
MOST_ATTACHED = 50_000_000  # bytes; Amazon's limit for "Send to Kindle" by e-mail
SECONDS = 60  # to wait for the server
PASSWORD_SECONDS = 60  # to wait for the command that prints the password, which may ask the user


class NotSent(Exception):  # noqa: N818 - a condition, not a fault
    """An e-mail was not sent; the message says why, and what to do."""


def send_books(files: Sequence[Path], send: Send) -> None:
    """Send one e-mail with `files` as attachments, as the table [send] of the settings says.

    Raises NotSent, in one line; OSError if a file cannot be read.
    """
    if not (send.sender or send.user):
        message = f"{send.host}: no sender; set `user` or `sender` in [send]"
        raise NotSent(message)
    mail = book_message(files, send)
    password = smtp_password(send)
    with _connection(send) as server:
        if send.user:
            server.login(send.user, password)
        server.send_message(mail)


def book_message(files: Sequence[Path], send: Send) -> EmailMessage:
    """Return the e-mail. Raises NotSent if a file is not a book, or if all are too large for one e-mail."""
    mail = EmailMessage()
    mail["From"], mail["To"] = send.sender or send.user, ", ".join(send.to)
    mail["Subject"] = ", ".join(" ".join(file.stem.split()) for file in files)
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain=send.host)
    mail.set_content("Sent by Lacuna.\n")
    size = 0
    for file in files:
        suffix = book_suffix(file.name)
        if not suffix:
            message = f"{file}: not a book; send an EPUB or PDF of out/"
            raise NotSent(message)
        data = file.read_bytes()
        size += len(data)
        kind, _, subtype = MEDIA_TYPES[suffix].partition("/")
        mail.add_attachment(data, maintype=kind, subtype=subtype, filename=file.name)
    if size > MOST_ATTACHED:
        least = f"{size / 1e6:.0f} MB, more than the {MOST_ATTACHED / 1e6:.0f} MB that one e-mail may have"
        message = f"{files[0]}: {least}; send fewer books, or copy the file by USB"
        raise NotSent(message)
    return mail


def smtp_password(send: Send) -> str:
    """Return the password: from the environment, or as `password_command` prints it. Raises NotSent."""
    if not send.user:
        return ""
    if password := os.environ.get(PASSWORD_VARIABLE):
        return password
    if not send.password_command:
        message = f"no password for `{send.user}`; set {PASSWORD_VARIABLE}, or `password_command` in [send]"
        raise NotSent(message)
    try:
        ran = subprocess.run(  # noqa: S603 - a command of the user's settings
            send.password_command, capture_output=True, check=True, text=True, timeout=PASSWORD_SECONDS
        )
    except subprocess.CalledProcessError as error:
        reason = f"ended with {error.returncode}: {error.stderr.strip() or 'no message'}"
    except (OSError, UnicodeDecodeError, subprocess.TimeoutExpired) as error:
        reason = f"failed: {error}"
    else:
        return ran.stdout.removesuffix("\n").removesuffix("\r")
    message = f"`password_command` in [send] {reason}; run it in a terminal to see why"
    raise NotSent(message)


@contextmanager
def _connection(send: Send) -> Iterator[smtplib.SMTP]:
    """Yield a connection over TLS; trouble with the server raises NotSent."""
    try:
        context = ssl.create_default_context()
        if send.tls == "implicit":
            server: smtplib.SMTP = smtplib.SMTP_SSL(send.host, send.port, timeout=SECONDS, context=context)
        else:
            server = smtplib.SMTP(send.host, send.port, timeout=SECONDS)
        with server:
            if send.tls == "starttls":
                server.starttls(context=context)
            yield server
    except (smtplib.SMTPException, OSError) as error:
        reason, what_to_do = _explained(error)
        message = f"{send.host}:{send.port}: {reason}; {what_to_do}"
        raise NotSent(message) from error


def _explained(error: Exception) -> tuple[str, str]:
    """Return what went wrong with the server, and what to do."""
    match error:
        case ssl.SSLCertVerificationError():
            explained = f"the certificate is not trusted ({error.verify_message})", "check `host` in [send]"
        case smtplib.SMTPNotSupportedError():
            explained = f"the server lacks what is needed ({error})", "check `port` and `tls` in [send]"
        case smtplib.SMTPAuthenticationError():
            explained = f"user or password refused ({_answer(error)})", "many providers need an app password"
        case smtplib.SMTPRecipientsRefused():
            refused = ", ".join(f"{to}: {_mail_text(answer)}" for to, (_, answer) in error.recipients.items())
            explained = f"recipient refused ({refused})", "check `to` in [send]"
        case smtplib.SMTPSenderRefused():
            explained = f"sender refused ({_answer(error)})", "check `sender` in [send], and the size of the book"
        case smtplib.SMTPResponseException():
            explained = f"the server refused the e-mail ({_answer(error)})", "read its answer, then send again"
        case smtplib.SMTPServerDisconnected() | ssl.SSLError() | TimeoutError():
            ports = "587 is starttls, 465 implicit"
            explained = f"no answer over TLS ({error})", f"check `port` and `tls` in [send]: {ports}"
        case _:
            explained = f"cannot connect ({error})", "check `host` and `port` in [send], and the network"
    return explained


def _answer(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_mail_text(error.smtp_error)}"


def _mail_text(answer: bytes | str) -> str:
    return " ".join((answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer).split())
