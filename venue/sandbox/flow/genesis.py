"""The accounts when the venue opens: the maker, the traders and the rivals, with their keys and funds."""

from decimal import Decimal

import msgspec

from venue.sandbox.base.seeding import derive
from venue.sandbox.config import VenueConfig
from venue.sandbox.flow.rivals import profiles_of
from venue.sandbox.flow.wallet import Wallet
from venue.sandbox.verifier.ledger import Ledger

_PAIR_EUR = Decimal(100_000_000)
_BASE, _QUOTE = Decimal(1_000), Decimal(100_000_000)
"""What traders and rivals hold of each base token and of each quote token, in whole tokens."""


class Participants(msgspec.Struct, frozen=True):
    """All wallets; the maker's belongs to whoever connects, the others to the venue."""

    maker: Wallet
    traders: tuple[Wallet, ...]
    rivals: dict[str, Wallet]


def open_accounts(config: VenueConfig, ledger: Ledger) -> Participants:
    """Register every key and mint every opening balance."""

    def wallet(account: str) -> Wallet:
        return Wallet(account, derive(config.seed, "key", account), config.contract)

    participants = Participants(
        maker=wallet(config.maker_account),
        traders=tuple(wallet(f"trader-{index}.sandbox.near") for index in range(config.traders)),
        rivals={profile.account: wallet(profile.account) for profile in profiles_of(config.rival_set)},
    )
    for owner in (*participants.traders, *participants.rivals.values()):
        ledger.register_key(owner.account, owner.public_key)
        for token in config.tokens.tokens:
            whole = _BASE if token.underlying == config.tokens.base else _QUOTE
            ledger.mint(owner.account, token.token_id, token.to_units(whole))
        for token_id, amount in _of_pairs(config).items():
            ledger.mint(owner.account, token_id, amount)
    if config.key_registered:
        ledger.register_key(participants.maker.account, participants.maker.public_key)
    if config.access != "none":
        ledger.add_access_key(
            participants.maker.account, participants.maker.public_key, full_access=config.access == "full"
        )
    for token_id, amount in config.maker_opening().items():
        ledger.mint(participants.maker.account, token_id, amount)
    return participants


def _of_pairs(config: VenueConfig) -> dict[str, int]:
    amounts: dict[str, int] = {}
    for pair in config.pair_terms:
        amounts |= pair.opening(_PAIR_EUR)
    return {token_id: amount for token_id, amount in amounts.items() if config.tokens.get(token_id) is None}
