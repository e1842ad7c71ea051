"""What the page of the sandbox tells to write works as it stands."""

import re
from pathlib import Path

from cockpit.config.markets import load_markets
from docs.make.pictures import DOCS

PAGE = (DOCS / "sandbox.md").read_text("utf-8")


def test_the_market_of_a_recipe_is_one(tmp_path: Path) -> None:
    [text] = re.findall(r"```toml\n(tokens = .+?)```", PAGE, re.DOTALL)
    path = tmp_path / "usdc.toml"
    path.write_text(text)
    path.chmod(0o600)
    loaded, problems = load_markets(str(path), {}, "")
    assert problems == ()
    usdc, btc = loaded.tokens.by_symbol("USDC"), loaded.tokens.by_symbol("BTC")
    assert usdc is not None
    assert btc is not None
    assert loaded.tokens.market(btc.token_id, usdc.token_id) is not None
