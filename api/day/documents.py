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

ADJUST = f"""
mutation Adjust($requestId: ID!, $memberId: ID!, $currency: Currency!, $amount: Int!, $reason: String!) {{
  adjustWallet(requestId: $requestId, memberId: $memberId, currency: $currency, amount: $amount, reason: $reason) {{
    __typename ... on WalletAdjusted {{ spendable }} {REFUSAL}
  }}
}}"""

OPEN = f"""
mutation Open($requestId: ID!) {{
  openApp(requestId: $requestId, device: {{ system: ANDROID, form: PHONE }}) {{
    __typename ... on AppOpened {{ day }} {REFUSAL}
  }}
}}"""

HOME = """
query Home {
  home {
    member { tier { name } wallet { points diamonds stamps tickets } }
    board { level energy { now cap } cells { kind } }
    streak { state length checkedInToday }
    pools { name priceDiamonds }
    coupons { name }
    notices { kind }
  }
}"""

CHECK_IN = f"""
mutation CheckIn($requestId: ID!) {{
  checkIn(requestId: $requestId) {{
    __typename
    ... on CheckedIn {{ day streak {{ length }} reward {{ diamonds energy tickets points }} }}
    {REFUSAL}
  }}
}}"""

_BOARD = """
  revision level experience nextLevelExperience energy { now }
  cells { index kind item { chain level top } generator { charges } }
  orders { number ready diamonds items { chain level } }"""

BOARD = f"query Board {{ board {{ {_BOARD} }} }}"

PLAY = f"""
mutation Play($requestId: ID!, $baseRevision: Int!, $commands: [MoveInput!]!) {{
  playMoves(requestId: $requestId, baseRevision: $baseRevision, commands: $commands) {{
    __typename
    ... on MovesPlayed {{
      refusedIndex refusal {{ code message }} delivered {{ diamonds }} claimed {{ level diamonds }}
      board {{ {_BOARD} }}
    }}
    {REFUSAL}
  }}
}}"""

BIRTH_YEAR = f"""
mutation BirthYear($requestId: ID!, $birthYear: Int!) {{
  setBirthYear(requestId: $requestId, birthYear: $birthYear) {{ __typename {REFUSAL} }}
}}"""

POOLS = """
query Pools {
  me { birthYear wallet { diamonds tickets } }
  pools {
    id name priceDiamonds takesTickets oddsHash oddsVersion tenGuarantee
    odds { name percent consolidatedPercent } pity { count ceiling }
  }
  drawLimits { dayLeft monthLeft }
}"""

SEED = "query Seed { seed { epoch commitSha256 clientSeed nextNonce } }"

CLIENT_SEED = f"""
mutation ClientSeed($requestId: ID!, $clientSeed: String!) {{
  setClientSeed(requestId: $requestId, clientSeed: $clientSeed) {{
    __typename ... on ClientSeedSet {{ seed {{ epoch commitSha256 clientSeed nextNonce }} }} {REFUSAL}
  }}
}}"""

DRAW = f"""
mutation Draw($requestId: ID!, $poolId: ID!, $oddsHash: String!, $count: Int!) {{
  draw(requestId: $requestId, poolId: $poolId, oddsHash: $oddsHash, count: $count) {{
    __typename ... on Drawn {{ draws {{ name couponId paidWith }} wallet {{ diamonds tickets }} }} {REFUSAL}
  }}
}}"""

REVEAL = f"""
mutation Reveal($requestId: ID!, $clientSeed: String!) {{
  revealSeed(requestId: $requestId, clientSeed: $clientSeed) {{
    __typename ... on SeedRevealed {{ epoch serverSeedHex seed {{ epoch commitSha256 }} }} {REFUSAL}
  }}
}}"""

DRAWS = """
query Draws($after: String) {
  draws(first: 50, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
}"""

RECEIPT = "query DrawReceipt($id: ID!) { drawReceipt(id: $id) { document revealed } }"

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

WON = "query Won($id: ID!) { node(id: $id) { ... on Coupon { id code name state token { secret } } } }"

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
