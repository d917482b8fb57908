"""E-mail by SMTP (RFC 5321): one message at a time, each with an id of its own that a second sending would repeat."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, localtime
from urllib.parse import unquote, urlsplit

from lms_clients.base import Delivery, DeliveryState
from lti_app.config import LOOPBACK, Settings

TIMEOUT = 20


class MailNotSent(Exception):
    """Nothing has left: the mail server cannot be reached, or asks to wait; the same message may go later."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One message; ``stop`` ends messages of its sort (RFC 8058), ``html`` says the same for whoever prefers it."""

    key: str
    to_email: str
    to_name: str
    from_name: str
    language: str
    subject: str
    body: str
    stop: str
    html: str = ""


def compose(mail: Mail, settings: Settings) -> EmailMessage:
    """Return the message as it goes out; raises ValueError where the address is none."""
    host = urlsplit(settings.public_url).hostname or "localhost"
    message = EmailMessage()
    message["From"] = Address(_one_line(mail.from_name), addr_spec=settings.mail_from)
    message["To"] = Address(_one_line(mail.to_name), addr_spec=mail.to_email)
    message["Subject"] = _one_line(mail.subject)
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = f"<{mail.key}@{host}>"
    message["Content-Language"] = mail.language
    # RFC 8058: the mail program may end it by one POST, without a page; RFC 3834: nobody's holiday answers us.
    message["List-Unsubscribe"] = f"<{mail.stop}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message


def _one_line(words: str) -> str:
    return " ".join(words.split())


def send(mail: Mail, settings: Settings) -> Delivery:
    """Send one message and say what became of it; raises MailNotSent where it may go later."""
    try:
        message = compose(mail, settings)
    except (ValueError, IndexError, MessageError):
        return Delivery(mail.to_email, DeliveryState.REFUSED, reason="bad_address")
    server = _open(settings)
    try:
        return _hand_over(server, message, mail.to_email)
    finally:
        _close(server)


def _hand_over(server: smtplib.SMTP, message: EmailMessage, to: str) -> Delivery:
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as refused:
        return _refused(to, next(iter(refused.recipients.values()))[0])
    except smtplib.SMTPResponseException as refused:
        return _refused(to, refused.smtp_code)
    except (smtplib.SMTPException, OSError) as error:
        # It broke off on the way: the server may have taken it.
        return Delivery(to, DeliveryState.UNKNOWN, reason=type(error).__name__)
    return Delivery(to, DeliveryState.SENT, lms_id=str(message["Message-ID"]))


def _refused(to: str, code: int) -> Delivery:
    # RFC 5321, 4.2.1: a 4yz reply is for now, a 5yz reply for good.
    if 400 <= code < 500:
        raise MailNotSent(f"the mail server answered {code}")
    return Delivery(to, DeliveryState.REFUSED, reason=f"smtp_{code}")


def _open(settings: Settings) -> smtplib.SMTP:
    parts = urlsplit(settings.smtp_url)
    host, context = parts.hostname or "", ssl.create_default_context()
    try:
        server: smtplib.SMTP
        if parts.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT)
        try:
            _greet(server, parts.scheme == "smtp" and host not in LOOPBACK, context)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
        except BaseException:
            server.close()
            raise
    except (smtplib.SMTPException, OSError) as error:
        raise MailNotSent(f"the mail server cannot be used: {error}") from error
    return server


def _greet(server: smtplib.SMTP, must_encrypt: bool, context: ssl.SSLContext) -> None:
    server.ehlo()
    # People's words and our password never cross a network in the clear.
    if must_encrypt:
        server.starttls(context=context)
        server.ehlo()


def _close(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()
