"""Who stands for whom on scratch, and what a door keeps back: pure, so that the quick suite has it."""

from __future__ import annotations

import pytest

from workers.core.names import Engine
from workers.databases.mysql.accounts import as_one, lent_cast, naming_right, private_cast
from workers.databases.mysql.doorway import _watch
from workers.ports import Dump

VIEW = "CREATE ALGORITHM=UNDEFINED DEFINER=`{}`@`{}` SQL SECURITY DEFINER VIEW `v` AS select 'DEFINER=`a`@`b` '"


def like(writing_role: str, *roles: str, rights: tuple[str, ...] = ()) -> Dump:
    return Dump(
        engine=Engine.MARIADB,
        engine_version="10.11.6",
        database="shop",
        writing_role=writing_role,
        roles=roles,
        script="",
        version_rows=(),
        settings=(),
        server_rights=rights,
    )


@pytest.mark.parametrize(
    ("role", "login", "pairs"),
    [
        ("app@%", "app@%", ()),
        ("app@localhost", "app@localhost", ()),
        ("app@10.%", "app@%", (("app@%", "app@10.%"),)),
        ("app@", "app@%", (("app@%", "app@%"), ("app@", "app@%"))),
    ],
)
def test_the_writing_role_keeps_its_name_where_a_socket_can_reach_it(role: str, login: str, pairs: object):
    cast = private_cast(like(role))
    assert (cast.login, cast.pairs) == (login, pairs)
    assert cast.plays(role) == login


def test_a_namesake_that_a_socket_would_reach_first_stands_aside():
    cast = private_cast(like("app@%", "app@localhost", "app@10.%", "owner@localhost"))
    assert cast.others(("app@%", "app@localhost", "app@10.%")) == ("app@localhost.elsewhere", "app@10.%")
    assert cast.made_by(VIEW.format("app", "localhost")) == VIEW.format("app", "localhost.elsewhere")
    assert cast.made_by(VIEW.format("owner", "localhost")) == VIEW.format("owner", "localhost")


def test_without_a_known_host_every_account_of_the_user_is_the_writing_role():
    assert as_one("app@") == (("app@", "app@%"),)
    assert as_one("app@10.%") == ()
    assert private_cast(like("app@")).made_by(VIEW.format("app", "10.1.2.3")) == VIEW.format("app", "%")


def test_on_a_lent_server_nobody_keeps_a_name():
    made = (VIEW.format("root", "localhost"), VIEW.format("app", "%"), "CREATE DEFINER=`boss` VIEW `w` AS select 1")
    cast = lent_cast(like("app@%", "root@localhost", "boss@"), "ours_1", made)
    assert cast.login == "ours_1@%"
    assert cast.made_by(made[0]) == VIEW.format("ours_1", "o2.elsewhere")
    assert cast.made_by(made[1]) == VIEW.format("ours_1", "%")
    assert cast.made_by(made[2]) == "CREATE DEFINER=`ours_1`@`o1.elsewhere` VIEW `w` AS select 1"
    assert dict(cast.pairs)["ours_1@o2.elsewhere"] == "root@localhost"


def test_others_may_be_named_on_scratch_only_where_they_may_on_the_target():
    assert naming_right(like("app@%"), (10, 11, 6)) == ""
    assert naming_right(like("app@%", rights=("SUPER",)), (10, 11, 6)) == "SET USER"


def test_a_door_passes_commands_on_however_they_are_cut_and_keeps_back_a_change_of_user():
    query, change = b"\x06\x00\x00\x00\x03SELEC", b"\x02\x00\x00\x00\x11x"
    answer = b"\x02\x00\x00\x01\x11x"  # no command: the second packet of an exchange
    for size in (1, 3, 64):
        look, said = _watch(), query + answer + query
        assert all(look(said[start : start + size]) for start in range(0, len(said), size))
        assert not all(look(change[start : start + size]) for start in range(0, len(change), size))
