"""What each refusal code says to people, in English and in Traditional Chinese, and what a client should do.

Sentences may hold the refusal's facts in braces; a test reaches every code and sees that each fact is there.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass

LOCALES = ("en", "zh-TW")
DEFAULT_LOCALE = "en"


@dataclass(frozen=True, slots=True)
class Wording:
    """One code's sentences, and the advice that stands in the docs."""

    en: str
    zh_tw: str
    what_to_do: str


def say(wording: Wording, locale: str, facts: Mapping[str, str | int]) -> str:
    """The sentence in that locale, with the facts filled in; a fact that is not there shows as `?`."""
    text = wording.zh_tw if locale == "zh-TW" else wording.en
    named = {name: _name(value, locale) for name, value in facts.items()}
    return string.Formatter().vformat(text, (), _Facts(named))


_CURRENCIES = {
    "POINTS": ("points", "點數"),
    "DIAMONDS": ("diamonds", "鑽石"),
    "STAMPS": ("stamps", "印花"),
    "TICKETS": ("tickets", "抽獎券"),
}


def _name(value: str | int, locale: str) -> str | int:
    """What people call a wallet's currency; everything else as it is."""
    return _CURRENCIES[value][locale == "zh-TW"] if isinstance(value, str) and value in _CURRENCIES else value


class _Facts(dict[str, str | int]):
    def __missing__(self, key: str) -> str:
        return "?"


def choose_locale(accept_language: str | None) -> str:
    """The best of our locales for an Accept-Language header; any Chinese is answered in zh-TW, the rest in English."""
    best, best_weight = DEFAULT_LOCALE, 0.0
    for part in (accept_language or "").split(",")[:20]:
        tag, _, parameters = part.strip().partition(";")
        weight = _weight(parameters)
        language = tag.strip().lower().partition("-")[0]
        locale = {"zh": "zh-TW", "en": "en"}.get(language)
        if locale and weight > best_weight:
            best, best_weight = locale, weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


