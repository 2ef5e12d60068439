"""What the game house refuses, in words."""

from __future__ import annotations

from api.graphql.messages.wording import Wording

WORDINGS: dict[str, Wording] = {
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
        "Generators can be tapped and moved; bubbles can be popped, moved and, with sell, let go.",
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
    "ORDER_EXPIRED": Wording(
        "The time of order {order} was over at {expired_at}.",
        "訂單 {order} 已於 {expired_at} 截止。",
        "Show the board that comes with it: the order is gone, nothing else is.",
    ),
    "NOT_REROLLABLE": Wording(
        "Order {order} is an appointment and cannot be changed.",
        "訂單 {order} 為限時訂單，無法更換。",
        "Reroll plain orders alone: those without a name.",
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
    "COMPENSATION_NOT_FOUND": Wording(
        "There is no such compensation.", "查無此補償。", "List them with compensations; check the id."
    ),
    "COMPENSATION_STATE": Wording(
        "This compensation is {state} already.",
        "此補償目前狀態為 {state}，無法執行。",
        "Read it again: it was approved or ended in between; nobody gets anything twice.",
    ),
    "COMPENSATION_EXISTS": Wording(
        "There is a compensation of {key} already.",
        "{key} 已有補償。",
        "Read compensations; what was given for an incident is not given again. Another incident has another key.",
    ),
    "CONTENT_IN_USE": Wording(
        "Boards that are being played need what this sheet leaves out. {faults}",
        "進行中的遊戲盤面仍需要此設定表移除的內容：{faults}",
        "Keep it, or say in `takes` what it becomes; then save and submit again.",
    ),
    "COHORT_CHANGED": Wording(
        "The rules name {members} members now, not {seen}.",
        "符合條件的會員現為 {members} 人，而非 {seen} 人。",
        "Make the dry run (or read the compensation) again, look at the new cost, and send that number.",
    ),
    "QUEST_NOT_FOUND": Wording(
        "There is no quest {quest} for you now.",
        "目前沒有任務 {quest}。",
        "Read the quests again: a day or a week may have begun.",
    ),
    "QUEST_NOT_DONE": Wording(
        "The quest {quest} has come to {progress} of {target}.",
        "任務 {quest} 目前進度為 {progress} / {target}。",
        "Show how far it has come.",
    ),
    "QUEST_CLAIMED": Wording(
        "The quest {quest} was claimed already.",
        "任務 {quest} 的獎勵已領取。",
        "Read the quests again; it comes back with the next day or week.",
    ),
    "CHEST_NOT_FOUND": Wording(
        "There is no chest {chest}.", "沒有編號 {chest} 的寶箱。", "Read the chests again: each is one member's own."
    ),
    "CHEST_OPENED": Wording(
        "The chest {chest} was opened already.",
        "編號 {chest} 的寶箱已經開啟。",
        "Read the chests again; chestReceipt shows what it held.",
    ),
    "CHEST_ALREADY_QUEUED": Wording(
        "The timer of chest {chest} is set: it opens at {opens_at}.",
        "編號 {chest} 的寶箱已在解鎖佇列中，{opens_at} 可開啟。",
        "Show the timer.",
    ),
    "CHEST_QUEUE_FULL": Wording(
        "{limit} chests can be queued at once, and are.",
        "最多 {limit} 個寶箱同時排隊解鎖，目前已滿。",
        "Wait until retryAt, or hurry one of them.",
    ),
    "CHEST_NOT_QUEUED": Wording(
        "The timer of chest {chest} is not set yet.",
        "編號 {chest} 的寶箱尚未開始解鎖。",
        "Queue the chest first.",
    ),
    "CHEST_READY": Wording(
        "The chest {chest} is ready: there is nothing to hurry.",
        "編號 {chest} 的寶箱已可開啟，無需加速。",
        "Open it.",
    ),
    "CHEST_LOCKED": Wording(
        "The chest {chest} is still shut.",
        "編號 {chest} 的寶箱尚未解鎖。",
        "Wait until retryAt, or hurry it.",
    ),
    "CHEST_PRICE_ROSE": Wording(
        "Hurrying chest {chest} costs {diamonds} diamonds, more than was agreed to.",
        "加速編號 {chest} 的寶箱需 {diamonds} 鑽石，高於您同意的金額。",
        "Show the price and ask again.",
    ),
    "REFILLS_USED_UP": Wording(
        "All {limit} refills of today are used up.",
        "今天的 {limit} 次體力補充已用完。",
        "Offer it again at retryAt, when the member's next day begins.",
    ),
    "PRICE_CHANGED": Wording(
        "This costs {diamonds} diamonds now, more than the {most} that were agreed to; nothing was paid.",
        "目前價格為 {diamonds} 鑽石，高於您同意的 {most} 鑽石，未扣款。",
        "Read the price again, show it, and ask again.",
    ),
}
