"""What a job may ask of the world: one Protocol for each neighbour, and the values that pass between."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workers.ports.code import Bind, Checkout, Code, Repository, Tree, TreeEntry
    from workers.ports.databases import (
        BatchFault,
        Database,
        DatabaseLock,
        Dump,
        Held,
        Hold,
        PlainClient,
        Reader,
        Rows,
        Scratch,
        ScratchAddress,
        ScratchDatabase,
        StatementError,
        Target,
        Writer,
    )
    from workers.ports.host import (
        Annotation,
        Check,
        CheckState,
        Comment,
        CommitAuthors,
        CommitFile,
        DeploymentState,
        Host,
        OtherCheck,
        Pull,
        Reaction,
    )
    from workers.ports.memory import Evidence, PullMemory, Rejection, SeenPush, Store, Turn
    from workers.ports.services import Clock, Configs, Inbox, Loaded, Queue, Replays, Secrets, Services, Signer
    from workers.ports.sources import (
        Counted,
        History,
        PythonEnvironment,
        RecordDirection,
        RecordedStatement,
        Recording,
        RecordRequest,
        Revision,
        RowsJudged,
        Source,
    )

# A command that reads one database asks for the first of these alone, and the others cost it as much as the reading.
_PARTS = ("databases", "code", "sources", "memory", "host", "services")


def __getattr__(name: str) -> object:
    """Import the part that has the name."""
    for part in _PARTS if name in __all__ else ():
        module = import_module(f"{__name__}.{part}")
        if hasattr(module, name):
            return getattr(module, name)
    raise AttributeError(name)


__all__ = [
    "Annotation",
    "BatchFault",
    "Bind",
    "Check",
    "CheckState",
    "Checkout",
    "Clock",
    "Code",
    "Comment",
    "CommitAuthors",
    "CommitFile",
    "Configs",
    "Counted",
    "Database",
    "DatabaseLock",
    "DeploymentState",
    "Dump",
    "Evidence",
    "Held",
    "History",
    "Hold",
    "Host",
    "Inbox",
    "Loaded",
    "OtherCheck",
    "PlainClient",
    "Pull",
    "PullMemory",
    "PythonEnvironment",
    "Queue",
    "Reaction",
    "Reader",
    "RecordDirection",
    "RecordRequest",
    "RecordedStatement",
    "Recording",
    "Rejection",
    "Replays",
    "Repository",
    "Revision",
    "Rows",
    "RowsJudged",
    "Scratch",
    "ScratchAddress",
    "ScratchDatabase",
    "Secrets",
    "SeenPush",
    "Services",
    "Signer",
    "Source",
    "StatementError",
    "Store",
    "Target",
    "Tree",
    "TreeEntry",
    "Turn",
    "Writer",
]
