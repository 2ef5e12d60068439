"""What each refusal code says to people, in English and in Traditional Chinese, and what a client should do.

Sentences may hold the refusal's facts in braces; a fact that is missing leaves the sentence without it (see `say`).
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
    return string.Formatter().vformat(text, (), _Facts(facts))


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
        "This is paused for the moment: {what}.",
        "此功能暫停中：{what}。",
        "Show the message; try again later.",
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
        "This identity belongs to another member.",
        "此身分已綁定其他會員。",
        "Sign in with the other account, or ask customer service to join the two.",
    ),
    "NOT_ENOUGH": Wording(
        "Not enough {currency}: {needed} needed, {available} available.",
        "{currency} 不足：需要 {needed}，目前有 {available}。",
        "Read the wallet again and show what is missing.",
    ),
    "AMOUNT_OUT_OF_RANGE": Wording(
        "The amount is out of range.", "金額或數量超出範圍。", "Correct the amount; retrying unchanged never succeeds."
    ),
    "RECEIPT_MISMATCH": Wording(
        "A receipt with this number was already recorded with other content.",
        "此收據號碼已登錄，但內容不同。",
        "Compare with what was sent first; a correction is a return, never the same number again.",
    ),
    "RECEIPT_NOT_FOUND": Wording(
        "No such receipt at this store.", "此門市查無此收據。", "Check the number; record the receipt first."
    ),
    "RETURN_MISMATCH": Wording(
        "A return with this number was already recorded with other content.",
        "此退貨單號已登錄，但內容不同。",
        "Compare with what was sent first; use a new return number for another return.",
    ),
    "RETURN_EXCEEDS": Wording(
        "More is returned than was bought.",
        "退貨數量超過購買數量。",
        "Check the lines against the receipt and what came back before.",
    ),
    "NO_EARNING_SHEET": Wording(
        "No earning rules are in force for {currency}.",
        "{currency} 目前沒有生效的給點規則。",
        "An operator publishes an earning sheet for this currency; then send the same request again.",
    ),
    "SHEET_INVALID": Wording(
        "The sheet has mistakes: {mistakes}.",
        "設定表有錯誤：{mistakes}。",
        "Correct every mistake that is listed and send the sheet again.",
    ),
    "SHEET_NOT_FOUND": Wording("No such sheet.", "查無此設定表。", "Check kind, key and version."),
    "SHEET_STATE": Wording(
        "The sheet's state does not allow this.",
        "設定表目前的狀態不允許此操作。",
        "Read the sheet again; make a new version to change one that was published.",
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
        "Too many requests; try again a little later.",
        "請求過於頻繁，請稍後再試。",
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
        "This offer is not open now.", "此優惠目前未開放。", "Read the offers again; it may open at retryAt."
    ),
    "OFFER_AUDIENCE": Wording(
        "This offer is for other members.", "您的會員資格不適用此優惠。", "Show which tier or audience it is for."
    ),
    "SOLD_OUT": Wording("Sold out.", "已兌換完畢。", "Read the offers again and show that it is gone."),
    "MEMBER_LIMIT": Wording(
        "You already have as many of these as one member may.",
        "您已達此優惠的個人上限。",
        "Hide the button for this offer.",
    ),
    "DAY_LIMIT": Wording(
        "Today's limit for this offer is reached.", "此優惠今日已達上限。", "Offer it again at retryAt."
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
        "Points cannot pay in this currency.", "此幣別無法使用點數折抵。", "Take another way of paying."
    ),
    "TENDER_NOT_WHOLE": Wording(
        "Points are paid in whole steps: {step} at a time.",
        "點數須以 {step} 點為單位使用。",
        "Round the points down to a whole step.",
    ),
    "TENDER_TOO_LARGE": Wording(
        "More points than the basket costs.", "使用的點數超過應付金額。", "Lower payPoints to what is left to pay."
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
        "This hold ran out, and something in it was taken since.",
        "此保留已逾時，且內容已被他人使用。",
        "Hold the basket again and tell the member what changed.",
    ),
    "WRONG_RECEIPT": Wording(
        "The receipt does not fit the basket that was held.",
        "收據與保留的購物籃不符。",
        "Check the receipt's number and lines; hold the real basket again.",
    ),
    "TENDER_RETURN_EXCEEDS": Wording(
        "More points are returned than were paid.",
        "退還的點數超過當初使用的點數。",
        "Check the points against the receipt.",
    ),
}
