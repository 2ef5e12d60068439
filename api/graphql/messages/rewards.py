"""What the rewards house refuses, in words."""

from __future__ import annotations

from api.graphql.messages.wording import Wording

WORDINGS: dict[str, Wording] = {
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
    "THING_NOT_FOUND": Wording("There is no such thing.", "查無此商品。", "Read the catalogue again."),
    "PRIZE_NOT_FOUND": Wording(
        "No such prize.", "查無此獎品。", "Read the prizes again; at a till, scan the code again."
    ),
    "PRIZE_STATE": Wording(
        "This cannot be done now: the prize is in the state {state}.",
        "目前無法進行此操作：獎品狀態為 {state}。",
        "Read the prize again and offer what its state allows.",
    ),
    "PRIZE_EXPIRED": Wording(
        "The time for this prize is over.", "此獎品已逾期。", "Show that it is over; read the prizes again."
    ),
    "PRIZE_FORFEITED": Wording("This prize was withdrawn.", "此獎品已被取消。", "Send the member to customer service."),
    "PRIZE_HANDED_OVER": Wording(
        "This was handed over already.", "此獎品已領取完畢。", "Hand nothing over; read the prizes again."
    ),
    "PRIZE_OTHER_STORE": Wording(
        "This waits at another place.", "此獎品不在此處領取。", "Tell the member to look in the app where it waits."
    ),
    "DELIVERY_NOT_OFFERED": Wording(
        "This prize cannot be delivered that way ({delivery}).",
        "此獎品不提供該領取方式（{delivery}）。",
        "Offer what `deliveries` of the prize names.",
    ),
    "STORE_STOCK_OUT": Wording(
        "This store has none left.", "該門市已無存貨。", "Read again which stores have one left, and offer those."
    ),
    "STOCK_RESERVED": Wording(
        "{reserved} of these are set aside for members; the number must not be below that.",
        "其中 {reserved} 件已為會員保留，數量不得低於此數。",
        "Count again; forfeit what cannot be handed over first.",
    ),
    "IDENTITY_NEEDED": Wording(
        "The tax law asks for your identity before this prize can be claimed.",
        "依稅法規定，領取此獎品前須提供身分資料。",
        "Ask for the identity and send it with the claim.",
    ),
    "PICK_LIMIT": Wording(
        "{limit} of these may wait for you at once; collect one first.",
        "此商品同時最多可保留 {limit} 件，請先領取後再選購。",
        "Show what waits; offer it again once one was collected.",
    ),
    "CASH_DIFFERS": Wording(
        "Exactly {due} (minor units) must be paid for this.",
        "此商品須付金額為 {due}（最小貨幣單位）。",
        "Take that amount, and hand over again.",
    ),
    "NOTHING_TO_EXPORT": Wording(
        "No identities of {year} wait to be exported.",
        "{year} 年度沒有待匯出的身分資料。",
        "Nothing is left to do for this year.",
    ),
}