WORDINGS: dict[str, Wording] = {
    "REQUEST_ID_REUSED": Wording(
        "This requestId was already used for another request.",
        "此 requestId 已用於另一個請求。",
        "A bug in the client: make a fresh UUID for each new intention, and keep it only across its retries.",
    ),
    "INVALID_INPUT": Wording(
        "{field}: {rule}.",
        "輸入有誤，{field}：{rule}。",
        "Correct the field that the message names and send again; retrying unchanged never succeeds.",
    ),
    "PAUSED": Wording(
        "Paused for the moment: {message}",
        "此項服務暫停中：{message}",
        "Show the message; offer it again later, with the same requestId where one was sent.",
    ),
    "MEMBER_NOT_FOUND": Wording(
        "No such member.", "查無此會員。", "Check the card number; ask the member to show it again."
    ),
    "MEMBER_SUSPENDED": Wording(
        "This membership is suspended.", "此會員資格已停用。", "Show the message and the way to customer service."
    ),
    "MEMBER_ERASED": Wording(
        "This membership was erased.", "此會員資料已刪除。", "Forget the card; the person may join again."
    ),
    "IDENTITY_TAKEN": Wording(
        "This {kind} identity belongs to another member.",
        "此 {kind} 身分已綁定其他會員。",
        "Sign in with the other account, or ask customer service to join the two.",
    ),
    "NOT_ENOUGH": Wording(
        "Not enough {currency}: {needed} needed, {available} available.",
        "{currency}不足：需要 {needed}，目前可用 {available}。",
        "Read the wallet again and show what is missing.",
    ),
    "AMOUNT_OUT_OF_RANGE": Wording(
        "The amount is out of range: 1 to {limit}, and no wallet holds or owes more.",
        "金額或數量超出範圍：須為 1 至 {limit}，且帳戶餘額與欠數均不得超過此上限。",
        "Correct the amount; retrying unchanged never succeeds.",
    ),
    "RECEIPT_MISMATCH": Wording(
        "Receipt {receipt_no} was already recorded with other content.",
        "收據 {receipt_no} 已登錄，但內容不同。",
        "Compare with what was sent first; a correction is a return, never the same number again.",
    ),
    "RECEIPT_NOT_FOUND": Wording(
        "There is no receipt {receipt_no} at this store.",
        "此門市查無收據 {receipt_no}。",
        "Check number and store (`storeCode` where it was bought elsewhere); record the receipt first.",
    ),
    "RETURN_MISMATCH": Wording(
        "Return {return_no} was already recorded with other content.",
        "退貨單 {return_no} 已登錄，但內容不同。",
        "Compare with what was sent first; use a new return number for another return.",
    ),
    "RETURN_EXCEEDS": Wording(
        "Line {line}: more is returned than was bought; {quantity_left} pieces, {amount_left} minor units, are left.",
        "第 {line} 行退貨超過購買：尚可退 {quantity_left} 件、金額 {amount_left}（以最小貨幣單位計）。",
        "Check the lines against the receipt and what came back before.",
    ),
    "NO_EARNING_SHEET": Wording(
        "No earning rules are in force for {currency}.",
        "{currency} 目前沒有生效的給點規則。",
        "An operator publishes an earning sheet for this currency; then send the same request again.",
    ),
    "SHEET_INVALID": Wording(
        "The sheet has {count} mistakes:\n{faults}",
        "設定表有 {count} 處錯誤：\n{faults}",
        "Correct every mistake that is listed and send the sheet again.",
    ),
    "SHEET_NOT_FOUND": Wording(
        "There is no sheet {sheet} yet.",
        "尚無設定表 {sheet}。",
        "Check kind and key; publish a first version with basedOn 0.",
    ),
    "SHEET_STATE": Wording(
        "Somebody was faster, or it stands that way already; read it again.",
        "已有更新的版本，或目前已是該狀態；請重新讀取。",
        "Read sheets and pauses again; base a new version on the newest one.",
    ),
    "ERASURE_PENDING": Wording(
        "The erasure of this account is already under way.",
        "此帳號的刪除已在進行中。",
        "Show when it takes effect; it can be withdrawn until then.",
    ),
    "ERASURE_NOT_PENDING": Wording(
        "There is no erasure to withdraw.", "沒有可撤回的刪除申請。", "Read the member again; nothing needs to be done."
    ),
    "RATE_LIMITED": Wording(
        "Too many requests; try again in {seconds} s.",
        "請求過於頻繁，請於 {seconds} 秒後再試。",
        "Wait until retryAt, then send the same request again.",
    ),
    "OVERLOADED": Wording(
        "The service is busy; try again in a moment.",
        "系統忙碌中，請稍後再試。",
        "Send the same request with the same requestId again after a second or two.",
    ),
    "UNAVAILABLE": Wording(
        "The database is out of reach; try again in a few seconds.",
        "資料庫暫時無法連線，請稍候幾秒再試。",
        "Send the same request with the same requestId again after a few seconds: it may have happened or not, and the "
        "retry answers with what did.",
    ),
    "FORBIDDEN": Wording(
        "This account may not do that.",
        "此帳號沒有執行此操作的權限。",
        "Ask an owner for the role; retrying never helps.",
    ),
    "KEY_NOT_FOUND": Wording("No such key.", "查無此金鑰。", "Check the key's id."),
    "KEY_ENDED": Wording(
        "This key was revoked, has expired, or was already rotated.",
        "此金鑰已撤銷、過期或已輪替。",
        "List the keys; rotate the one that is in force, or make a new one.",
    ),
    "PARTNER_NOT_FOUND": Wording("No such partner.", "查無此合作夥伴。", "Check the partner's id."),
    "OFFER_NOT_FOUND": Wording("No such offer.", "查無此優惠。", "Read the offers again."),
    "OFFER_NOT_FOR_SALE": Wording(
        "This offer cannot be bought.", "此優惠無法兌換購買。", "Show how it is got instead; read the offers again."
    ),
    "OFFER_NOT_OPEN": Wording(
        "This offer is not open now.",
        "此優惠目前未開放。",
        "Read the offers again; where retryAt is set it opens then.",
    ),
    "OFFER_AUDIENCE": Wording(
        "This offer is for other members.", "您的會員資格不適用此優惠。", "Show which tier or audience it is for."
    ),
    "SOLD_OUT": Wording(
        "Sold out.",
        "已全數兌換完畢。",
        "Read the offers again and show that it is gone.",
    ),
    "MEMBER_LIMIT": Wording(
        "You have had {limit} of these already, as many as one member may.",
        "此優惠每人限 {limit} 張，您已達上限。",
        "Hide the button for this offer.",
    ),
    "DAY_LIMIT": Wording(
        "You have had {limit} of these today, as many as a day allows.",
        "此優惠每日限 {limit} 張，您今日已達上限。",
        "Offer it again at retryAt.",
    ),
    "COUPON_NOT_FOUND": Wording(
        "No such coupon.", "查無此優惠券。", "Scan the code again; check that all of it was read."
    ),
    "COUPON_TOKEN_OLD": Wording(
        "The code on the screen is too old.",
        "畫面上的條碼已過期。",
        "Let the member's app show a fresh code and scan that.",
    ),
    "COUPON_TOKEN_MISSING": Wording(
        "This coupon must be shown in the app.",
        "此優惠券須以 App 出示。",
        "Scan the code in the app; a bare code is for printed coupons.",
    ),
    "COUPON_NOT_YET": Wording(
        "This coupon is not valid yet.", "此優惠券尚未生效。", "Tell the member from when it is valid."
    ),
    "COUPON_EXPIRED": Wording(
        "This coupon has expired.", "此優惠券已過期。", "Leave it out and hold the basket again."
    ),
    "COUPON_REDEEMED": Wording(
        "This coupon was already used.", "此優惠券已使用。", "Leave it out and hold the basket again."
    ),
    "COUPON_VOID": Wording("This coupon was withdrawn.", "此優惠券已作廢。", "Leave it out and hold the basket again."),
    "COUPON_RESERVED": Wording(
        "This coupon is held by another till.",
        "此優惠券正由另一個收銀台使用中。",
        "Release it there, or wait until its hold ends.",
    ),
    "COUPON_OTHER_MEMBER": Wording(
        "This coupon belongs to another member.",
        "此優惠券屬於其他會員。",
        "Leave it out, or use its owner's card for the whole basket.",
    ),
    "COUPON_WRONG_STORE": Wording(
        "This coupon is not valid at this store.", "此優惠券不適用於本門市。", "Tell the member where it is valid."
    ),
    "COUPON_STACKING": Wording(
        "These coupons cannot be used together.", "這些優惠券無法併用。", "Let the member choose one of the group."
    ),
    "BASKET_TOO_SMALL": Wording(
        "The minimum spend is not reached.", "未達最低消費金額。", "Tell the member how much is missing."
    ),
    "BASKET_NO_MATCH": Wording(
        "Nothing in the basket fits this coupon.",
        "購物籃中沒有適用此優惠券的商品。",
        "Tell the member what it is valid for.",
    ),
    "NOTHING_TO_HOLD": Wording(
        "There is nothing to hold: no coupon applies and no points are paid.",
        "沒有可保留的項目：沒有適用的優惠券，也未使用點數。",
        "Go on without a hold.",
    ),
    "CARD_NEEDED": Wording(
        "A member's card is needed.", "需要會員卡。", "Ask for the card, then send the request with cardNo."
    ),
    "TENDER_CURRENCY": Wording(
        "Points pay in {currency} only.",
        "點數僅能折抵 {currency} 的消費。",
        "Take another way of paying.",
    ),
    "TENDER_NOT_WHOLE": Wording(
        "Points are paid in whole steps: {step} at a time.",
        "點數須以 {step} 點為單位使用。",
        "Round the points down to a whole step.",
    ),
    "TENDER_TOO_LARGE": Wording(
        "More points than the basket costs: {most} at most.",
        "使用的點數超過應付金額，最多可使用 {most} 點。",
        "Lower payPoints to what is left to pay.",
    ),
    "HOLD_NOT_FOUND": Wording("No such hold.", "查無此保留。", "Hold the basket again."),
    "HOLD_OTHER_STORE": Wording(
        "This hold belongs to another store.", "此保留屬於其他門市。", "Settle it where it was made."
    ),
    "HOLD_SETTLED": Wording(
        "This hold was already settled.", "此保留已完成結帳。", "Nothing needs to be done; a correction is a return."
    ),
    "HOLD_RELEASED": Wording("This hold was released.", "此保留已釋放。", "Hold the basket again."),
    "HOLD_EXPIRED": Wording(
        "This hold ran out, and something in it was taken or has expired since.",
        "此保留已逾時，且其中的優惠券或點數已被使用或到期。",
        "Hold the basket again and tell the member what changed.",
    ),
    "WRONG_RECEIPT": Wording(
        "The receipt does not fit the basket that was held.",
        "收據與保留的購物籃不符。",
        "Check the receipt's number and lines; hold the real basket again.",
    ),
    "TENDER_RETURN_EXCEEDS": Wording(
        "More points are returned than were paid: {most} are left.",
        "退還的點數超過當初使用的點數，最多可退 {most} 點。",
        "Check the points against the receipt.",
    ),
    "DAY_ALREADY_PAID": Wording(
        "The day {day} is already paid.",
        "{day} 已簽到，獎勵已發放。",
        "Show the streak as it is; the next check-in is possible from retryAt on.",
    ),
    "DAY_NOT_TODAY": Wording(
        "It is not {day}: today is {today}.",
        "今天不是 {day}，而是 {today}。",
        "Show the server's day: the device's clock or time zone is wrong, or the day has just turned.",
    ),
    "NOTHING_TO_REPAIR": Wording(
        "There is no gap in the streak to repair.", "連續簽到沒有中斷，無需修復。", "Read the streak again."
    ),
    "REPAIR_TOO_LATE": Wording(
        "The streak could be repaired until {until}.",
        "連續簽到的修復期限已於 {until} 截止。",
        "Show the streak as it is now.",
    ),
    "REPAIR_NEEDS_ORDERS": Wording(
        "{needed} orders repair the streak; {delivered} were delivered since the gap.",
        "完成 {needed} 張訂單即可修復，中斷後已完成 {delivered} 張。",
        "Show what is missing, or offer to pay diamonds; send the same request again when it is done.",
    ),
    "MAKE_UP_NOT_MISSED": Wording(
        "The day {day} was not missed.",
        "{day} 不是漏簽的日子。",
        "Read the calendar again and offer the days that it shows as missed.",
    ),
    "MAKE_UP_OTHER_MONTH": Wording(
        "The day {day} is not of this month.", "{day} 不在本月內，無法補簽。", "Offer days of this month alone."
    ),
    "MAKE_UP_LIMIT": Wording(
        "{limit} days of a month can be made up for, and were.",
        "每月最多補簽 {limit} 次，本月已用完。",
        "Hide the button until the next month.",
    ),
    "ZONE_TOO_SOON": Wording(
        "The time zone changes once in {days} days.",
        "時區每 {days} 天只能變更一次。",
        "Offer it again at retryAt; the check-in goes on in the zone that is set.",
    ),
    "CLIENT_SEED_INVALID": Wording(
        "A client seed is 1 to 64 letters, digits, hyphens and underscores.",
        "用戶種子須為 1 至 64 個英文字母、數字、連字號或底線。",
        "Let the member type another, or make a random one; never a name.",
    ),
    "COUNT_INVALID": Wording("A draw is of 1 or of 10.", "每次只能抽 1 次或 10 次。", "Send count 1 or 10."),
    "POOL_NOT_FOUND": Wording("No such pool.", "查無此獎池。", "Read the pools again."),
    "POOL_NOT_OPEN": Wording(
        "The pool {pool} is not open yet.", "獎池 {pool} 尚未開放。", "Show when it opens: retryAt."
    ),
    "POOL_CLOSED": Wording("The pool {pool} has closed.", "獎池 {pool} 已結束。", "Read the pools again."),
    "ODDS_CHANGED": Wording(
        "The odds of this pool have changed; nothing was drawn.",
        "此獎池的機率已更新，尚未抽獎。",
        "Read the pools again, show the new odds, and draw with their oddsHash and a new requestId.",
    ),
    "TIER_TOO_LOW": Wording(
        "This pool is for other tiers.", "您的會員等級無法參加此獎池。", "Show which tiers it is for."
    ),
    "UNDER_AGE": Wording(
        "This is for members over {age}.",
        "未滿 {age} 歲無法參加。",
        "Hide the button; where no birth year is known, offer setBirthYear.",
    ),
    "SELF_EXCLUDED": Wording(
        "You have asked not to draw for now.",
        "您已設定暫停抽獎。",
        "Show until when (retryAt; none: for good) and the way to help; offer no shortcut around it.",
    ),
    "DRAW_CAP_DAY": Wording(
        "A day allows {limit} draws; {left} are left today.",
        "每日最多可抽 {limit} 次，今日尚可抽 {left} 次。",
        "Offer the draws that are left, or wait until retryAt; where no birth year is known, offer setBirthYear.",
    ),
    "DRAW_CAP_MONTH": Wording(
        "A month allows {limit} draws; {left} are left.",
        "每月最多可抽 {limit} 次，本月尚可抽 {left} 次。",
        "Offer the draws that are left, or wait until retryAt.",
    ),
    "BIRTH_YEAR_SET": Wording(
        "Your birth year was set before and cannot be changed here.",
        "您的出生年已設定，無法在此變更。",
        "Show the way to customer service.",
    ),
    "BOARD_STALE": Wording(
        "The board has changed since; nothing was moved.",
        "棋盤已有變動，這次操作未套用。",
        "Take the board of the answer, and play on from its revision.",
    ),
    "TOO_MANY_MOVES": Wording(
        "At most {limit} moves go into one request.",
        "每次最多送出 {limit} 步操作。",
        "Send the moves in several requests, each on the revision that the one before answered.",
    ),
    "CELL_OUT_OF_BOUNDS": Wording(
        "There is no cell {cell}; they go from 0 to {most}.",
        "沒有第 {cell} 格，格號為 0 到 {most}。",
        "Correct the cell; rows have seven cells each.",
    ),
    "CELL_EMPTY": Wording(
        "There is nothing in cell {cell}.",
        "第 {cell} 格是空的。",
        "Read the board again.",
    ),
    "CELL_TAKEN": Wording(
        "Cell {cell} is taken.",
        "第 {cell} 格已有物品。",
        "Choose an empty cell.",
    ),
    "LOCKED_CELL": Wording(
        "Cell {cell} is boxed or webbed.",
        "第 {cell} 格被箱子或蜘蛛網鎖住。",
        "Merge beside a box to open it, and an equal item onto a web to free what is in it.",
    ),
    "NOT_TAPPABLE": Wording(
        "Cell {cell} gives nothing when it is tapped.",
        "點擊第 {cell} 格不會產生物品。",
        "Tap a generator.",
    ),
    "NOT_AN_ITEM": Wording(
        "There are no goods in cell {cell}.",
        "第 {cell} 格不是商品。",
        "Generators can only be tapped and moved.",
    ),
    "NOT_A_CHEST": Wording(
        "There is no chest in cell {cell}.",
        "第 {cell} 格不是寶箱。",
        "Read the board again.",
    ),
    "NOT_A_BUBBLE": Wording(
        "There is no bubble in cell {cell}.",
        "第 {cell} 格不是泡泡。",
        "Read the board again.",
    ),
    "NOT_MERGEABLE": Wording(
        "Only two equal goods merge.",
        "只有相同的商品可以合成。",
        "Read the board again, and merge two of the same chain and level.",
    ),
    "TOP_LEVEL": Wording(
        "These goods have reached their top level.",
        "這項商品已達最高等級。",
        "Deliver, store or sell them.",
    ),
    "BOARD_FULL": Wording(
        "The board is full; nothing was spent.",
        "棋盤已滿，未消耗體力。",
        "Merge, store, deliver or sell something first.",
    ),
    "NO_ENERGY": Wording(
        "There is no energy left.",
        "體力不足。",
        "Offer it again at retryAt, or show where energy comes from: purchases, levels and prizes.",
    ),
    "NO_CHARGES": Wording(
        "This generator has to rest.",
        "產生器正在冷卻中。",
        "Offer it again at retryAt.",
    ),
    "STORAGE_FULL": Wording(
        "The storage is full: it has {limit} slots.",
        "倉庫已滿，共有 {limit} 格。",
        "Take something out first; higher levels add slots.",
    ),
    "SLOT_EMPTY": Wording(
        "There is nothing in slot {slot}.",
        "第 {slot} 個儲位是空的。",
        "Read the board again; slots count from 0.",
    ),
    "ORDER_NOT_FOUND": Wording(
        "Order {order} does not wait any more.",
        "訂單 {order} 已不存在。",
        "Read the board again; a delivered order gives its place to the next.",
    ),
    "ORDER_ITEMS_MISSING": Wording(
        "{missing} of the goods for order {order} are missing.",
        "訂單 {order} 還缺 {missing} 項商品。",
        "Show what is missing; goods in storage, boxes and webs do not count.",
    ),
    "LEVEL_CLAIMED": Wording(
        "Level {level} was claimed already.",
        "等級 {level} 的獎勵已領取。",
        "Read the board again.",
    ),
    "LEVEL_NOT_REACHED": Wording(
        "Level {level} is not reached yet.",
        "尚未達到等級 {level}。",
        "Offer it when the experience reaches nextLevelExperience, one level after the other.",
    ),
}
