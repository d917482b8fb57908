"""Platforms declared in ``lti_config.json``, in the shape that pylti1p3 reads, brought into the database at start.

    {"https://lms.example.org": [{"client_id": "...", "auth_login_url": "...", "auth_token_url": "...",
      "key_set_url": "...", "auth_audience": null, "private_key_file": "keys/tool.pem", "deployment_ids": ["1"],
      "academy": "Accademia", "name": "Our Moodle", "product": "moodle", "accepts_new_deployments": false}]}

The last four are ours and optional, and so is ``private_key_file``: a key named there joins our own key set; without
one Regista makes its own. Paths are relative to the file. The file holds no secret, and what it no longer names stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from lti_app.store.keys import NewKey, add_declared_key, make_key
from lti_app.store.registrations import BadPlatform, add_platform

TEXTS = ("client_id", "auth_login_url", "auth_token_url", "key_set_url")


class BadConfig(Exception):
    """The file cannot be used; ``faults`` holds one sentence for each thing to mend."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(["lti_config.json cannot be used:", *(f"  - {fault}" for fault in faults)]))


def _entries(document: Any, faults: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(document, dict):
        faults.append("the file must hold one object: issuer -> list of registrations")
        return
    for issuer, said in document.items():
        for number, entry in enumerate(said if isinstance(said, list) else [said]):
            where = f"{issuer} [{number}]"
            if not isinstance(entry, dict):
                faults.append(f"{where} must be an object")
                continue
            missing = [name for name in TEXTS if not isinstance(entry.get(name), str) or not entry[name]]
            faults.extend(f"{where}: {name} is missing" for name in missing)
            ids = entry.get("deployment_ids", [])
            if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
                faults.append(f"{where}: deployment_ids must be a list of texts")
                continue
            if not isinstance(entry.get("auth_audience") or "", str):
                faults.append(f"{where}: auth_audience must be a text")
                continue
            if entry.get("key_set"):
                faults.append(
                    f"{where}: key_set is not read; give key_set_url, so that the platform can rotate its keys"
                )
            if not missing:
                yield issuer, entry


def _key_of(entry: dict[str, Any], folder: Path, faults: list[str]) -> NewKey | None:
    named = entry.get("private_key_file")
    if not named:
        return None
    try:
        return make_key((folder / str(named)).read_text())
    except (OSError, ValueError) as e:
        faults.append(f"{named}: {e if isinstance(e, ValueError) else 'cannot be read'}")
        return None


def import_config(session: Session, path: str | Path, now: datetime, *, secret_key: str) -> int:
    """Bring every platform that the file declares into the database and return how many; a missing file declares none.

    Raises BadConfig with every fault at once, and then nothing is changed.
    """
    file = Path(path)
    if not file.exists():
        return 0
    faults: list[str] = []
    try:
        entries = list(_entries(json.loads(file.read_text(encoding="utf-8")), faults))
    except (OSError, ValueError) as e:
        raise BadConfig([f"{file}: {e}"]) from e
    keys = [_key_of(entry, file.parent, faults) for _, entry in entries]
    if faults:
        raise BadConfig(faults)
    for issuer, entry in entries:
        _add(session, issuer, entry, now, faults)
    if faults:
        raise BadConfig(faults)
    for key in keys:
        if key is not None:
            # Keys live in real time; ``now`` is the community's.
            add_declared_key(session, key, secret_key, datetime.now(UTC))
    return len(entries)


def _add(session: Session, issuer: str, entry: dict[str, Any], now: datetime, faults: list[str]) -> None:
    try:
        add_platform(
            session,
            academy_name=str(entry.get("academy") or "Academy"),
            name=str(entry.get("name") or ""),
            issuer=issuer,
            client_id=entry["client_id"],
            auth_login_url=entry["auth_login_url"],
            auth_token_url=entry["auth_token_url"],
            jwks_url=entry["key_set_url"],
            deployment_ids=entry.get("deployment_ids", []),
            auth_audience=entry.get("auth_audience") or None,
            product=str(entry.get("product") or ""),
            origin="config",
            accepts_new_deployments=entry.get("accepts_new_deployments") is True,
            now=now,
        )
    except BadPlatform as e:
        faults.extend(f"{issuer}: {fault}" for fault in e.faults)
