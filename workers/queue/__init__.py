"""How messages travel through Redis: as a name and a JSON text of ids."""

from workers.queue.jobs import PERFORM, MessageJob, MessageQueue, MessageSerializer
from workers.queue.routes import QUEUES, ROUTES
from workers.queue.sending import MOST_REVIVALS, RedisQueue

__all__ = [
    "MOST_REVIVALS",
    "PERFORM",
    "QUEUES",
    "ROUTES",
    "MessageJob",
    "MessageQueue",
    "MessageSerializer",
    "RedisQueue",
]
