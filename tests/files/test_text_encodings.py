"""The encoding of text that has no mark and is not UTF-8."""

import io

import pytest

from tabgan.files.text_encodings import guess_encoding

TEXTS = {
    "cp1252": ["café,12\nnaïve,3", "straße;1\nGrün;2", "price €5 – “ok”", "10 °C;20 m³;5 µg"],
    "cp1250": ["Łódź,Kraków", "Plzeň,Ústí nad Labem,Třebíč", "Čakovec,Đakovo,Šibenik"],
    "iso8859-2": ["Łódź,żółć,Śląsk,ąę"],
    "cp1254": ["İzmir,Ağrı,Eskişehir"],
    "cp1257": ["Rīga,Jūrmala,Ventspils,Jēkabpils"],
    "cp1251": ["МОСКВА,КАЗАНЬ", "Київ,Львів,Одеса"],
    "koi8-r": ["Москва,Казань"],
    "cp1253": ["Αθήνα,Πάτρα", "ΑΘΗΝΑ;ΠΑΤΡΑ"],
    "cp1255": ["ירושלים,חיפה"],
    "cp1256": ["القاهرة,دبي"],
    "cp874": ["กรุงเทพ,ชื่อ"],
    "cp932": ["東京都,大阪府", "氏名,住所,電話番号", "カタカナ"],
    "euc_jp": ["東京都,大阪府", "売上,店舗"],
    "gb18030": ["北京,上海", "姓名,地址,电话", "销售额,日期"],
    "big5": ["臺北市,高雄市", "銷售額,日期"],
    "cp949": ["서울,부산", "이름,주소,전화번호"],
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_words_tell_their_encoding(encoding):
    for text in TEXTS[encoding]:
        content = f"code;value\n1;2\n{text}\n".encode(encoding)
        guess = guess_encoding(io.BytesIO(content))
        assert guess is not None
        assert text in content.decode(guess)


def test_what_is_no_text_in_any_encoding_has_none():
    damaged = "é,ü,ñ,ö\n".encode() * 3 + b"\xff\n"
    for content in (damaged, b"a\0\xe9\xe8\n", bytes(range(128, 256))):
        assert guess_encoding(io.BytesIO(content)) is None
