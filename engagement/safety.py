"""Words that speak of harm, in Italian and English: found so that a person looks at once, never answered by a rule.

Rather one alarm too many: whoever looks closes a false one in a second. The lists follow what guides for online
communities ask moderators to look for: wishes to die, to hurt oneself, and harm suffered from others.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """``SPEAKS``: somebody speaks of themselves; ``MENTIONS``: the subject is named, perhaps in a book."""

    SPEAKS = "speaks"
    MENTIONS = "mentions"


@dataclass(frozen=True, slots=True)
class Signal:
    """What was found in a text: the words as they stand there (marks and accents taken off)."""

    level: Level
    words: tuple[str, ...]


# What people say without meaning it; taken out before anything is looked for.
_IDIOMS = (
    r"farla finita con (?!la vita|tutto|tutti)\w+",
    r"mi (?:ammazzo|uccido) (?:di|dal|dalle) \w+",
    r"(?:muoio|morire|morta?) (?:di|dal|dalle) (?:ridere|risate|caldo|freddo|fame|sonno|noia|vergogna|curiosita)",
    r"(?:voglio|vorrei) morire dal ridere",
    r"(?:tagliarmi|mi taglio|mi sono tagliat[oa]) (?:i capelli|le unghie|la barba|un dito|fuori)",
    r"(?:quiz|esame|compito|codice|scadenz\w+) (?:e|sono) un suicidio",
    r"(?:\w+ (?:is|are) )?killing me",
    r"die (?:of|from) (?:laughing|laughter|boredom|shame|curiosity)|die laughing|dying to \w+",
    r"suicide squad",
)
_SPEAKS = (
    # Italian
    r"(?:voglio|vorrei|volevo|preferirei|sarebbe meglio|meglio) "
    r"(?:morire|essere mort[oa]|non esserci piu|non svegliarmi piu|sparire per sempre)",
    r"farla finita",
    r"(?:non voglio|non vorrei|non ho (?:piu )?voglia di|non ce la faccio piu a) (?:piu )?vivere",
    r"(?:la mia vita|vivere) non ha (?:piu )?senso",
    r"(?:ammazzarmi|uccidermi|suicidarmi|impiccarmi|togliermi la vita)",
    r"mi (?:ammazzo|uccido|suicido|tolgo la vita|impicco)",
    r"(?:buttarmi|mi butto) (?:giu|sotto|dal|dalla) \w+",
    r"(?:tagliarmi|mi taglio|mi sono tagliat[oa])(?: le (?:vene|braccia|gambe))?",
    r"(?:farmi|mi faccio|mi sono fatt[oa]) del male",
    r"(?:mi|ci) (?:picchia|picchiano|minaccia di morte|h?anno picchiat[oa]|ha (?:picchiat|violentat|molestat)[oa])",
    r"(?:vengo|sono stat[oa]) (?:picchiat[oa]|violentat[oa]|stuprat[oa]|molestat[oa]|abusat[oa])",
    # English
    r"(?:want|wish|going|ready|like|rather|wanted) (?:to )?(?:die|be dead|disappear forever|end it all|not wake up)",
    r"(?:i wish i (?:was|were) dead|better off dead|better off without me|better if i (?:was|were) dead)",
    r"(?:kill|killing|hang|hanging|hurt|hurting|cut|cutting|harm|harming) myself",
    r"(?:end|ending|take|taking) my (?:own )?life",
    r"(?:no reason to (?:live|go on)|nothing to live for|can t go on (?:living|like this)|tired of living)",
    r"(?:don t|do not|dont) want to (?:live|be alive|be here anymore|exist|wake up)",
    r"(?:he|she|they|my \w+) (?:beats?|hits?|raped|molested|abuses?|abused) me",
    r"i (?:was|have been|am being) (?:raped|molested|abused|beaten|assaulted)",
)
_MENTIONS = (r"suicid\w+", r"autolesion\w+", r"self ?harm\w*", r"overdose")


def _whole(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b")


_OUT, _SAID, _NAMED = _whole(_IDIOMS), _whole(_SPEAKS), _whole(_MENTIONS)


def _bare(text: str) -> str:
    """Lower case, no accents, every mark a space: so that no spelling or line break hides a word."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain).split())


def find_signal(text: str) -> Signal | None:
    """Return what in ``text`` speaks of harm, or None."""
    bare = _OUT.sub(" ", _bare(text))
    said = tuple(dict.fromkeys(_SAID.findall(bare)))
    if said:
        return Signal(Level.SPEAKS, said)
    named = tuple(dict.fromkeys(_NAMED.findall(bare)))
    return Signal(Level.MENTIONS, named) if named else None
