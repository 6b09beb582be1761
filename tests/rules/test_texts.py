"""Sorting and comparing names."""

from rules.texts import fold, item_key, sort_key


def test_spanish_order() -> None:
    names = ["Nuez", "Ñora", "Nzebra", "Oliva", "ábaco", "Abad", "zumo"]

    assert sorted(names, key=sort_key) == ["ábaco", "Abad", "Nuez", "Nzebra", "Ñora", "Oliva", "zumo"]


def test_folding_forgives_accents_case_and_spaces() -> None:
    assert fold("  Aceite   de ORUJO Añejo ") == "aceite de orujo anejo"


def test_codes_compare_without_separators() -> None:
    assert item_key("ace-001") == item_key("ACE 001") == item_key("Ace.001") == "ACE001"
