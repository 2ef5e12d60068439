// Every sentence of the app, in its two languages.

const EN = {
  title: "mergemart", signIn: "Start playing", yourName: "Your name", nameHint: "Letters, digits, . _ -",
  demo: "Demo: whoever gives a name is that member.", waitingForApp: "Open this page from the members' app to sign in.",
  shop: "Shop", checkIn: "Check-in", draw: "Draw", coupons: "Coupons", more: "More",
  timeline: "Timeline", fairness: "Fairness", settings: "Settings", close: "Close", back: "Back", loading: "Loading…",
  away: "No connection. Try again in a moment.", signedOut: "Please sign in again.", retry: "Try again",
  offline: "Offline: {n} moves are kept and sent later", offlineNone: "Offline: your moves will be kept",
  sending: "Sending {n} moves…", sent: "Back online. All moves are saved.",
  elsewhere: "Your board was changed on another device.",
  stale: "The board changed elsewhere; your moves are done on the new one.",
  dropped: "{n} moves no longer fit and were left out: {moves}", droppedWhy: "Not done: {moves}. {why}",
  level: "Level {n}", levelShort: "Lv {n}", energy: "Energy", diamonds: "Diamonds", tickets: "Tickets", points: "Points",
  experience: "Experience {now} of {next}", experienceTop: "Experience {now}",
  claim: "Level up!", claimed: "Level {level}! {pays}", delivered: "Order delivered: {diamonds} 💎, {experience} experience",
  orders: "Orders", deliver: "Deliver", orderName: "Order: {items}. Pays {diamonds} diamonds.", ready: "Ready",
  newOrder: "A new customer is coming…", board: "Shop board", storage: "Storage", gifts: "Gifts", freeSlot: "Free slot",
  store: "Store", sell: "Sell", sellSure: "Sell for nothing?", sold: "{item} sold", stored: "{item} stored",
  cell: "Row {row}, column {column}: {what}", empty: "empty", box: "box", boxAt: "box, opens at level {n}",
  webbed: "{item}, in a web", pending: "waiting for the server", strange: "something new", item: "{name}, level {level}",
  generator: "{name}, {charges} of {most} charges", cooling: "{name}, refilled in {seconds} s", top: "top level",
  holding: "{item} picked up. Choose where it goes.", merged: "Merged: {item}", moved: "Moved", dropTap: "{name} tapped",
  hint: "Tap a generator for goods; put two equal goods together.",
  next: "next: {item}", chainOf: "{chain}, level {level} of {top}", pick: "Tap another cell to move or merge.",
  freeWeb: "Bring the same goods here to free it.", openBox: "Merge beside it to open it.",
  today: "Today", streak: "{n} days in a row", total: "{n} days in all, longest {longest}", freezes: "Freezes: {n} of {most}",
  doCheckIn: "Check in", doneToday: "Checked in today", checkedIn: "Checked in: {pays}", nextAt: "Next: {at}",
  makeUp: "Make up", makeUpsLeft: "{n} days can still be made up this month", madeUp: "Made up: {pays}",
  repair: "Repair the streak of {n} days", repairOrders: "By orders: {done} of {needed}", repairPay: "Pay {n} 💎",
  repaired: "The streak is whole again.", cycle: "This week's rewards",
  dayStates: { CHECKED_IN: "checked in", MADE_UP: "made up", FROZEN: "frozen", MENDED: "mended", TRAVEL: "travel",
    MISSED: "missed", TODAY: "today", AHEAD: "ahead", BEFORE: "before you joined" },
  odds: "Odds", drawOne: "Draw 1", drawTen: "Draw 10", price: "{n} 💎 a draw", ticketsFirst: "Tickets go first: you have {n}",
  pity: "{n} draws since the last top prize", ceiling: "certain at draw {n}", nextChance: "Next draw: {percent}% for the top prize",
  left: "{day} draws left today, {month} this month", stated: "Stated", longRun: "Long run", yourNext: "Your next",
  soldOut: "sold out", stock: "{n} left", tenGuarantee: "Ten at once bring one of “★” or above for certain.",
  drawn: "You drew: {items}", opening: "Drawing…", prizes: "Your prizes", verify: "Check these draws",
  birthYear: "Birth year", birthWhy: "Without a birth year, three draws a day (as for under 18). It can be told once.",
  tellBirthYear: "Save", exclude: "Take a break from drawing",
  excludeFor: { HOURS_24: "24 hours", DAYS_7: "7 days", DAYS_30: "30 days" }, excludedUntil: "No draws until {at}",
  fairLead: "Every draw can be checked here, in your browser, from the server's seed, yours, and a number. Nothing is asked of the server to judge it.",
  commit: "The server's commitment for epoch {n}", clientSeed: "Your word in the draws", setSeed: "Set",
  seedHint: "1 to 64 of A-Z a-z 0-9 _ -; no name", seedSet: "It holds for the draws that follow.",
  reveal: "Show the server's seed", revealWhy: "Ends this epoch; its draws can then be proved.",
  revealed: "Epoch {n} is revealed.", checkAll: "Check past draws", checking: "Checking {n} draws…",
  proved: "proved", unproved: "seed not shown yet", wrong: "WRONG", summary: "{proved} proved, {open} not revealed yet, {wrong} wrong",
  noDraws: "No draws yet.", provedWhat: "Proved: {what}", claimedWhat: "Taken as claimed: {what}", wrongWhat: "Wrong: {what}",
  steps: { shape: "the receipt's form", odds: "the odds are those of the hash", commit: "the seed is the one committed to",
    seal: "the receipt is as it was sealed", rolls: "every roll and the prize", payment: "the price",
    standIn: "the stand-in of a sold-out prize", prizes: "the rolls as stated mean that prize",
    pityAtStart: "the pity at the start", soldOut: "that a prize was sold out", given: "who drew, when, and what was given",
    ground: "that the server's word was not searched for", noSeed: "the rolls, until the seed is shown" },
  noCoupons: "No coupons yet. Draw, or buy one:", showAtTill: "Show this at the till", newIn: "New in {n} s",
  until: "until {date}", printable: "The bare code is enough", offers: "Buy a coupon", buy: "{amount} {currency}",
  bought: "Bought: {name}", memberCard: "Member card", codeFor: "Code {code}", currencies: { POINTS: "points",
    DIAMONDS: "💎", STAMPS: "stamps", TICKETS: "🎟️" }, left_: "{n} left",
  language: "Language", exportData: "My data", exportDo: "Download everything about me", exported: "Saved.",
  erase: "Delete my account", eraseDo: "Delete", eraseSure: "Really delete? There are 30 days to take it back.",
  erasing: "The account will be erased on {at}.", keep: "Keep my account", kept: "The account stays.",
  leave: "Sign out", leaveKept: "{n} moves are not sent yet; they stay on this device.", version: "Version",
  event: "{kind}", emptyList: "Nothing yet.", refresh: "Refresh", moreRows: "More", storageName: "Storage, {n} of {slots}",
  moves: { tap: "tap", merge: "merge", move: "move", store: "store", retrieve: "take out", sell: "sell", deliver: "delivery", claimLevel: "level" },
  refusals: { CELL_EMPTY: "There is nothing.", CELL_TAKEN: "There is something already.", LOCKED_CELL: "That is locked.",
    NOT_TAPPABLE: "That cannot be tapped.", NOT_AN_ITEM: "Those are no goods.", NOT_MERGEABLE: "Those do not merge.",
    TOP_LEVEL: "That is the top level.", BOARD_FULL: "The board is full: merge, store or sell something.",
    NO_ENERGY: "No energy: it comes back with time.", NO_CHARGES: "Empty for now: wait a moment.",
    STORAGE_FULL: "The storage is full.", SLOT_EMPTY: "That slot is empty.", ORDER_ITEMS_MISSING: "Goods are missing.",
    ORDER_NOT_FOUND: "That order is gone.", LEVEL_NOT_REACHED: "More experience is needed.", PENDING: "Wait for the server." },
};

