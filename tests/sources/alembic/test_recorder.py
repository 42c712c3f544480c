"""What the recorder writes down of a project's migrations, on real databases."""

from __future__ import annotations

import pytest

from tests.sources.alembic.conftest import Record
from tests.sources.alembic.projects import shop
from workers.ports import ScratchAddress


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> ScratchAddress:
    found: ScratchAddress = request.getfixturevalue(request.param)
    return found


def test_a_whole_history_is_recorded_with_its_revisions_transactions_and_way_back(
    record: Record, address: ScratchAddress
):
    found = record(shop(), address, declared=True, undo_to=())
    assert (found.error, found.failed, found.undo_error, found.declared_error) == ("", "", "", "")
    assert found.declared == ()
    names = list(dict.fromkeys(item.revision for item in found.statements if item.revision))
    assert names == [f"a1c0de00000{number}" for number in (1, 2, 3, 4)]
    assert found.statements[0].sql.startswith("CREATE TABLE alembic_version")
    assert all(item.transactional and not item.read for item in found.statements)
    assert [item.group for item in found.statements if item.sql.startswith("UPDATE alembic_version")] == [1, 2, 3]
    undone = list(dict.fromkeys(item.revision for item in found.undo or ()))
    assert undone == [f"a1c0de00000{number}" for number in (4, 3, 2, 1)]
    assert (found.undo or ())[-1].sql.startswith("DELETE FROM alembic_version")
