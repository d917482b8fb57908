"""A practice LMS on ``localhost`` and Regista on ``127.0.0.1``, with or without TLS, and a book of who came in how."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from flask import Flask, Response, request
from sqlalchemy import select
from werkzeug.serving import make_server

from lti_app import create_app
from lti_app.clock import Clock
from lti_app.config import Settings
from lti_app.db import Database
from lti_app.lti import platform_keys
from lti_app.migrations import upgrade
from lti_app.models import Academy
from lti_app.sandbox import PracticeLms, Tool, create_practice_lms
from lti_app.store.registrations import add_platform
from tests.servers import free_port


@dataclass(frozen=True, slots=True)
class Visitor:
    """One request as the tool saw it: names of cookies and fields only, and what the browser said of itself."""

    method: str
    path: str
    status: int
    cookies: tuple[str, ...]
    fields: tuple[str, ...]
    site: str
    dest: str

    @property
    def login_cookies(self) -> int:
        return sum(name.startswith("regista_login_") for name in self.cookies)


@dataclass(slots=True)
class Doors:
    """Both applications, running."""

    lms_url: str
    tool_url: str
    lms: PracticeLms
    app: Flask
    db: Database
    book: list[Visitor] = field(default_factory=list)

    def came(self, path: str, method: str | None = None) -> list[Visitor]:
        return [one for one in list(self.book) if one.path == path and method in (None, one.method)]


@dataclass(frozen=True, slots=True)
class Certificates:
    """A test authority and one certificate for both hosts of this machine."""

    authority: Path
    chain: Path
    key: Path


def make_certificates(folder: Path) -> Certificates:
    now = datetime.now(UTC)

    def signed(
        subject: str, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey, *, authority: bool
    ) -> x509.Certificate:
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=authority, crl_sign=authority, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(by, hashes.SHA256())
        )

    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    made = Certificates(folder / "authority.pem", folder / "chain.pem", folder / "key.pem")
    root_certificate = signed("Test authority", root, root, authority=True).public_bytes(Encoding.PEM)
    made.authority.write_bytes(root_certificate)
    made.chain.write_bytes(
        signed("localhost", leaf, root, authority=False).public_bytes(Encoding.PEM) + root_certificate
    )
    made.key.write_bytes(leaf.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made


@contextmanager
def served(host: str, port: int, app: Flask, certificates: Certificates | None) -> Iterator[None]:
    context = None
    if certificates:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificates.chain, certificates.key)
    server = make_server(host, port, app, threaded=True, ssl_context=context)
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _write_the_book(app: Flask, book: list[Visitor]) -> None:
    def note(response: Response) -> Response:
        if not request.path.startswith("/static/"):
            said = request.headers
            book.append(
                Visitor(
                    request.method, request.path, response.status_code, tuple(request.cookies), tuple(request.form),
                    said.get("Sec-Fetch-Site", ""), said.get("Sec-Fetch-Dest", ""),
                )
            )  # fmt: skip
        return response

    app.after_request(note)


@contextmanager
def open_doors(
    folder: Path, database_url: str, patch: pytest.MonkeyPatch, *, certificates: Certificates | None = None
) -> Iterator[Doors]:
    """Serve both applications until the block ends; the platform is known to Regista as an admin would add it."""
    scheme = "https" if certificates else "http"
    lms_port, tool_port = free_port(), free_port()
    lms_url, tool_url = f"{scheme}://localhost:{lms_port}", f"{scheme}://127.0.0.1:{tool_port}"
    if certificates:
        usual = platform_keys.options_of
        trusting = lambda house: replace(usual(house), ca_bundle=str(certificates.authority))  # noqa: E731
        patch.setattr(platform_keys, "options_of", trusting)
    settings = Settings(
        database_url=database_url, jobs_url=f"sqlite:///{folder}/jobs.sqlite3", public_url=tool_url,
        secret_key="a secret for the browser tests only", data_dir=str(folder), allow_private_addresses=True,
        default_locale="it", log_level="WARNING",
    )  # fmt: skip
    database, clock = Database(database_url), Clock()
    upgrade(database)
    tool = Tool(f"{tool_url}/lti/login", f"{tool_url}/lti/launch", f"{tool_url}/lti/jwks", tool_url)
    lms = create_practice_lms(data_dir=folder, public_url=lms_url, clock=clock, tool=tool)
    app = create_app(settings, database=database, clock=clock)
    doors = Doors(lms_url, tool_url, lms, app, database)
    _write_the_book(app, doors.book)
    with database.writing() as session:
        add_platform(
            session, academy_name=lms.academy_name, name="Moodle", issuer=lms.issuer, client_id=lms.client_id,
            auth_login_url=lms.auth_login_url, auth_token_url=lms.auth_token_url, jwks_url=lms.jwks_url,
            deployment_ids=[lms.deployment_id], product="moodle", now=datetime.now(UTC),
        )  # fmt: skip
        academy = session.scalars(select(Academy)).one()
        academy.locale, academy.settings = "it", {"managers": lms.manager_subs}
    with ExitStack() as stack:
        stack.callback(database.close)
        stack.enter_context(served("localhost", lms_port, lms.app, certificates))
        stack.enter_context(served("127.0.0.1", tool_port, app, certificates))
        yield doors