const ZH = {
  title: "mergemart", signIn: "開始玩", yourName: "你的名字", nameHint: "英文字母、數字、. _ -",
  demo: "示範模式：輸入名字就是那位會員。", waitingForApp: "請從會員 App 開啟本頁以登入。",
  shop: "店面", checkIn: "簽到", draw: "抽獎", coupons: "優惠券", more: "更多",
  timeline: "動態", fairness: "公平驗證", settings: "設定", close: "關閉", back: "返回", loading: "載入中…",
  away: "連不上網路，請稍後再試。", signedOut: "請重新登入。", retry: "再試一次",
  offline: "離線：已保留 {n} 步，連線後送出", offlineNone: "離線：你的操作會保留",
  sending: "正在送出 {n} 步…", sent: "已恢復連線，所有操作都已儲存。",
  elsewhere: "你的盤面在另一台裝置上更新了。",
  stale: "盤面已在別處更新，你的操作改在新盤面上進行。",
  dropped: "有 {n} 步不再適用，已略過：{moves}", droppedWhy: "未執行：{moves}。{why}",
  level: "等級 {n}", levelShort: "Lv {n}", energy: "體力", diamonds: "鑽石", tickets: "抽獎券", points: "點數",
  experience: "經驗值 {now} / {next}", experienceTop: "經驗值 {now}",
  claim: "升級！", claimed: "升到等級 {level}！{pays}", delivered: "訂單完成：{diamonds} 💎、經驗值 {experience}",
  orders: "訂單", deliver: "交貨", orderName: "訂單：{items}。報酬 {diamonds} 鑽石。", ready: "可交貨",
  newOrder: "新客人上門中…", board: "店面盤面", storage: "倉庫", gifts: "禮物", freeSlot: "空格",
  store: "收進倉庫", sell: "丟棄", sellSure: "沒有報酬，確定？", sold: "已丟棄{item}", stored: "已收好{item}",
  cell: "第 {row} 列第 {column} 欄：{what}", empty: "空格", box: "箱子", boxAt: "箱子，等級 {n} 開啟",
  webbed: "被網住的{item}", pending: "等待伺服器", strange: "新東西", item: "{name}，等級 {level}",
  generator: "{name}，剩 {charges} / {most} 次", cooling: "{name}，{seconds} 秒後補充", top: "最高級",
  holding: "已拿起{item}，請選擇位置。", merged: "合成：{item}", moved: "已移動", dropTap: "點了{name}",
  hint: "點產生器拿商品，再把兩個相同的商品合在一起。",
  next: "下一級：{item}", chainOf: "{chain}，等級 {level} / {top}", pick: "再點一格就能移動或合成。",
  freeWeb: "拿相同的商品來這裡解開。", openBox: "在旁邊合成就會打開。",
  today: "今天", streak: "連續 {n} 天", total: "累計 {n} 天，最長 {longest} 天", freezes: "凍結卡：{n} / {most}",
  doCheckIn: "簽到", doneToday: "今天已簽到", checkedIn: "簽到成功：{pays}", nextAt: "下次：{at}",
  makeUp: "補簽", makeUpsLeft: "本月還能補簽 {n} 天", madeUp: "補簽成功：{pays}",
  repair: "修復連續 {n} 天的紀錄", repairOrders: "完成訂單：{done} / {needed}", repairPay: "支付 {n} 💎",
  repaired: "連續紀錄已修復。", cycle: "本週獎勵",
  dayStates: { CHECKED_IN: "已簽到", MADE_UP: "已補簽", FROZEN: "已凍結", MENDED: "已修復", TRAVEL: "旅行",
    MISSED: "未簽到", TODAY: "今天", AHEAD: "未到", BEFORE: "尚未加入" },
  odds: "機率", drawOne: "抽 1 次", drawTen: "抽 10 次", price: "每次 {n} 💎", ticketsFirst: "優先使用抽獎券，你有 {n} 張",
  pity: "距離上次頭獎 {n} 抽", ceiling: "第 {n} 抽必中", nextChance: "下一抽頭獎機率 {percent}%",
  left: "今天還能抽 {day} 次，本月 {month} 次", stated: "公告", longRun: "長期", yourNext: "你的下一抽",
  soldOut: "已抽完", stock: "剩 {n}", tenGuarantee: "十連抽保證至少一個「★」以上。",
  drawn: "抽中：{items}", opening: "抽獎中…", prizes: "你的獎品", verify: "驗證這幾抽",
  birthYear: "出生年", birthWhy: "未填出生年時，每天最多三抽（同未滿 18 歲）。只能填一次。",
  tellBirthYear: "儲存", exclude: "暫停抽獎",
  excludeFor: { HOURS_24: "24 小時", DAYS_7: "7 天", DAYS_30: "30 天" }, excludedUntil: "{at} 前不能抽獎",
  fairLead: "每一抽都能在這裡、在你的瀏覽器裡驗證：由伺服器種子、你的字串和序號算出，不需要相信伺服器。",
  commit: "第 {n} 期的伺服器承諾", clientSeed: "你放進抽獎的字串", setSeed: "設定",
  seedHint: "1 到 64 個 A-Z a-z 0-9 _ -，請勿用姓名", seedSet: "從下一抽開始生效。",
  reveal: "公開伺服器種子", revealWhy: "結束本期；之後就能證明本期的每一抽。",
  revealed: "第 {n} 期已公開。", checkAll: "驗證過去的抽獎", checking: "正在驗證 {n} 抽…",
  proved: "已證明", unproved: "種子尚未公開", wrong: "不符", summary: "{proved} 抽已證明，{open} 抽尚未公開，{wrong} 抽不符",
  noDraws: "還沒有抽獎紀錄。", provedWhat: "已證明：{what}", claimedWhat: "僅依宣稱：{what}", wrongWhat: "不符：{what}",
  steps: { shape: "收據格式", odds: "機率表與雜湊相符", commit: "種子與承諾相符",
    seal: "收據未被更動", rolls: "每次擲數與獎品", payment: "價格",
    standIn: "售完獎品的替代品", prizes: "所列擲數對應該獎品",
    pityAtStart: "起始的保底計數", soldOut: "獎品已抽完", given: "誰、何時抽、實際給了什麼",
    ground: "伺服器字串未經挑選", noSeed: "種子公開前的擲數" },
  noCoupons: "還沒有優惠券。抽獎或購買一張：", showAtTill: "結帳時出示", newIn: "{n} 秒後更新",
  until: "{date} 前有效", printable: "只出示代碼即可", offers: "購買優惠券", buy: "{amount} {currency}",
  bought: "已購買：{name}", memberCard: "會員卡", codeFor: "代碼 {code}", currencies: { POINTS: "點", DIAMONDS: "💎",
    STAMPS: "印花", TICKETS: "🎟️" }, left_: "剩 {n}",
  language: "語言", exportData: "我的資料", exportDo: "下載我的所有資料", exported: "已儲存。",
  erase: "刪除帳號", eraseDo: "刪除", eraseSure: "確定刪除？30 天內可以取消。",
  erasing: "帳號將於 {at} 刪除。", keep: "保留帳號", kept: "帳號已保留。",
  leave: "登出", leaveKept: "還有 {n} 步沒送出，會留在這台裝置。", version: "版本",
  event: "{kind}", emptyList: "還沒有內容。", refresh: "重新整理", moreRows: "更多", storageName: "倉庫，{n} / {slots}",
  moves: { tap: "點擊", merge: "合成", move: "移動", store: "收納", retrieve: "取出", sell: "丟棄", deliver: "交貨", claimLevel: "升級" },
  refusals: { CELL_EMPTY: "那裡沒有東西。", CELL_TAKEN: "那裡已經有東西。", LOCKED_CELL: "那一格鎖住了。",
    NOT_TAPPABLE: "那個不能點。", NOT_AN_ITEM: "那不是商品。", NOT_MERGEABLE: "這兩個不能合成。",
    TOP_LEVEL: "已經是最高級。", BOARD_FULL: "盤面滿了：先合成、收納或丟棄。",
    NO_ENERGY: "體力不足，會隨時間恢復。", NO_CHARGES: "暫時沒有了，稍等一下。",
    STORAGE_FULL: "倉庫滿了。", SLOT_EMPTY: "那一格是空的。", ORDER_ITEMS_MISSING: "商品還不夠。",
    ORDER_NOT_FOUND: "那張訂單已經不在了。", LEVEL_NOT_REACHED: "經驗值還不夠。", PENDING: "請等待伺服器。" },
};

const ALL = { en: EN, "zh-TW": ZH };
export const LANGUAGES = { "zh-TW": "繁體中文", en: "English" };
let words = ZH;
let code = "zh-TW";

export function chooseLanguage(kept) {
  code = ALL[kept] ? kept : (navigator.languages ?? []).some((each) => /^zh/i.test(each)) ? "zh-TW" : "en";
  words = ALL[code];
  document.documentElement.lang = code;
  return code;
}

export const language = () => code;

/** A sentence with its {words} filled in. `a.b` is a word of a group; an unknown one of a group shows itself. */
export function say(key, facts = {}) {
  const [group, name] = key.split(".");
  const text = name === undefined ? words[group] : (words[group][name] ?? name);
  return text.replace(/\{(\w+)\}/g, (_, fact) => String(facts[fact] ?? ""));
}

/** Both languages' keys, for the test that none is missing in either. */
export const keys = () => [EN, ZH].map((each) => Object.entries(each).flatMap(([key, value]) =>
  typeof value === "string" ? [key] : Object.keys(value).map((inner) => `${key}.${inner}`)).sort());
