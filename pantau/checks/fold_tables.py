"""What one character becomes when a text is folded: a lower-case ASCII letter, digit or sign, a blank, or nothing.

The result depends on the character alone (decomposition, case folding, look-alikes), so that it can be tabulated.
It is never longer than the character's own UTF-8 bytes, which lets ``fold.py`` write it in place.
"""

import re
import unicodedata
from functools import cache

GONE = 0xFF
"""Marks a byte that folding took away."""

_PAIRS = """
а a  в b  с c  ԁ d  е e  ѐ e  ё e  є e  ғ f  г r  ɡ g  һ h  н h  і i  ї i  ј j  к k  қ k  ӏ l
м m  п n  о o  ө o  р p  ԛ q  я r  ѕ s  т t  ц u
ѵ v  ԝ w  ш w  х x  ҳ x  у y  ү y  ч y  з z  б b  д d  и u  ф o  ж x  э e
А a  В b  С c  Е e  Н h  І i  Ј j  К k  М m  О o  Р p  Ѕ s  Т t  Х x  У y  Ү y  З z
α a  β b  ϲ c  δ d  ε e  ϵ e  є e  γ y  η n  ι i  κ k  λ a  μ u  ν v  ξ e  ο o  ό o  π n  ρ p
ϱ p  σ o  ς c  τ t  υ u  φ o  χ x  ψ w  ω w  θ o
Α a  Β b  Ε e  Ζ z  Η h  Ι i  Κ k  Μ m  Ν n  Ο o  Ρ p  Τ t  Υ y  Χ x  Σ e  Λ a  Δ a  Ω o  Θ o
Π n  Γ r  Ξ e
ա w  ց g  հ h  յ j  ո n  օ o  զ q  ս u  ք p  ӄ k  ӽ x  ɦ h  ժ d  ե t  ռ n  կ u  ʋ u  ֆ f  ӓ a
ყ y  ʂ s  ɳ n  ყ y
Ꭺ a  Ꭿ a  Ᏼ b  Ꮳ c  Ꮯ c  Ꭰ d  Ꭼ e  Ꮐ g  Ꮋ h  Ꭵ i  Ꭻ j  Ꮶ k  Ꮮ l  Ꮇ m  Ꮎ o  Ꮲ p  Ꮪ s  Ꭲ t  Ꮩ v
Ꮃ w  Ꮍ y  Ꮓ z  Ꮢ r  Ꮖ i  Ꮆ g  Ꭱ r
ꓮ a  ꓐ b  ꓚ c  ꓓ d  ꓰ e  ꓝ f  ꓖ g  ꓧ h  ꓲ i  ꓙ j  ꓗ k  ꓡ l  ꓟ m  ꓠ n  ꓳ o  ꓑ p  ꓣ r  ꓢ s  ꓔ t
ꓴ u  ꓦ v  ꓪ w  ꓫ x  ꓬ y  ꓜ z
ᗩ a  ᗷ b  ᑕ c  ᗪ d  ᖴ f  ᕼ h  ᒍ j  ᒪ l  ᗰ m  ᑎ n  ᑭ p  ᑫ q  ᖇ r  ᔕ s  ᑌ u  ᐯ v  ᗯ w  ᘔ z  ᘜ g
ᗝ o  ᓰ i  ᓍ o  ᐺ v  ᘺ w  ᕮ e  ᑘ u  ᘿ e
卂 a  乃 b  匚 c  冂 n  刀 d  乇 e  千 f  厶 g  卄 h  丨 i  工 i  ﾌ j  长 k  ㄥ l  爪 m  几 n  口 o  ㄖ o  卩 p
尸 p  尺 r  丂 s  ㄒ t  丅 t  ㄩ u  山 w  乂 x  ㄚ y  丫 y  乙 z
ค a  ๒ b  ς c  ๔ d  Ŧ t  ﻮ g  ђ h  เ i  ן l  к k  ɭ l  ๓ m  ภ n  ๏ o  ק p  ợ o  г r  ร s  ย u
ฬ w  ץ y  נ j  ט u  ס o  ﻉ e  ๑ o  ඏ o
₳ a  ฿ b  ₵ c  ¢ c  ₫ d  € e  ₣ f  ƒ f  ₲ g  ₭ k  £ l  ₥ m  ₦ n  ₱ p  ₽ p  ₴ s  ₮ t  ₩ w  ¥ y
∂ d  ∑ e  ∏ n  ℮ e  ø o  Ø o  ∅ o  † t
ı i  ǃ !  ǀ |  ∣ |  ❘ |  ⏐ |  ǁ |  ʍ m  ɐ a  ɹ r  ɯ m  ʌ a  ʎ y  ʞ k  ɾ j  ə e  ɘ e  ɜ e  ŋ n
Ŋ n  ß s  æ a  œ o  þ p  ð d  đ d  ł l  ħ h  ĸ k
🅰 a  🅱 b  🅾 o  🅿 p  ⒜ a  ⒝ b  ⒞ c  ⒟ d  ⒠ e  ⒡ f  ⒢ g  ⒣ h  ⒤ i  ⒥ j  ⒦ k  ⒧ l  ⒨ m  ⒩ n  ⒪ o
⒫ p  ⒬ q  ⒭ r  ⒮ s  ⒯ t  ⒰ u  ⒱ v  ⒲ w  ⒳ x  ⒴ y  ⒵ z
⓪ 0  ⓿ 0  ❶ 1  ❷ 2  ❸ 3  ❹ 4  ❺ 5  ❻ 6  ❼ 7  ❽ 8  ❾ 9  ➀ 1  ➁ 2  ➂ 3  ➃ 4  ➄ 5  ➅ 6  ➆ 7  ➇ 8
➈ 9  ➊ 1  ➋ 2  ➌ 3  ➍ 4  ➎ 5  ➏ 6  ➐ 7  ➑ 8  ➒ 9
‘ '  ’ '  ʼ '  ʻ '  ‛ '  ′ '  ` '  ´ '  “ "  ” "  „ "  « "  » "  ‹ "  › "  ″ "  ‐ -  ‑ -  ‒ -
– -  — -  ― -  − -  ﹘ -  ⁃ -  · .  ・ .  。 .  ｡ .  、 ,  ، ,
• *  ∙ *  ● *  ○ *  ◦ *  ∗ *  ✱ *  ✲ *  ⁎ *  ★ *  ☆ *  ⚫ *  ⚪ *  ■ *  □ *  ▪ *  █ *  ⁄ /  ∕ /
× x  ✕ x  ✖ x  ﹟ #  ﹠ &
"""
"""Look-alikes chosen by shape, and signs that stand for an ASCII sign. Space-separated pairs."""

