from tests.support.cockpit.fake_desk import desk, link

__all__ = ["desk", "link"]
