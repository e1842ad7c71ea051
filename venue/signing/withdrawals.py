"""The only ways out: what a withdrawal says, by the bridge of its token. Pure; nothing is signed here.

Sources: docs.near-intents.org for the PoA bridge; the official SDK's ``omni-bridge-utils.ts`` for the Omni bridge.
"""

import msgspec

from venue.bridges.omni.message import OmniTerms, storage_account, withdrawal_message
from venue.protocol.assets import INTENTS_CONTRACT, MAX_AMOUNT, Token
from venue.protocol.tokens import OMNI_BRIDGE, TokenTable
from venue.signing.addresses import check_address
from venue.signing.errors import InvalidAddressError, RefusedToSignError

WITHDRAWAL_MIN_GAS = 17_050_000_000_000
OMNI_MIN_GAS = 37_400_000_000_000
"""Gas below which the contract does not begin the transfer of a withdrawal intent: withdrawals have run out of gas
without it (the official SDK sets the same)."""


class WayOut(msgspec.Struct, frozen=True, kw_only=True):
    """An ``ft_withdraw``: by ``memo`` through the PoA bridge, by ``msg`` through the Omni bridge, never by both.

    ``storage_deposit`` is the account and the yoctoNEAR of the payment that precedes it, None without one.
    """

    token: str
    receiver_id: str
    amount: int
    memo: str | None
    msg: str | None
    min_gas: int
    storage_deposit: tuple[str, int] | None = None

    def intents(self) -> str:
        """Return the intents as JSON objects, separated by commas."""
        withdraw: dict[str, str] = {
            "intent": "ft_withdraw",
            "token": self.token,
            "receiver_id": self.receiver_id,
            "amount": str(self.amount),
        }
        if self.memo is not None:
            withdraw["memo"] = self.memo
        if self.msg is not None:
            withdraw["msg"] = self.msg
        withdraw["min_gas"] = str(self.min_gas)
        found = [withdraw]
        if self.storage_deposit is not None:
            account, amount = self.storage_deposit
            deposit = {
                "intent": "storage_deposit",
                "contract_id": self.receiver_id,
                "deposit_for_account_id": account,
                "amount": str(amount),
            }
            found.insert(0, deposit)
        return ",".join(msgspec.json.encode(one).decode() for one in found)


def way_out(
    tokens: TokenTable,
    token: Token,
    amount: int,
    destination: str,
    terms: OmniTerms | None,
    *,
    contract: str = INTENTS_CONTRACT,
    omni_bridge: str = OMNI_BRIDGE,
) -> WayOut:
    """Return the exit of ``amount`` base units of the token to ``destination``, by the token's own bridge.

    ``terms`` are the Omni bridge's; None for the PoA bridge. Raises RefusedToSignError for a token outside the table,
    for the other bridge's way, a wrong amount or address, and for fees that leave nothing to arrive.
    """
    if token not in tokens.tokens:
        raise RefusedToSignError("the token is not in the table of tokens")
    if not 0 < amount <= MAX_AMOUNT:
        raise RefusedToSignError("the amount is outside 1 to 2^128 - 1")
    try:
        checked = check_address(token.chain, destination, token.near_token)
    except InvalidAddressError as error:
        raise RefusedToSignError(str(error)) from None
    if checked != destination:
        raise RefusedToSignError("the address is not in its canonical form")
    if token.bridge == "omni":
        found = _by_omni(token, amount, destination, terms, contract, omni_bridge)
    else:
        found = _by_poa(token, amount, destination, terms)
    if found.receiver_id == token.never_to:
        raise RefusedToSignError(f"{token.symbol} sent to {token.never_to} would be lost")
    return found


def _by_poa(token: Token, amount: int, destination: str, terms: OmniTerms | None) -> WayOut:
    if terms is not None:
        raise RefusedToSignError(f"{token.symbol} leaves by the PoA bridge, which reads no message")
    return WayOut(
        token=token.near_token,
        receiver_id=token.near_token,
        amount=amount,
        memo=f"WITHDRAW_TO:{destination}",
        msg=None,
        min_gas=WITHDRAWAL_MIN_GAS,
    )


def _by_omni(
    token: Token, amount: int, destination: str, terms: OmniTerms | None, contract: str, omni_bridge: str
) -> WayOut:
    if terms is None:
        raise RefusedToSignError(f"{token.symbol} leaves by the Omni bridge, as an intent with a message only")
    if amount <= terms.fee:
        raise RefusedToSignError("the bridge's fees leave nothing to arrive")
    try:
        message = withdrawal_message(token, destination, terms)
        account = storage_account(token, amount, destination, terms, contract=contract)
    except ValueError as error:
        raise RefusedToSignError(str(error)) from None
    return WayOut(
        token=token.near_token,
        receiver_id=omni_bridge,
        amount=amount,
        memo=None,
        msg=message,
        min_gas=OMNI_MIN_GAS,
        storage_deposit=(account, terms.native_fee) if terms.native_fee else None,
    )
