/* Mouse and wheel on the picture -> input:down, input:up, input:move and input:scroll, in pixels of the frame; fingers are in touch.js.
 *
 * A button goes down and up there when it does here, so that drags, sliders and double clicks are real. A server without `input:down`
 * gets clicks instead. Moves go out 30 times a second at most, scrolling once for each picture of this screen.
 */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa;
  var MOVE_INTERVAL = 1000 / 30; // ms
  var LINE = 100 / 3; // pixels: three lines make one notch of a wheel, in browsers that count lines
  var SLOP = 10; // a hand that trembles this far still clicks, in pixels of the window
  var BUTTONS = ['left', 'middle', 'right'];
  var STEPS = { 3: 'back', 4: 'forward' }; // the buttons at the side of a mouse
  var HELD = { ctrlKey: 'Control', shiftKey: 'Shift', altKey: 'Alt' }; // keys that change what a click means

  // emit(event, data) -> sent or not; can(event): whether the server knows it; onPress(byTouch) comes before each click
  Jiomosa.pointer = function (canvas, picture, emit, can, onPress) {
    var press = null; // a mouse button that is down: {x, y, button, at, real: told as it is, keys: held for it}
    var last = null; // the press before, while nobody knows yet whether the server understood it
    var sent = null, pending = null, moveTimer = null; // pixels of the last move, and of the next one

    function withButton(at, button) { return button ? { x: at.x, y: at.y, button: BUTTONS[button] } : at; }
    function click(at, button) {
      if (!at) return;
      pending = null; // the click says itself where it is; a move after it would only confuse what hovers
      sent = at;
      emit('input:click', withButton(at, button));
    }
    function near(one, event) { return Math.abs(event.clientX - one.x) + Math.abs(event.clientY - one.y) <= SLOP; }

    // ---- moves
    function move(data) {
      if (!data) return;
      pending = data;
      if (!moveTimer) sendMove();
    }
    function sendMove() {
      moveTimer = null;
      if (!pending || (sent && sent.x === pending.x && sent.y === pending.y)) return;
      sent = pending;
      pending = null;
      emit('input:move', sent);
      moveTimer = setTimeout(sendMove, MOVE_INTERVAL);
    }

    function down(event) {
      var at = picture.pixelAt(event.clientX, event.clientY);
      if (!at || press) return;
      if (STEPS[event.button]) return emit(STEPS[event.button], {});
      press = { x: event.clientX, y: event.clientY, button: event.button, at: at, real: can('input:down'), keys: [] };
      if (!press.real) return;
      Object.keys(HELD).forEach(function (name) {
        if (event[name] && emit('input:key', { key: HELD[name], action: 'down' })) press.keys.push(HELD[name]);
      });
      pending = null;
      sent = at;
      emit('input:down', withButton(at, event.button));
    }
    function release(at) {
      var was = press;
      press = null;
      last = was;
      pending = null;
      sent = at;
      emit('input:up', withButton(at, was.button));
      was.keys.forEach(function (key) { emit('input:key', { key: key, action: 'up' }); });
    }
    function up(event) {
      if (!press || event.button !== press.button) return;
      press.still = near(press, event);
      if (press.real) return release(picture.pixelAt(event.clientX, event.clientY, true));
      if (press.still) click(press.at, press.button);
      press = null;
    }
    function abandon() { if (press && press.real) release(sent || press.at); else press = null; }

    // Pointer events where there are any: mouse events are rounded to whole pixels of the window, and on a dense screen, or
    // with a large picture on a small one, that is several pixels of the frame. Fingers come as touch events.
    var kind = root.PointerEvent ? 'pointer' : 'mouse';
    function listen(target, name, handler) {
      target.addEventListener(kind + name, function (event) { if (event.pointerType !== 'touch') handler(event); });
    }
    listen(canvas, 'down', down);
    listen(root, 'up', up);
    listen(root, 'move', function (event) { // a drag goes on beside the picture
      if (press && press.real) move(picture.pixelAt(event.clientX, event.clientY, true));
      else if (event.target === canvas) move(picture.pixelAt(event.clientX, event.clientY));
    });
    listen(root, 'cancel', abandon);
    root.addEventListener('blur', abandon); // the button may come up where nobody tells
    canvas.addEventListener('mousedown', function (event) {
      onPress(false);
      event.preventDefault(); // keeps the focus where onPress put it, and the middle button from its own scrolling
    });
    canvas.addEventListener('contextmenu', function (event) { event.preventDefault(); });

    // ---- scrolling: everything that comes within one picture of this screen goes as one event, in whole pixels
    var scroll = { x: 0, y: 0, at: null, asked: false };
    function scrollBy(x, y, at) {
      scroll.x += x;
      scroll.y += y;
      if (at) scroll.at = at;
      if (!scroll.asked) root.requestAnimationFrame(sendScroll);
      scroll.asked = true;
    }
    function sendScroll() {
      scroll.asked = false;
      var x = Math.round(scroll.x), y = Math.round(scroll.y);
      if (!scroll.at || (!x && !y)) return;
      scroll.x -= x; // what rounding left over counts next time
      scroll.y -= y;
      emit('input:scroll', { deltaX: x, deltaY: y, x: scroll.at.x, y: scroll.at.y });
    }

    canvas.addEventListener('wheel', function (event) {
      if (event.ctrlKey) return; // zooms this page, as everywhere
      event.preventDefault();
      var unit = event.deltaMode === 1 ? LINE : event.deltaMode === 2 ? canvas.height : 1;
      var x = event.deltaX * unit, y = event.deltaY * unit;
      scrollBy(event.shiftKey && !x ? y : x, event.shiftKey && !x ? 0 : y, picture.pixelAt(event.clientX, event.clientY));
    }, { passive: false });

    return {
      click: click,
      scrollBy: scrollBy,
      // The server does not know `input:down`: the press that told so was a click, if it was one.
      missing: function () {
        if (press) press.real = false;
        else if (last && last.still) click(last.at, last.button);
        last = null;
      }
    };
  };
})(window);
