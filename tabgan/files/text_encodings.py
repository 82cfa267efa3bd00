"""The encoding of text: what marks say, and in which one it looks most like a language."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import islice
from typing import BinaryIO

__all__ = ["BYTE_ORDER_MARKS", "guess_encoding", "unmarked_utf16"]

# The mark of UTF-32 begins with that of UTF-16: it must be looked for first.
BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_LEAST_LIKE = 0.6  # likeness of text to the languages of its encoding
_LINES = 20_000  # with other characters than ASCII that tell the encoding
_LINE_BEYOND_ASCII = re.compile(rb"[^\n]*[\x80-\xff][^\n]*")
_BEYOND_ASCII = re.compile(r"(?=(.?)([^\x00-\x7f])(.?))", re.DOTALL)

# Letters and characters of the languages that an encoding is used for, the frequent ones first; of
# those with thousands of characters, also the first bytes of the common ones, and the least second
# byte. The first encoding is the usual one.
_KANJI = (
    "の日一国会人年大十二本中長出三時事自行社見月分後前民生東市京都府県区町村山川田島上下高"
    "小北南西新名古屋福岡横浜神戸広札幌仙台千葉埼玉沢木井藤佐林森石松女男店品料金円番号住所氏"
)
_CYRILLIC = "аоеинтсрвлкмдпуяыьгзбчйхжшюцщфэіїєўёъ"
_LETTERS: dict[str, tuple[str, tuple[int, int, int] | None]] = {
    "cp1252": ("éäöüáóåøíæßçãàñêâôèúëïîûùœªºµõòìðþý", None),
    "latin-1": ("éäöüáóåøíæßçãàñêâôèúëïîûùªºµõòìðþý", None),
    "cp1254": ("ıİşğçöüâîû", None),
    "cp1250": ("łąęáéíěřšžčćśżńůőýźóúűňťďöüäăľşţđôîâßĺŕ", None),
    "iso8859-2": ("łąęáéíěřšžčćśżńůőýźóúűňťďöüäăľşţđôîâßĺŕ", None),
    "cp1257": ("āšžėēųīūčąęįņļģķäöõü", None),
    "cp850": ("éäöüáóíßãçàñêâåôèæúøëïîûõùòì", None),
    "cp1251": (_CYRILLIC, None),
    "koi8-r": (_CYRILLIC, None),
    "cp866": (_CYRILLIC, None),
    "cp1253": ("αοιετσνηυρπκμλςωγδίάόέήχύώθφβξζψϊ", None),
    "cp1255": ("יוהלאמרתבנשעחדקםצפטגזכסןךףץ", None),
    "cp1256": ("اليمنورتبةدعفسهكقحجطخصشضزىذءأإآئثظغؤ", None),
    "cp874": ("านรกอเงมลยทวดสตะปคบหแจพชขใไโถผภธิีุู่้์ัำ็ึื", None),
    "cp932": (_KANJI, (0x88, 0x97, 0x40)),
    "euc_jp": (_KANJI, (0xB0, 0xCF, 0xA1)),
    "gb18030": (
        "的一是不了在有人这上大来和我个中地为到说时要就出会可也你对生能子那得下自之年过发后作里"
        "用道行所家种事成方多经法学如都同现动面起看定天分进好小部主理心本前开从日意无力长机十民"
        "第公工明性知全三关点正业外高间重物手文体美相利二等产新制加西月合回代内信表化市区省县州"
        "京海江河山东南北深圳杭武汉津庆苏城村镇路号店品名男女王李张刘陈姓址电话销售额数量单价期",
        (0xB0, 0xD7, 0xA1),
    ),
    "big5": (
        "的一是不了人我在有他這為之大來以個中上們到說國和地也子時道出而要於就下得可你年生自會那"
        "後能對著事其里所去行過家十用發天如然作方成者多日都三小軍二無同經法當起與好看學進種將還"
        "分此心前面又定見只主沒公從市區省縣州臺台灣北南東高雄竹義嘉桃園花蓮基隆彰化投雲林香港九"
        "龍路號店品名男女王李張劉陳黃吳蔡姓址電話銷售額數量單價期",
        (0xA4, 0xC6, 0x40),
    ),
    "cp949": (
        "이다의는에가을를고하지한은기사로도대서인일리자전시어나부해수과아그장원정제들공동구상성주보"
        "으신선스비면관경조교게중있안여소용국우세연미계라화요만유방실문행등당적산치회위단무오발학합"
        "결금강명내후분현최생각물체천김박광울남북군청읍호영진민준포종매출날짜름번",
        (0xB0, 0xC8, 0xA1),
    ),
}
_MARKS = frozenset("°–—’‘“”„«»€£¥§…·•±²³½¼×®©™")
_OPENING = frozenset("‘“„«°–—")  # those of them that may stand before a word
_KANA = range(0x3041, 0x30FF)


def guess_encoding(stream: BinaryIO) -> str | None:
    """Guess the encoding of text that is not UTF-8: that in which it looks most like a language.

    None where most of the other characters are UTF-8, so that the file is damaged; and where it is
    no text in any encoding of `_LETTERS`.

    Parameters
    ----------
    stream
        The bytes.
    """
    stream.seek(0)
    beyond = islice(_LINE_BEYOND_ASCII.finditer(stream.read()), _LINES)
    content = b"\n".join(match[0] for match in beyond)
    stream.seek(0)
    lenient = content.decode("utf-8", "surrogateescape")
    broken = sum("\udc80" <= character <= "\udcff" for character in lenient)
    if sum(character > "\x7f" for character in lenient) >= 2 * broken or b"\0" in content:
        return None
    scores = {encoding: _likeness(content, encoding) for encoding in _LETTERS}
    usual, *_ = _LETTERS
    best = max(scores, key=lambda encoding: scores[encoding] + 0.05 * (encoding == usual))
    return best if scores[best] >= _LEAST_LIKE else None


def _likeness(content: bytes, encoding: str) -> float:
    """Return how much text looks like the languages of an encoding, from 0 to 1.

    A letter counts by how frequent it is in these; one that is large after a small one counts
    nothing, and neither do marks within words and, in Latin script, words without ASCII.
    """
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    letters, common = _LETTERS[encoding]
    places = {letter: at / len(letters) for at, letter in enumerate(letters)}
    is_latin = "ü" in places

    def is_odd(beside: Sequence[str]) -> bool:
        """Tell whether letters beside another one are not those of its script."""
        if is_latin:
            return len(beside) == 2 and min(beside) > "\x7f"
        return any(map(str.isascii, beside))

    around = Counter(_BEYOND_ASCII.findall(text))
    score = 0.0
    for (before, own, after), count in around.items():
        beside = [mark for mark in (before, after) if mark.isalpha()]
        if not own.isalpha() and own not in places:
            is_apart = not (after.isalpha() and (before.isalpha() or own not in _OPENING))
            worth = 0.9 * (own in _MARKS and is_apart)
        elif (own.isupper() and before.islower()) or is_odd(beside):
            worth = 0.0
        elif common is not None:
            worth = _worth_of_common(own, own.encode(encoding), places, common)
        else:
            worth = 1 - 0.4 * places.get(own, places.get(own.lower(), 2.5))
        score += count * worth
    return score / max(around.total(), 1)


def _worth_of_common(
    own: str, known: bytes, places: Collection[str], common: tuple[int, int, int]
) -> float:
    first, last, second = common
    if own in places or ("の" in places and ord(own) in _KANA):
        return 1.0
    return 0.8 * (len(known) == 2 and first <= known[0] <= last and known[1] >= second)


def unmarked_utf16(stream: BinaryIO) -> str | None:
    """Return the UTF-16 of text without a byte-order mark, which has a zero in each character."""
    head = stream.read(1000)
    stream.seek(0)
    zeros = [head[0::2].count(0), head[1::2].count(0)]
    if max(zeros) < 0.4 * len(head) or min(zeros) > 0.05 * len(head):
        return None
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
