"""The settings, read from the environment and checked at start: every fault is listed at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# What could be written in two ways would be one path to the proxy and another to the browser that keeps our cookies.
_PLAIN_PATH = re.compile(r"(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class BadSettings(Exception):
    """The environment cannot run Regista; ``faults`` holds one sentence for each thing to mend."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(["Regista cannot start:", *(f"  - {fault}" for fault in faults)]))


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decides. ``public_url`` has no trailing slash; sizes are bytes, spans seconds."""

    database_url: str
    jobs_url: str
    public_url: str
    secret_key: str = field(repr=False)
    data_dir: str = "var"
    uploads_dir: str = ""
    uploads_person_mb: int = 200
    uploads_course_mb: int = 5000
    config_file: str = "lti_config.json"
    allow_private_addresses: bool = False
    log_level: str = "INFO"
    max_request_bytes: int = 256 * 1024
    panel_token_seconds: int = 3600
    sync_seconds: int = 900
    tick_seconds: int = 30
    default_locale: str = "en"
    default_time_zone: str = "Europe/Rome"
    support_contact: str = ""
    smtp_url: str = field(default="", repr=False)
    mail_from: str = ""

    @property
    def is_https(self) -> bool:
        """Whether the world reaches us over TLS."""
        return self.public_url.startswith("https://")


def _whole_number(env: Mapping[str, str], name: str, default: int, low: int, high: int, faults: list[str]) -> int:
    raw = env.get(name, "").strip()
    if not raw:
        return default
    if not raw.isdecimal() or not low <= int(raw) <= high:
        faults.append(f"{name} must be a whole number from {low} to {high}, not {raw!r}")
        return default
    return int(raw)


def _check_public_url(url: str, faults: list[str]) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        faults.append("REGISTA_PUBLIC_URL must be a full address such as https://regista.example.org")
    elif parts.scheme == "http" and parts.hostname not in LOOPBACK:
        faults.append("REGISTA_PUBLIC_URL must be https, except on this machine itself")
    elif parts.query or parts.fragment:
        faults.append("REGISTA_PUBLIC_URL must have no query and no fragment")
    elif not _PLAIN_PATH.fullmatch(parts.path):
        faults.append("REGISTA_PUBLIC_URL may have a path of plain letters, digits and . _ - only, such as /regista")


def _check_mail(smtp_url: str, mail_from: str, faults: list[str]) -> None:
    if not smtp_url:
        return
    parts = urlsplit(smtp_url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        faults.append("REGISTA_SMTP_URL must be smtp://user:password@host:587 or smtps://user:password@host:465")
    if not 2 < len(mail_from) <= 320 or mail_from.count("@") != 1 or any(letter in mail_from for letter in " <>\r\n"):
        faults.append("REGISTA_MAIL_FROM must be the address that e-mail comes from, such as regista@example.org")


def settings_from(env: Mapping[str, str]) -> Settings:
    """Read the settings from ``env`` (``os.environ`` in life); raises BadSettings with every fault at once."""
    faults: list[str] = []
    public_url = env.get("REGISTA_PUBLIC_URL", "").rstrip("/")
    if not public_url:
        faults.append("REGISTA_PUBLIC_URL is missing: the address under which learners' browsers reach Regista")
    else:
        _check_public_url(public_url, faults)
    secret = env.get("REGISTA_SECRET_KEY", "")
    if len(secret) < 32:
        faults.append(
            "REGISTA_SECRET_KEY must be at least 32 characters; "
            "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    data_dir = env.get("REGISTA_DATA_DIR", "var")
    database_url = env.get("REGISTA_DATABASE_URL", f"sqlite:///{data_dir}/regista.sqlite3")
    if not database_url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        faults.append("REGISTA_DATABASE_URL must begin with sqlite:/// or postgresql://")
    jobs_url = env.get("REGISTA_JOBS_URL", f"sqlite:///{data_dir}/jobs.sqlite3")
    if not jobs_url.startswith(("sqlite:///", "postgresql://", "redis://", "rediss://")):
        faults.append("REGISTA_JOBS_URL must begin with sqlite:///, postgresql://, redis:// or rediss://")
    private = env.get("REGISTA_ALLOW_PRIVATE_ADDRESSES", "no").lower()
    if private not in ("yes", "no"):
        faults.append("REGISTA_ALLOW_PRIVATE_ADDRESSES must be yes or no")
    locale = env.get("REGISTA_LOCALE", "en")
    if locale not in ("en", "it"):
        faults.append("REGISTA_LOCALE must be en or it")
    settings = Settings(
        database_url=database_url.replace("postgresql://", "postgresql+psycopg://", 1),
        jobs_url=jobs_url,
        public_url=public_url,
        secret_key=secret,
        data_dir=data_dir,
        uploads_dir=env.get("REGISTA_UPLOADS_DIR", "").strip(),
        uploads_person_mb=_whole_number(env, "REGISTA_UPLOADS_PERSON_MB", 200, 0, 1_000_000, faults),
        uploads_course_mb=_whole_number(env, "REGISTA_UPLOADS_COURSE_MB", 5000, 0, 100_000_000, faults),
        config_file=env.get("REGISTA_CONFIG", "lti_config.json"),
        allow_private_addresses=private == "yes",
        log_level=env.get("REGISTA_LOG_LEVEL", "INFO").upper(),
        max_request_bytes=_whole_number(env, "REGISTA_MAX_REQUEST_BYTES", 256 * 1024, 16 * 1024, 1 << 28, faults),
        panel_token_seconds=_whole_number(env, "REGISTA_PANEL_TOKEN_SECONDS", 3600, 60, 86_400, faults),
        sync_seconds=_whole_number(env, "REGISTA_SYNC_SECONDS", 900, 5, 604_800, faults),
        tick_seconds=_whole_number(env, "REGISTA_TICK_SECONDS", 30, 1, 3600, faults),
        default_locale=locale,
        default_time_zone=env.get("REGISTA_TIME_ZONE", "Europe/Rome"),
        support_contact=env.get("REGISTA_SUPPORT_CONTACT", ""),
        smtp_url=env.get("REGISTA_SMTP_URL", "").strip(),
        mail_from=env.get("REGISTA_MAIL_FROM", "").strip(),
    )
    if settings.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        faults.append("REGISTA_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR")
    _check_mail(settings.smtp_url, settings.mail_from, faults)
    if faults:
        raise BadSettings(faults)
    return settings
