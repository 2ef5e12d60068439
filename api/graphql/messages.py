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
}
