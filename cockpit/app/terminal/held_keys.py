"""Keys that come faster than what they open: held until it can take them, then given on in their order."""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from panels.kit.textual_internals import WholeScreen

MAX_HELD = 1_000
"""Characters and keys. Beyond it nothing is taken: a part of what was typed may be another amount."""
LONGEST_S = 10.0
"""A dialog that takes no key for so long is not waited for."""
LOOK_EVERY_S = 0.02

Typed = events.Key | events.Paste


class _Held(NamedTuple):
    """``opening``: it came while a screen was opened; ``shown``: the dialog that was seen when it came."""

    typed: Typed
    opening: bool
    shown: Screen[Any] | None


class KeyHandled(Message):
    """Goes the way of a key, behind it: once it comes out, the key has done what it does."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class HeldKeys:
    """Gives keys to the app one after the other, each once all that the one before it does is done.

    A key that came before the dialog on top was drawn is early: ``give`` is told so. ``drop`` says that what is
    held is dropped. ``clock`` counts seconds.
    """

    def __init__(
        self,
        app: App[Any],
        *,
        give: Callable[[Typed, bool], Awaitable[None]],
        drop: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._app = app
        self._give_on = give
        self._drop = drop
        self._clock = clock
        self._held: deque[_Held] = deque()
        self._size = 0
        self._overflown = False
        self._number = 0
        self._target: Widget | None = None
        """Where the key went that is being handled; None between keys."""
        self._passes = 0
        self._before: tuple[Screen[Any], ...] = ()
        self._through: Screen[Any] | None = None
        self._opening = False
        self._since_s = 0.0
        self._timer: Timer | None = None

    @property
    def count(self) -> int:
        """Return how many keys and pastes are held."""
        return len(self._held)

    @property
    def busy(self) -> bool:
        """Return whether a key is being handled."""
        return self._target is not None

    async def take(self, typed: Typed) -> None:
        """Give a key or a paste on, at once or in its turn."""
        if self._target is not None and not self._held and self._late:
            # What the last key did is over, or never will be: this one is no part of its burst.
            self._target = None
            self._number += 1
        if self._target is not None:
            self._hold(typed)
        else:
            await self._give(typed, early=False)

    async def handled(self, number: int) -> None:
        """Go on: the message of this number came out."""
        if number == self._number and self._target is not None:
            await self._go_on()

    def _hold(self, typed: Typed) -> None:
        self._size += len(typed.text) if isinstance(typed, events.Paste) else 1
        if self._size > MAX_HELD:
            # All that follows is dropped, too, until the dialog is there: it belongs to what was.
            self._held.clear()
            self._overflown = True
        else:
            self._held.append(_Held(typed, self._opening, self._shown()))
        if self._timer is None:
            self._timer = self._app.set_interval(LOOK_EVERY_S, self._look, name="held keys")

    async def _give(self, typed: Typed, *, early: bool) -> None:
        stack = self._app.screen_stack
        if not stack:
            # The app starts or ends: nothing takes a key.
            self._end()
            return
        self._before, self._through = tuple(stack), stack[-1]
        self._target = self._app.focused or stack[-1]
        self._passes, self._opening, self._since_s = 0, False, self._clock()
        await self._give_on(typed, early)
        await self._send(self._target)

    async def _send(self, node: Widget | None) -> None:
        self._number += 1
        if node is None or not node.post_message(KeyHandled(self._number)):
            await self._go_on()

    async def _go_on(self) -> None:
        stack = self._app.screen_stack
        self._passes += 1
        if self._passes == 1:
            # Once more: a button posts what it does behind the key.
            await self._send(self._target)
        elif stack and stack[-1] is not self._through:
            # Through the new screen: it takes nothing before it stands.
            self._through = stack[-1]
            if self._through not in self._before:
                self._opening = True
                self._held = deque(held._replace(opening=True) for held in self._held)
            await self._send(self._through)
        else:
            await self._next()

    async def _next(self) -> None:
        self._target = None
        self._opening = False
        if self._overflown:
            self._end()
            self._drop()
        elif self._held:
            held = self._held.popleft()
            self._size -= len(held.typed.text) if isinstance(held.typed, events.Paste) else 1
            stack = self._app.screen_stack
            await self._give(held.typed, early=held.opening and not (stack and stack[-1] is held.shown))
        else:
            self._end()

    def _shown(self) -> Screen[Any] | None:
        """Return the screen on top if a person sees it by now."""
        stack = self._app.screen_stack
        return stack[-1] if stack and isinstance(stack[-1], WholeScreen) and stack[-1].drawn else None

    async def _look(self) -> None:
        # A message is lost with the widget that it went through.
        if self._target is None:
            self._end()
        elif self._is_gone(self._target if self._passes < 2 else self._through):
            self._number += 1
            await self._go_on()
        elif self._late:
            self._target = None
            self._number += 1
            self._end()
            self._drop()

    @property
    def _late(self) -> bool:
        return self._clock() - self._since_s > LONGEST_S

    def _is_gone(self, widget: Widget | None) -> bool:
        node: DOMNode | None = widget
        while node is not None and not isinstance(node, Screen):
            node = node.parent
        return node not in self._app.screen_stack

    def _end(self) -> None:
        self._held.clear()
        self._size, self._overflown = 0, False
        # A dialog that has closed must not stay until the next key: what it leaves is collected while none waits.
        self._before, self._through = (), None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
