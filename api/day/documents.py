"""What the day sends: whole operations, as a client would keep them."""

from __future__ import annotations

REFUSAL = "... on Refusal { code message }"

FIND = "query Find($text: String!) { members(text: $text, first: 2) { id cardNo status } }"

LINK = f"""
mutation Link($requestId: ID!, $memberId: ID!, $subject: String!) {{
  linkIdentity(requestId: $requestId, memberId: $memberId, kind: "demo", subject: $subject) {{
    __typename ... on IdentityLinked {{ memberId }} {REFUSAL}
  }}
}}"""

ME = """
query Me {
  me {
    id cardNo
    tier { code name multiplier until credits nextCode nextThreshold }
    wallet { points stamps tickets pointsOwed pointsExpiring pointsExpireOn }
  }
  receipts(first: 3) { nodes { receiptNo store day total { amountMinor currency } points } }
}"""

OFFERS = """
query Offers {
  offers(first: 50) { nodes { id name kind currency amountMinor minimumMinor price { currency amount } } }
}"""

BUY = f"""
mutation Buy($requestId: ID!, $offerId: ID!) {{
  buyCoupon(requestId: $requestId, offerId: $offerId) {{
    __typename ... on CouponIssued {{ coupon {{ id code state expiresAt token {{ secret }} }} }} {REFUSAL}
  }}
}}"""

COUPON = "query Coupon($id: ID!) { node(id: $id) { ... on Coupon { state } } }"

GREET = "query Greet($cardNo: String!) { member(cardNo: $cardNo) { tierName multiplier points active } }"

RECORD = f"""
mutation Record($requestId: ID!, $receipt: ReceiptInput!) {{
  recordReceipt(requestId: $requestId, receipt: $receipt) {{
    __typename ... on ReceiptRecorded {{ receipt {{ id }} earned {{ points stamps tickets }} tier }} {REFUSAL}
  }}
}}"""

HOLD = f"""
mutation Hold(
  $requestId: ID!, $cardNo: String!, $codes: [String!]!, $payPoints: Int!, $basket: BasketInput!
) {{
  holdBasket(requestId: $requestId, cardNo: $cardNo, codes: $codes, payPoints: $payPoints, basket: $basket) {{
    __typename
    ... on BasketHeld {{
      hold {{ id expiresAt }} discountMinor pointsHeld tenderMinor dueMinor lines {{ lineNo discountMinor }}
      notApplied {{ code reason }}
    }}
    {REFUSAL}
  }}
}}"""

SETTLE = f"""
mutation Settle($requestId: ID!, $holdId: ID!, $receiptNo: String!) {{
  settleBasket(requestId: $requestId, holdId: $holdId, receiptNo: $receiptNo) {{
    __typename ... on BasketSettled {{ holdId }} {REFUSAL}
  }}
}}"""

RETURN = f"""
mutation Return($requestId: ID!, $receiptReturn: ReturnInput!) {{
  recordReturn(requestId: $requestId, receiptReturn: $receiptReturn) {{
    __typename
    ... on ReturnRecorded {{ revoked {{ points stamps }} refundedPoints couponsReopened tier everything }}
    {REFUSAL}
  }}
}}"""

TIMELINE = "query Timeline { timeline(first: 15) { nodes { kind at facts } } }"
