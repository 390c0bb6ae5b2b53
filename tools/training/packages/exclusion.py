"""Which icons certainly show no face and no hand."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

KEPT = frozenset(
    "eye eyes mouth ear nose tongue tooth lips brain foot leg bone footprints kiss-mark skull "  # noqa: SIM905 - a list has a line for each word
    "skull-and-crossbones heart-with-arrow red-heart blue-heart collision dizzy hole bomb "
    "speech-balloon thought-balloon left-speech-bubble glasses sunglasses bikini crown dress jeans "
    "kimono lipstick necktie purse handbag high-heeled-shoe running-shoe mans-shoe womans-boot "
    "womans-hat womans-sandal womans-clothes t-shirt umbrella graduation-cap tophat boot sandals "
    "cow-face dog-face horse-face mouse-face pig-face rabbit-face tiger-face dragon-face".split()
)
"""Taken although their category or their name says that people or faces are in it."""

_SHOWS_SOMEBODY = re.compile(
    r"face|smil|person|people|human|user|\bm[ae]n\b|\bwom[ae]n\b|boy|girl|baby|child|famil|kid\b|kids|"
    r"avatar|profile|contact|head|bust|portrait|selfie|model|doll|bear|panda|koala|cat\b|monkey|gorilla|"
    r"orangutan|ape\b|robot|android|alien|ghost|monster|zombie|clown|joker|mask|theat|drama|performing|"
    r"statue|moai|snowman|gingerbread|scarecrow|santa|angel|devil|demon|witch|wizard|mage\b|elf|fairy|"
    r"genie|troll|ogre|goblin|orc\b|imp\b|vampire|dracula|pirate|ninja|samurai|knight|king|queen|princ|"
    r"emperor|warrior|soldier|guard|police|cop\b|doctor|nurse|chef|teacher|student|worker|farmer|judge|"
    r"detective|spy|agent|astronaut|hand|finger|thumb|fist|palm\b|punch|glove|clap|wave|pray|gestur|touch|"
    r"tap\b|swipe|click|drag|pinch|grab|hold|hamsa|restroom|toilet-|wc|wheelchair|crossing|pedestrian|"
    r"hiker|swim|ski(?!d)|surf|row|run|walk|danc|yoga|wrestl|fenc|climb|gym|golf|athlet|player|massage|"
    r"haircut|spa\b|bath|bed\b|sleep|couple|wedding|kiss|passport|identi|id-|card-|badge|emoji|emoticon|"
    r"moon|sun-with|jack-o|pumpkin|halloween|buddha|mary|jesus|lady|mermaid|merman|centaur|minotaur|medusa|"
    r"cyborg|deepfake|incognito|piggy|cyclops|sphinx|golem|skelet|mummy|bunny-ears|voodoo|puppet|marionette|totem|tiki|nesting|figure|body|"
    r"torso|muscle|biceps|arm\b|arms\b|skin|hair|beard|mustache|barber|makeup|lipstick|speaker-|presenter|"
    r"presentation|conference|meeting|team|group|community|crowd|audience|interview|employee|business|"
    r"customer|support|account|login|member|friend|follow|love|dating|gender|male|female|sex|pregnan|birth|"
    r"facebook|snapchat|reddit|tux|linux|github|octocat|mailchimp|waze|tripadvisor|hootsuite|firefox|"
    r"banknote|newspaper|television|frame|photo|picture|image|gallery|video|film|movie|camera-face|"
    r"cowled|hood|brutal|haunt|harpy|gargoyle|cultist|monk|nun|pope|priest|god|titan|giant|dwarf|hobbit|"
    r"barbarian|viking|spartan|gladiator|archer|rogue|thief|assassin|bandit|villain|hero|super|batman|jason|"
    r"terror|screaming|shout|yell|cry|tear|laugh|grin|anger|angry|surpris|worried|sad\b|happy"
)


@cache
def excluded() -> frozenset[str]:
    """What a look at all pictures found to have a face or a hand, as `icon` or `set/icon`."""
    return frozenset((Path(__file__).parent / "excluded.txt").read_text().split())


def is_negative(icons: str, icon: str) -> bool:
    """Whether an icon shows no face and no hand, by its name and the list of exclusions."""
    if icon in excluded() or f"{icons}/{icon}" in excluded():
        return False
    return icon in KEPT or not _SHOWS_SOMEBODY.search(icon)
