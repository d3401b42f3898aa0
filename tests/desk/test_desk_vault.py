"""Pictures in memory: by content, with their templates, and gone when told."""

from __future__ import annotations

from inspection_station.desk.vault import Vault


def test_a_picture_comes_back_by_its_reference_with_its_template() -> None:
    vault = Vault()
    ref = vault.put(b"picture", "image/jpeg", template := object())
    assert vault.get(ref) == b"picture"
    assert vault.template(ref) is template
    assert ref.size == 7


def test_forgetting_takes_the_template_along() -> None:
    vault = Vault()
    one, two = vault.put(b"1", "image/jpeg", "t1"), vault.put(b"2", "image/jpeg", "t2")
    vault.forget([one])
    assert vault.get(one) is None
    assert vault.template(one) is None
    assert vault.template(two) == "t2"


def test_keeping_only_some_drops_all_others_and_their_templates() -> None:
    vault = Vault()
    one, two = vault.put(b"1", "image/jpeg", "t1"), vault.put(b"2", "image/jpeg", "t2")
    vault.keep_only([two])
    assert (vault.get(one), vault.template(one)) == (None, None)
    assert (vault.get(two), vault.template(two)) == (b"2", "t2")
    vault.clear()
    assert len(vault) == 0
    assert vault.template(two) is None
