"""Speaking to an agency's system over HTTP: a time for everything, bounded answers, tries again where that is harmless.

Everything in the contracts may be sent twice: questions change nothing, and what goes up bears an id. So a try that
failed for want of a connection or with 502, 503 or 504 is repeated after a pause with jitter while there is time.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import requests
from pydantic import BaseModel, ValidationError
from requests.adapters import HTTPAdapter

from inspection_station.gateway.agencies.contracts import Query, Reply, Taken
from inspection_station.gateway.agencies.ports import AgencyFault, Denied, NoAnswer, WrongAnswer

log = logging.getLogger(__name__)

ANSWER_LIMIT = 64 << 20  # bytes: a large group or list
CONNECT_SECONDS = 2.0
TRIES = 3
_PAUSE = 0.15  # seconds before the second try, doubled before each further one, with jitter
_KEPT = 4  # idle connections
_AGAIN = frozenset({429, 502, 503, 504})
_JSON = "application/json"
_CHANCE = random.SystemRandom()

_M = TypeVar("_M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a system is. ``token`` goes along as a bearer token; ``authority`` is a PEM file of those who may vouch for
    it, ``certificate`` a PEM file with certificate and key of ours.
    """

    url: str
    token: str = field(default="", repr=False)
    authority: str = ""
    certificate: str = ""


class AgencyHttp:
    """One system's door. Safe from any thread."""

    def __init__(
        self,
        address: Address,
        *,
        chance: Callable[[], float] = _CHANCE.random,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = address
        self._chance = chance
        self._pause = pause
        self._idle: list[requests.Session] = []
        self._lock = threading.Lock()

    def ask(self, path: str, query: Query, form: type[_M], within: float) -> _M:
        """POST a question. Raises AgencyFault; WrongAnswer for an answer to another question."""
        reply = self._exchange("POST", path, query, form, within)
        if isinstance(reply, Reply) and reply.query_id != query.query_id:
            raise WrongAnswer("an answer to another question")
        return reply

    def get(self, path: str, form: type[_M], within: float) -> _M:
        """GET something whole. Raises AgencyFault."""
        return self._exchange("GET", path, None, form, within)

    def put(self, path: str, name: str, sha256: bytes, body: BaseModel, within: float) -> Taken:
        """PUT under an id. Raises AgencyFault; WrongAnswer where something else is acknowledged than was sent."""
        taken = self._exchange("PUT", f"{path}/{name}", body, Taken, within)
        if taken.id != name or taken.sha256 != sha256.hex():
            raise WrongAnswer("an acknowledgement of something else")
        return taken

    def close(self) -> None:
        """Let go of idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for session in idle:
            session.close()

    def _exchange(self, method: str, path: str, body: BaseModel | None, form: type[_M], within: float) -> _M:
        data = None if body is None else body.model_dump_json().encode()
        until = time.monotonic() + within
        for attempt in range(1, TRIES + 1):
            try:
                return _read(form, self._once(method, path, data, until))
            except _Again as fault:
                pause = _PAUSE * 2 ** (attempt - 1) * (0.5 + self._chance())
                if attempt == TRIES or time.monotonic() + pause >= until:
                    raise NoAnswer(str(fault)) from fault
                self._pause(pause)
        raise NoAnswer("no answer")  # not reached: the last try raises

    def _once(self, method: str, path: str, data: bytes | None, until: float) -> bytes:
        left = until - time.monotonic()
        if left <= 0:
            raise NoAnswer("no answer in time")
        with self._lock:
            session = self._idle.pop() if self._idle else self._new_session()
        try:
            answer = session.request(
                method,
                self._address.url.rstrip("/") + path,
                data=data,
                headers=self._headers(data is not None),
                timeout=(min(CONNECT_SECONDS, left), left),
                allow_redirects=False,
                stream=True,
            )
            body = _body(answer, until)
        except requests.exceptions.ReadTimeout as error:
            session.close()
            raise NoAnswer("no answer in time") from error
        except (requests.exceptions.RequestException, OSError, ValueError) as error:
            session.close()
            raise _Again(f"no connection ({type(error).__name__})") from error
        except AgencyFault:
            session.close()  # what is left of the answer must not be read as the next one's
            raise
        self._keep(session)
        if answer.status_code in _AGAIN:
            raise _Again(f"the system failed ({answer.status_code})")
        if answer.status_code in (400, 401, 403, 409, 413, 422):
            raise Denied(f"the system refused ({answer.status_code})")
        if answer.status_code not in (200, 201):
            raise NoAnswer(f"the system failed ({answer.status_code})")
        return body

    def _headers(self, with_body: bool) -> Mapping[str, str]:
        headers = {"Accept": _JSON}
        if with_body:
            headers["Content-Type"] = _JSON
        if self._address.token:
            headers["Authorization"] = f"Bearer {self._address.token}"
        return headers

    def _new_session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        if self._address.authority:
            session.verify = self._address.authority
        if self._address.certificate:
            session.cert = self._address.certificate
        return session

    def _keep(self, session: requests.Session) -> None:
        with self._lock:
            if len(self._idle) < _KEPT:
                self._idle.append(session)
                return
        session.close()


class _Again(Exception):
    """A try that may be repeated."""


def _body(answer: requests.Response, until: float) -> bytes:
    """The whole answer. A system that sends a byte a second is slow as a whole, whatever each byte took."""
    gathered = bytearray()
    for chunk in answer.iter_content(1 << 16):
        gathered += chunk
        if len(gathered) > ANSWER_LIMIT:
            raise WrongAnswer("an answer beyond the limit")
        if time.monotonic() > until:
            raise NoAnswer("no answer in time")
    return bytes(gathered)


def _read(form: type[_M], body: bytes) -> _M:
    try:
        return form.model_validate_json(body)
    except ValidationError as error:
        places: list[Any] = [".".join(str(part) for part in one["loc"]) for one in error.errors(include_input=False)]
        log.warning("an answer is not of the contract's form", extra={"form": form.__name__, "places": places[:5]})
        raise WrongAnswer("an answer that is not of the contract's form") from None