_NAMED = {
    "ALPHA": "a", "SCHWA": "e", "ENG": "n", "ESH": "s", "EZH": "z", "BETA": "b", "GAMMA": "y", "IOTA": "i",
    "UPSILON": "u", "CHI": "x", "KRA": "k", "AE": "a", "OE": "o", "PHI": "o", "OMEGA": "w", "YOGH": "z", "WYNN": "w",
}  # fmt: skip
_LETTER_NAME = re.compile(
    r"(?:LATIN|NEGATIVE CIRCLED LATIN|(?:CROSSED )?(?:NEGATIVE )?SQUARED LATIN|REGIONAL INDICATOR SYMBOL)"
    r" (?:SMALL |CAPITAL )?(?:LETTER )?(?:SMALL CAPITAL |SMALL |CAPITAL )?(?:LETTER )?"
    r"(?:(?:OPEN|SCRIPT|TURNED|REVERSED|DOTLESS|BARRED|INSULAR|LONG|SIDEWAYS|BLACKLETTER|TAILLESS|STIRRUP|VOLAPUK) )*"
    r"([A-Z]+)(?: (?:WITH|ROTUNDA|DIGRAPH|DIAERESIZED) ?.*)?$"
)
_BLANKED = frozenset("™®©℠℗°˚¨¯¸´")
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u17b4\u17b5")
"""Letters of other scripts that print nothing at all."""
_REMOVED_KINDS = frozenset({"Mn", "Me", "Cf", "Cc"})

FLAGS = frozenset(
    re.findall(
        "..",
        "ACADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZ"
        "DEDJDKDMDODZECEEEGEHERESETEUFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUICIDIEILIMINIOIQIRISITJEJM"
        "JOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNU"
        "NZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTATCTDTFTGTHTJTKTLTMTNTOTRTTTV"
        "TWTZUAUGUMUNUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW",
    )
)
"""Pairs of regional indicators that show as a flag; any other pair shows as two letters."""
REGIONAL_A = 0x1F1E6
"""First of the 26 regional indicators."""


@cache
def lookalikes() -> dict[str, str]:
    """Character to ASCII for everything that is chosen by hand."""
    words = _PAIRS.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def _letter_by_name(character: str) -> str:
    """The letter a character shows according to its Unicode name, or an empty text."""
    found = _LETTER_NAME.match(unicodedata.name(character, ""))
    if not found:
        return ""
    letter = found.group(1)
    return letter.lower() if len(letter) == 1 else _NAMED.get(letter, "")


def _one(character: str) -> str:
    if character.isascii():
        return character
    own = lookalikes().get(character)
    if own is not None:
        return own
    if unicodedata.category(character) in _REMOVED_KINDS:
        return ""
    return _letter_by_name(character) or " "


def fold_character(character: str) -> str:
    """What ``character`` becomes: ASCII without capitals, a blank or newline, or nothing. Longest: its UTF-8 length."""
    if character in "\n\u2028\u2029":
        return "\n"
    if character in lookalikes():
        return lookalikes()[character]
    if character.isspace() or character in _BLANKED or character == "\u2800":
        return " "
    if character in _FILLERS or unicodedata.category(character) in _REMOVED_KINDS:
        return ""
    if "\u2460" <= character <= "\u2473" or "\u2776" <= character <= "\u277f":
        plain = unicodedata.normalize("NFKD", character)
        return plain if plain.isdigit() and len(plain) < 3 else " "
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    folded = "".join(_one(part) for part in parts).lower()
    folded = re.sub(r"\s", " ", folded).replace("`", "'")
    if folded.isspace() or not folded:
        return " " if folded or not parts else ""
    return folded[: len(character.encode("utf-8", "surrogatepass"))]


@cache
def ascii_table() -> bytes:
    """Translation of the 128 ASCII bytes; bytes above stay as they are."""
    table = bytearray(range(256))
    for code in range(128):
        folded = fold_character(chr(code))
        table[code] = ord(folded) if folded else GONE
    table[0] = 0
    return bytes(table)
