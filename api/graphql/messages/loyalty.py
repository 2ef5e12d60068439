"""What the loyalty house refuses, in words."""

from __future__ import annotations

from api.graphql.messages.wording import Wording

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
        "Mistakes in the sheet: {count}\n{faults}",
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
    "SHEET_REVISION": Wording(
        "Somebody saved this draft in between; it is at revision {current} now.",
        "草稿已由他人儲存，目前為第 {current} 次修訂。",
        "Read the draft again, put your change into it, and save it with the current revision.",
    ),
    "SHEET_OWN": Wording(
        "Nobody approves his own work: another person has to.",
        "不得核准自己編寫的內容，須由另一人核准。",
        "Let somebody approve who neither wrote nor submitted it, nor is given something by it.",
    ),
    "ADJUSTMENT_NEEDS_TWO": Wording(
        "One person alone may adjust {limit} {currency} at most now; more takes two.",
        "單人目前最多可調整 {limit} {currency}，超過須由兩人核准。",
        "Use proposeAdjustment, and let somebody else approve it.",
    ),
    "ADJUSTMENT_NOT_FOUND": Wording(
        "There is no such adjustment.", "查無此調整。", "List them with adjustments; check the id."
    ),
    "ADJUSTMENT_STATE": Wording(
        "This adjustment is {state} already.",
        "此調整目前狀態為 {state}，無法執行。",
        "Read it again: somebody was faster; nothing moves twice.",
    ),
    "ERASURE_PENDING": Wording(
        "The erasure of this account is already under way.",
        "此帳號的刪除已在進行中。",
        "Show when it takes effect; it can be withdrawn until then.",
    ),
    "ERASURE_NOT_PENDING": Wording(
        "There is no erasure to withdraw.", "沒有可撤回的刪除申請。", "Read the member again; nothing needs to be done."
    ),
    "BIRTH_YEAR_SET": Wording(
        "Your birth year was set before and cannot be changed here.",
        "您的出生年已設定，無法在此變更。",
        "Show the way to customer service.",
    ),
    "SEASON_OVER": Wording(
        "The season that this belongs to is over (the last one to begin: {current}).",
        "此操作所屬的賽季已結束（最近一季：{current}）。",
        "Drop what was queued in that season, read the board and the season again, and play on.",
    ),
}
