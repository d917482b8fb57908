"""Words reduced to their stems, Italian and English, so that "valori mancanti" finds "un valore mancante"."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from threading import Lock

import snowballstemmer

LONGEST = 40
# A pasted log is no prose: what comes after so many words adds nothing to what a text is about.
MOST_WORDS = 2000
LANGUAGES = ("italian", "english")

_WORD = re.compile(r"[^\W_]+")
# Words that are in every text; accents are folded as in the texts themselves.
_ITALIAN = """
a ad ai al alla alle allo agli anche ancora avere avete aveva ha hai hanno ho abbiamo altra altri altro c ce che chi
ci cio come con cosa cosi cui da dal dalla dalle dallo dai dagli d degli dei del della delle dello deve devo di dopo
dove e ed era erano essere fa faccio fare fatto gia gli i il in io l la le lei li lo loro lui ma me mi mia mie miei
mio molto n ne negli nei nel nella nelle nello no noi non nostra nostro o ogni per perche pero piu po poi puo posso
qual quale quali quando quanto quella quelle quelli quello questa queste questi questo qui s sa sara se sei sempre
senza si sia siamo siete solo sono sta stata stato sto su sua sue sugli sui sul sulla sulle suo suoi t tra fra tu tua
tuo tutti tutto un una uno v va vi voi grazie ciao qualcuno
"""
_ENGLISH = """
a about after all also am an and any are as at be because been before being but by can cannot could d did do does
doesn don done for from get got had has have he her here hers him his how i if in into is isn it its just know ll m me
mine more most my no not now of off on one only or other our ours out over own please re s same she should so some
such t than that the their them then there these they this those through to too under until up us ve very was we were
what when where which while who whom why will with would you your yours thanks thank hello hi anybody anyone somebody
someone
"""
_COMMON = {"italian": frozenset(_ITALIAN.split()), "english": frozenset(_ENGLISH.split())}
_EITHER = _COMMON["italian"] | _COMMON["english"]
_stemmers = {language: snowballstemmer.stemmer(language) for language in LANGUAGES}
# A stemmer keeps the word it is at inside itself.
_one_at_a_time = Lock()


class _Bare(dict[int, int | None]):
    """For ``str.translate``: which letters stay; each is looked at once."""

    def __missing__(self, letter: int) -> int | None:
        self[letter] = None if unicodedata.combining(chr(letter)) else letter
        return self[letter]


_bare = _Bare()


def folded(text: str) -> str:
    """Return ``text`` in small letters without accents."""
    small = text.casefold()
    return small if small.isascii() else unicodedata.normalize("NFKD", small).translate(_bare)


def words_of(text: str) -> list[str]:
    """Return the words of ``text`` in small letters without accents; single letters are left out, digits are not."""
    found = _WORD.findall(folded(text))[:MOST_WORDS]
    return [word[:LONGEST] for word in found if len(word) > 1 or word.isdigit()]


@lru_cache(maxsize=50_000)
def _stem(word: str, language: str) -> str:
    with _one_at_a_time:
        return str(_stemmers[language].stemWord(word))[:LONGEST]


def _languages(words: Iterable[str]) -> tuple[str, ...]:
    """Return the language of these words; both when their small words do not tell."""
    counts = Counter(words)
    told = {language: sum(counts[word] for word in common & counts.keys()) for language, common in _COMMON.items()}
    italian, english = told["italian"], told["english"]
    if italian >= 2 * english and italian >= 2:
        return ("italian",)
    if english >= 2 * italian and english >= 2:
        return ("english",)
    return LANGUAGES


def stems_of(text: str) -> Counter[str]:
    """Return the stems of ``text`` with how often each is used; a text whose language is unclear has those of both."""
    words = words_of(text)
    languages = _languages(words)
    left_out = _EITHER if len(languages) > 1 else _COMMON[languages[0]]
    counts = Counter(word for word in words if word not in left_out)
    stems: Counter[str] = Counter()
    for word, number in counts.items():
        for stem in {_stem(word, language) for language in languages}:
            stems[stem] += number
    return stems


# A page of what was found asks for the same words a hundred times.
@lru_cache(maxsize=256)
def asked_stems(text: str, most: int = 24) -> tuple[frozenset[str], ...]:
    """Return, for each word somebody looks for, the stems under which it may stand; common words are left out."""
    seen = dict.fromkeys(word for word in words_of(text) if word not in _EITHER)
    found = dict.fromkeys(frozenset(_stem(word, language) for language in LANGUAGES) for word in seen)
    return tuple(found)[:most]
