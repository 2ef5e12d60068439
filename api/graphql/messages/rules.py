"""The rules that INVALID_INPUT names, in Traditional Chinese. The houses say them in English, with figures filled in.

A rule is written here as the code writes it, without `it must be` or `must be` before it; `{}` stands for what is
filled in, and comes again in the other sentence in the same order.
"""

from __future__ import annotations

import re

_SENTENCES = {
    "{} to {}": "須為 {} 至 {}",
    "from {} to {}": "須介於 {} 與 {} 之間",
    "0 or more": "不可為負數",
    "{} to {} characters": "須為 {} 至 {} 個字元",
    "at most {} characters, none of them NUL": "最多 {} 個字元，且不得含有 NUL 字元",
    "texts of at most 200 characters": "文字最多 200 個字元",
    "{} to {} printable characters": "須為 {} 至 {} 個可顯示的字元",
    "1 to 64 of 0-9 A-Z a-z . _ / -": "須為 1 至 64 個字元，限 0-9 A-Z a-z . _ / -",
    "1 to 60 of 0-9 A-Z a-z . _ -, with a letter or digit first": (
        "須為 1 至 60 個字元，限 0-9 A-Z a-z . _ -，且以字母或數字開頭"
    ),
    "1 to 40 lower-case letters, digits and underscores, such as home": (
        "須為 1 至 40 個小寫字母、數字或底線，例如 home"
    ),
    "1 to {} names such as streak or offer:off_01h2xcejqtf2nbrexx3vqjhp41": (
        "須為 1 至 {} 個名稱，例如 streak 或 offer:off_01h2xcejqtf2nbrexx3vqjhp41"
    ),
    "at least one line": "至少須有一行",
    "1 to {} lines": "須為 1 至 {} 行",
    "1 to {} lines, not {}": "須為 1 至 {} 行，目前為 {} 行",
    "at most {} codes": "最多 {} 組優惠碼",
    "each line number once": "每個行號只能出現一次",
    "each lineNo must stand once": "每個 lineNo 只能出現一次",
    "must add up to at most {}": "合計不得超過 {}",
    "must not be more than {} minutes ahead of the server's clock": "不得晚於伺服器時間 {} 分鐘以上",
    "must not be more than {} days ago": "不得早於 {} 天前",
    "a line of the receipt": "須為該收據中的一行",
    "the number of a chest that you opened": "須為您已開啟之寶箱的編號",
    "must bring back a quantity or an amount, none of them negative": "須退回數量或金額，且不得為負數",
    "must hold no e-mail address and no long number (a date is fine): reasons are kept for good": (
        "不得含有電子郵件或長串數字（日期可以）：原因會永久保存"
    ),
    "three capital letters": "須為三個大寫字母",
    "a time zone such as Asia/Taipei": "須為時區名稱，例如 Asia/Taipei",
    "a zone of the IANA database such as Asia/Taipei": "須為 IANA 時區名稱，例如 Asia/Taipei",
    "an ISO 4217 code such as TWD": "須為 ISO 4217 貨幣代碼，例如 TWD",
    "one of {}": "須為下列之一：{}",
    "at most {} moves": "最多 {} 步",
    "one version at most of each of chains, board, levels and orders": "chains、board、levels、orders 各最多一個版本",
    "a date and time with its offset, such as 2027-03-01T00:00:00+08:00": (
        "須為含時差的日期與時間，例如 2027-03-01T00:00:00+08:00"
    ),
    "{} of what there is": "須為現有的 {}",
    "the text of one JSON object of at most {} characters": "須為一個 JSON 物件的文字，最多 {} 個字元",
    "it must not nest more than {} deep": "巢狀不得超過 {} 層",
    "the id of a store (`sto_...`) or of a partner (`par_...`)": "須為門市（`sto_...`）或合作夥伴（`par_...`）的 id",
    "another store has it; choose another": "已有其他門市使用，請另選一個",
    "the code of a store": "須為門市代碼",
    "a cursor that this list gave out; start again without it": "須為此清單給出的游標；請不帶游標重新開始",
    "an id that starts with `{}_`, as this API gave it out": "須為此 API 給出、以 `{}_` 開頭的 id",
    "an id of this API; those that can be fetched start with {}": "須為此 API 的 id；可查詢的 id 以 {} 開頭",
    "a UUID in its usual form of 36 characters, made by the client": "須為用戶端產生的 UUID，以一般的 36 個字元表示",
    "the id of one of your draws": "須為您自己的抽獎 id",
    "give either it or `fromVersion`": "請提供此欄位或 `fromVersion` 其中之一",
    "a date and time such as 2027-03-01T00:00, in the season's zone": (
        "須為日期與時間，例如 2027-03-01T00:00，依賽季時區"
    ),
    "at most {} printable characters": "最多 {} 個可顯示的字元",
    "after the version before it comes into force": "須晚於前一版本的生效時間",
    "must not be past": "不得為過去的時間",
    "both must be versions of one sheet": "兩者須為同一份設定表的版本",
    "each command must be one move": "每個指令須恰為一步操作",
    "given, or else `storeId`: one of the two": "須提供此欄位或 `storeId`，兩者擇一",
    "the key of a sheet of kind `thing`, {} characters at most": "須為 `thing` 類設定表的代號，最多 {} 個字元",
    "{} to {} printable characters, as the catalogue has it": "須為 {} 至 {} 個可顯示的字元，與兌換目錄所列相同",
    "left out for a prize that is collected": "門市領取的獎品不得填寫",
    "left out where no cash is due": "無須付現時不得填寫",
    "the {} that are withheld": "須為應扣繳的 {}",
    "the id of a store that there is": "須為現有門市的 id",
    "6 to 20 digits, with + first, spaces or hyphens as you like": "須為 6 至 20 位數字，開頭可加 +，可含空格或連字號",
    "3 to 10 letters, digits, spaces or hyphens": "須為 3 至 10 個英文字母、數字、空格或連字號",
    "6 to 20 capital letters and digits, as on the card, permit or passport": (
        "須為 6 至 20 個大寫英文字母與數字，與身分證、居留證或護照所載相同"
    ),
    "3 to 60 lower-case letters, digits and hyphens, such as typhoon-2027-09-12": (
        "須為 3 至 60 個小寫字母、數字或連字號，例如 typhoon-2027-09-12"
    ),
    "state `everyone`, or at least one other rule and not `everyone`": "請只填 `everyone`，或至少填一項其他條件",
    "`activeFrom` must be before `activeTo`, and that not ahead of now": (
        "`activeFrom` 須早於 `activeTo`，且 `activeTo` 不得晚於現在"
    ),
    "the window must be {} days at most": "期間最長 {} 天",
    "at most {} tiers": "最多 {} 個會員等級",
    "at most {} cards": "最多 {} 張會員卡",
    "each must be the card of a member; number {} of the list is none": "每一張都須為會員卡；清單中第 {} 張不是",
    "each must be one of {}": "每一項須為下列之一：{}",
    "give or forgive something": "請至少給予一項或豁免一天",
    "at most {} days, each of them once": "最多 {} 天，且不得重複",
    "each day must be over in the season's zone": "每一天都須已在賽季時區結束",
    "must name at least one member": "須至少包含一位會員",
}


def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile("(?:it )?(?:must be )?" + re.escape(sentence).replace(r"\{\}", "(.+?)"))


# The longest first: `{} to {}` would fit many that say more.
_PATTERNS = [(_pattern(said), _SENTENCES[said]) for said in sorted(_SENTENCES, key=len, reverse=True)]


def rule_in_chinese(rule: str) -> str | None:
    """The rule in Traditional Chinese; None where this page does not know it."""
    for pattern, sentence in _PATTERNS:
        if found := pattern.fullmatch(rule):
            return sentence.format(*found.groups())
    return None
