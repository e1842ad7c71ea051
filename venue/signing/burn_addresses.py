"""Addresses that nobody holds a key of: burn addresses, placeholders, and the precompiled contracts of a chain.

An address is the end of a hash, so one with a pattern was written by a person. Sources: the precompiles of the
Ethereum Virtual Machine (0x01 and up; EIP-7951 has 0x0100), and the burn addresses that explorers name.
"""

_SYSTEM = 1 << 16
"""Addresses below are precompiles, or end in the only digits that they have (0x…dEaD)."""
_NAMED_ETHEREUM = frozenset({"dead000000000000000042069420694206942069"})
_NAMED_BITCOIN = frozenset({"1BitcoinEaterAddressDontSendf59kuE", "1CounterpartyXXXXXXXXXXXXXXXUWLpVr"})


def burned_ethereum(digits: str) -> bool:
    """Return whether nobody can spend from the address with these 40 hex digits."""
    lower = digits.lower()
    return int(lower, 16) < _SYSTEM or lower in _NAMED_ETHEREUM or _repeats(lower)


def burned_bitcoin(address: str, program: bytes) -> bool:
    """Return whether nobody can spend from the address, or from this hash or witness program in any address."""
    return address in _NAMED_BITCOIN or not any(program[:-2]) or _repeats(program.hex())


def _repeats(digits: str) -> bool:
    """Return whether the digits are one group, repeated: 0x1111…, 0xdead…dead, 0x1234567890…"""
    halves = range(1, len(digits) // 2 + 1)
    return any(len(digits) % size == 0 and digits == digits[:size] * (len(digits) // size) for size in halves)
