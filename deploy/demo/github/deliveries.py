"""How events leave: signed, numbered, sent in order by one thread, and kept for the App to list and ask for again."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
import time
import uuid
from dataclasses import replace

import requests

from deploy.demo.github.exchanges import JsonLines
from deploy.demo.github.records import App, Delivery, Installation, Json, Repo
from deploy.demo.github.state import State

TIMEOUT = 10.0  # GitHub's own patience, seconds
PATIENCE = 0.3  # seconds to wait for more deliveries to reorder
PAYLOAD_CAP = 25 * 1024 * 1024  # larger events are never delivered


class Deliveries:
    """The outgoing side; `send` only enqueues, so a caller may hold the state's lock."""

    def __init__(self, state: State, log: JsonLines) -> None:
        self._state = state
        self._log = log
        self._queue: queue.Queue[Delivery | None] = queue.Queue()
        self._stopping = False
        self._session = requests.Session()
        self._session.trust_env = False
        self._thread = threading.Thread(target=self._work, name="deliveries", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends after the delivery under way; what still waits is never sent."""
        self._stopping = True
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(TIMEOUT)
        self._session.close()

    def wait_idle(self, timeout: float = TIMEOUT) -> bool:
        """Waits until everything sent so far has been answered; False when that takes longer."""
        deadline = time.monotonic() + timeout
        while self._queue.unfinished_tasks:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    def send(
        self,
        app: App,
        event: str,
        payload: Json,
        *,
        installation: Installation | None = None,
        repo: Repo | None = None,
    ) -> Delivery | None:
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        if not app.webhook_url or len(body) > PAYLOAD_CAP:
            return None
        delivery = Delivery(
            id=self._state.next_id(),
            guid=str(uuid.uuid4()),
            app=app,
            event=event,
            action=payload.get("action"),
            installation_id=installation.id if installation else None,
            repository_id=repo.id if repo else None,
            body=body,
            delivered_at=self._state.now(),
        )
        self._queue.put(delivery)
        return delivery

    def redeliver(self, earlier: Delivery) -> Delivery:
        """The same bytes under the same GUID as a new attempt."""
        with self._state.lock:
            again = replace(
                earlier,
                id=self._state.next_id(),
                redelivery=True,
                delivered_at=self._state.now(),
                status="PENDING",
                status_code=0,
                response_headers={},
                response_body="",
            )
        self._queue.put(again)
        return again

    def _work(self) -> None:
        """Sends in order; deliveries held back by `reorder` go last first, once they are enough or nothing more comes."""
        held: list[Delivery] = []
        while True:
            try:
                delivery = self._queue.get(timeout=PATIENCE if held else None)
            except queue.Empty:
                self._send_all(held[::-1])
                held.clear()
                continue
            if delivery is None:
                self._send_all(held[::-1])
                self._queue.task_done()
                return
            if not delivery.redelivery and self._state.faults.take("reorder"):
                held.append(delivery)
                if not self._state.faults.reorder:
                    self._send_all(held[::-1])
                    held.clear()
                continue
            self._send_all([delivery])

    def _send_all(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            try:
                if not self._stopping:
                    self._send(delivery)
            finally:
                self._queue.task_done()

    def _send(self, delivery: Delivery) -> None:
        if not delivery.redelivery and self._state.faults.take("lose_unlogged"):
            return
        self._attempt(delivery)
        if not delivery.redelivery and self._state.faults.take("repeat"):
            self._attempt(replace(delivery, id=self._state.next_id()))

    def _attempt(self, delivery: Delivery) -> None:
        delivery.request_headers = headers(delivery)
        started = time.monotonic()
        if not delivery.redelivery and self._state.faults.take("lose"):
            delivery.status, delivery.status_code = "Service Timeout", 504
        else:
            self._post(delivery)
        delivery.duration = round(time.monotonic() - started, 3)
        with self._state.lock:
            self._state.deliveries[delivery.id] = delivery
        self._log.append(_record(delivery))

    def _post(self, delivery: Delivery) -> None:
        try:
            answer = self._session.post(
                delivery.app.webhook_url,
                data=delivery.body,
                headers=delivery.request_headers,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.Timeout:
            delivery.status, delivery.status_code = "timed out", 504
        except requests.RequestException:
            delivery.status, delivery.status_code = "failed to connect to host", 502
        else:
            delivery.status = "OK" if answer.ok else answer.reason or "Invalid HTTP Response"
            delivery.status_code = answer.status_code
            delivery.response_headers = dict(answer.headers)
            delivery.response_body = answer.text[:1000]


def sign(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers(delivery: Delivery) -> dict[str, str]:
    """The headers of a delivery; without a secret there is no signature at all."""
    plain = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/5ca1ab1",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(delivery.app.id + 500_000),
        "X-GitHub-Hook-Installation-Target-ID": str(delivery.app.id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
    }
    if not delivery.app.webhook_secret:
        return plain
    legacy = hmac.new(delivery.app.webhook_secret.encode(), delivery.body, hashlib.sha1).hexdigest()
    return plain | {
        "X-Hub-Signature": f"sha1={legacy}",
        "X-Hub-Signature-256": sign(delivery.app.webhook_secret, delivery.body),
    }


def _record(delivery: Delivery) -> Json:
    shown = {k: v for k, v in delivery.request_headers.items() if not k.startswith("X-Hub-")}
    return {
        "id": delivery.id,
        "guid": delivery.guid,
        "event": delivery.event,
        "action": delivery.action,
        "redelivery": delivery.redelivery,
        "status": delivery.status,
        "status_code": delivery.status_code,
        "signed": "X-Hub-Signature-256" in delivery.request_headers,
        "headers": shown,
        "payload": json.loads(delivery.body),
    }
