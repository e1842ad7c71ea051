from tests.support.sandbox.rig import launch

__all__ = ["launch"]
