"""What the edge itself refuses, in words."""

from __future__ import annotations

from api.graphql.messages.wording import Wording

WORDINGS: dict[str, Wording] = {
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
    "SECOND_PERSON_NEEDED": Wording(
        "One person alone publishes nothing here: draft it, submit it, and let another person approve it.",
        "此伺服器不接受單人發布：請建立草稿、送審，並由另一人核准。",
        "Use draftSheet, submitSheet and approveSheet; publishSheet works on a demo server only.",
    ),
    "ROLE_GRANT_NOT_FOUND": Wording(
        "There is no such grant of a role.", "查無此角色授權。", "List them with roleGrants; check the id."
    ),
    "ROLE_GRANT_STATE": Wording(
        "This role is proposed, granted or ended already, or it is one of the last two owners'.",
        "此角色已在提案中、已授權或已終止，或屬於最後兩位擁有者之一。",
        "List the grants with roleGrants; make another owner before one of the last two ends.",
    ),
    "OPERATOR_NOT_FOUND": Wording(
        "There is no such operator; he has to sign in once.",
        "查無此營運人員；對方須先登入一次。",
        "Let the person sign in at the admin schema once; the answer names the operator's id.",
    ),
}
