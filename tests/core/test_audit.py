"""The chain of the evidence: what is told about a folder that somebody changed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from workers.core.audit import FIRST, LOG, Altered, chain_line, file_lines, seal, verify

TARGET = "postgresql:7301998412/shop"


def sign(content: bytes) -> tuple[str, str]:
    return "2026-a", "c2ln"


def good(key: str, content: bytes, signature: str) -> bool:
    return (key, signature) == ("2026-a", "c2ln")


def a_rollout(number: int, previous: str, target: str = TARGET, **changed: str) -> tuple[dict[str, str], str]:
    """The files of one rollout, and its section."""
    folder = f"modules/shop/workdocs/active/task-{number}/db/"
    files = {"00-connection-check.md": "checked\n", "artifacts/plan.sql": f"SELECT {number};\n", **changed}
    content = f"# Log {number}\n\n{chain_line(target, number, previous)}\n\n```text\n{file_lines(files.items())}\n```\n"
    text, section = seal(content, sign)
    return {folder + name: text for name, text in files.items()} | {folder + LOG: text}, section


def a_chain(*numbers: int) -> dict[str, str]:
    files: dict[str, str] = {}
    previous = FIRST
    for number in numbers:
        added, previous = a_rollout(number, previous)
        files |= added
    return files


def test_an_untouched_chain_is_whole():
    result = verify(a_chain(1, 2, 5), good)
    assert (result.altered, result.unsigned, result.missing, result.exit_code) == ((), (), (), 0)
    assert result.chains == ((TARGET, (1, 2, 5)),)


def test_nothing_at_all_is_whole():
    assert verify({}, good).exit_code == 0
    assert verify({"README.md": "hello"}, good).exit_code == 0


def test_one_changed_byte_names_its_file():
    files = a_chain(1, 2)
    path = "modules/shop/workdocs/active/task-1/db/artifacts/plan.sql"
    files[path] = files[path].replace("SELECT", "SELECt")
    result = verify(files, good)
    assert [item.path for item in result.altered] == [path]
    assert result.exit_code == 1


@settings(max_examples=60)
@given(st.data())
def test_any_changed_byte_of_any_file_names_that_file(data):
    files = a_chain(1, 2)
    path = data.draw(st.sampled_from(sorted(files)))
    at = data.draw(st.integers(0, len(files[path]) - 1))
    letter = "x" if files[path][at] != "x" else "y"
    files[path] = files[path][:at] + letter + files[path][at + 1 :]
    result = verify(files, good)
    named = {item.path for item in result.altered} | set(result.unsigned)
    assert path in named
    assert result.exit_code == 1


def test_a_removed_file_is_named():
    files = a_chain(1)
    path = "modules/shop/workdocs/active/task-1/db/00-connection-check.md"
    del files[path]
    assert verify(files, good).altered == (Altered(path, "the execution log names it, and it is not here"),)


def test_an_added_file_is_named():
    path = "modules/shop/workdocs/active/task-1/db/artifacts/more.txt"
    assert verify(a_chain(1) | {path: "x"}, good).altered == (Altered(path, "the execution log does not name it"),)


def test_documents_without_their_log_are_named():
    files = a_chain(1)
    path = f"modules/shop/workdocs/active/task-1/db/{LOG}"
    del files[path]
    assert [item.path for item in verify(files, good).altered] == [path]


def test_a_rollout_that_is_not_here_is_missing_and_nothing_is_altered():
    files = {path: text for path, text in a_chain(1, 2, 3).items() if "task-2/" not in path}
    result = verify(files, good)
    assert result.altered == ()
    assert [(item.target, item.before) for item in result.missing] == [(TARGET, 3)]
    assert result.exit_code == 2


def test_a_cut_beginning_is_missing():
    files = {path: text for path, text in a_chain(1, 2).items() if "task-1/" not in path}
    assert [item.before for item in verify(files, good).missing] == [2]


def test_a_section_that_was_sealed_again_without_the_key_is_altered():
    files = a_chain(1)
    path = f"modules/shop/workdocs/active/task-1/db/{LOG}"
    content = files[path].split("\nSection sha256")[0].replace("# Log 1", "# Log one")
    files[path], _ = seal(content, lambda _: ("2026-a", "Zm9yZ2Vk"))
    assert verify(files, good).altered == (Altered(path, "the signature of key 2026-a does not fit"),)


def test_a_section_that_was_sealed_again_is_no_longer_the_one_that_its_successor_names():
    files = a_chain(1, 2)
    path = f"modules/shop/workdocs/active/task-1/db/{LOG}"
    content = files[path].split("\nSection sha256")[0].replace("# Log 1", "# Log one")
    files[path], _ = seal(content, sign)
    assert [item.before for item in verify(files, good).missing] == [2]


def test_a_seal_without_a_signature_is_unsigned():
    files = a_chain(1)
    path = f"modules/shop/workdocs/active/task-1/db/{LOG}"
    files[path] = files[path].split(" · signature")[0] + "\n"
    result = verify(files, good)
    assert (result.altered, result.unsigned, result.exit_code) == ((), (path,), 1)


def test_without_a_key_signatures_are_unchecked():
    result = verify(a_chain(1), None)
    assert (result.altered, len(result.unsigned), result.exit_code) == ((), 1, 1)


def test_text_after_the_seal_breaks_it():
    files = a_chain(1)
    path = f"modules/shop/workdocs/active/task-1/db/{LOG}"
    files[path] += "one more line\n"
    assert verify(files, good).altered == (Altered(path, "its last line is no seal"),)


def test_two_rollouts_after_the_same_one_are_named():
    first, section = a_rollout(1, FIRST)
    second, _ = a_rollout(2, section)
    third, _ = a_rollout(3, section)
    result = verify(first | second | third, good)
    assert [item.why.split(" of ")[0] for item in result.altered] == ["it claims the place"]


def test_a_copied_folder_is_named():
    files = a_chain(1)
    copied = {path.replace("task-1", "task-9"): text for path, text in files.items()}
    assert [item.path for item in verify(files | copied, good).altered] == [
        f"modules/shop/workdocs/active/task-9/db/{LOG}"
    ]


def test_a_folder_that_was_moved_to_the_archive_is_whole():
    files = {path.replace("/active/", "/archive/"): text for path, text in a_chain(1, 2).items()}
    assert verify(files, good).exit_code == 0


def test_a_successor_of_another_database_is_named():
    first, section = a_rollout(1, FIRST)
    second, _ = a_rollout(2, section, "postgresql:1/other")
    assert [item.why.split(" follow ")[0] for item in verify(first | second, good).altered] == ["it cannot"]


def test_two_databases_have_chains_of_their_own():
    one, _ = a_rollout(1, FIRST)
    two, _ = a_rollout(2, FIRST, "sqlite:file/other")
    result = verify(one | two, good)
    assert result.exit_code == 0
    assert result.chains == ((TARGET, (1,)), ("sqlite:file/other", (2,)))


def test_a_target_cannot_break_out_of_its_line():
    assert chain_line("a`b\nc", 1, "") == "Chain `a%60b%0Ac` · number 1 · previous section `none`"
