"""Words that speak of harm are found in both languages; a way of speaking is not taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.safety import Level, find_signal


@pytest.mark.parametrize(
    "words",
    [
        "Non ce la faccio più a vivere così.",
        "a volte penso di farla finita",
        "Vorrei morire, davvero",
        "Ho pensato di togliermi la vita",
        "Ultimamente mi taglio.",
        "Mi faccio del male quando sbaglio",
        "A casa mi picchiano",
        "Sono stata molestata da un compagno",
        "Farla finita con la vita",
        "MI UCCIDO\nse non passo",
        "I want to die.",
        "i don't want to live anymore",
        "I don’t want to be alive",
        "I've been thinking about killing myself",
        "sometimes I cut myself",
        "They would be better off without me",
        "my father hits me",
        "There is no reason to live",
    ],
)
def test_somebody_who_speaks_of_harm_is_heard(words: str) -> None:
    found = find_signal(words)
    assert found is not None
    assert found.level is Level.SPEAKS
    assert all(found.words)


@pytest.mark.parametrize("words", ["Durkheim, Il suicidio (1897)", "A chapter on self-harm", "un’overdose di dati"])
def test_a_subject_that_is_only_named_is_told_apart(words: str) -> None:
    found = find_signal(words)
    assert found is not None
    assert found.level is Level.MENTIONS


@pytest.mark.parametrize(
    "words",
    [
        "Questo quiz è un suicidio",
        "Facciamola finita con questo esercizio: farla finita con questo capitolo sarebbe bello",
        "Mi ammazzo di lavoro per questo corso",
        "Da morire dal ridere!",
        "This deadline is killing me",
        "I am dying to see the solution, I could die laughing",
        "Come si taglia una colonna? Taglio le righe vuote",
        "I cut the data and killed the process",
        "Il valore minimo non può essere negativo",
        "Ho bisogno di aiuto con il Quiz 2, non ci riesco",
        "",
    ],
)
def test_a_way_of_speaking_alarms_nobody(words: str) -> None:
    assert find_signal(words) is None


@given(st.text(max_size=400))
def test_whatever_is_written_it_can_be_read(text: str) -> None:
    found = find_signal(text)
    assert found is None or found.words
