/* Mouse, wheel and touch on the picture -> input:move, input:click and input:scroll, in pixels of the frame.
 *
 * A finger: tap = click, drag = scroll (with a little momentum), long press = right click; two fingers zoom the picture
 * on this device alone. Moves go out 30 times a second at most, scrolling once for each picture of this screen.
 */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa = root.Jiomosa || {};
  var MOVE_INTERVAL = 1000 / 30; // ms
  var LINE = 100 / 3; // pixels: three lines make one notch of a wheel, in browsers that count lines
  var SLOP = 10; // a hand that trembles this far still clicks, in pixels of the window
  var LONG_PRESS = 500; // ms
  var FRICTION = 325; // ms in which momentum falls to 37%
  var STANDSTILL = 0.03; // pixels a millisecond at which momentum ends
  var BUTTONS = ['left', 'middle', 'right'];

  // emit(event, data); onPress(byTouch) comes before each click
  Jiomosa.pointer = function (canvas, picture, emit, onPress) {
    var press = null; // a mouse button that is down
    var sent = null, pending = null, moveTimer = null; // pixels of the last move, and of the next one

    function click(clientX, clientY, button) {
      var data = picture.pixelAt(clientX, clientY);
      if (!data) return;
      pending = null; // the click says itself where it is; a move after it would only confuse what hovers
      sent = data;
      if (button) data.button = BUTTONS[button];
      emit('input:click', data);
    }

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

    // Pointer events where there are any: mouse events are rounded to whole pixels of the window, and on a dense screen, or
    // with a large picture on a small one, that is several pixels of the frame. Fingers come as touch events, below.
    var kind = root.PointerEvent ? 'pointer' : 'mouse';
    function listen(target, name, handler) {
      target.addEventListener(kind + name, function (event) { if (event.pointerType !== 'touch') handler(event); });
    }
    listen(canvas, 'move', function (event) { move(picture.pixelAt(event.clientX, event.clientY)); });
    listen(canvas, 'down', function (event) { press = { x: event.clientX, y: event.clientY, button: event.button }; });
    listen(root, 'up', function (event) {
      var was = press;
      if (!was || event.button !== was.button) return;
      press = null;
      if (was.button < 3 && Math.abs(event.clientX - was.x) + Math.abs(event.clientY - was.y) <= SLOP) click(was.x, was.y, was.button);
    });
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

    // ---- touch
    var finger = null, momentum = null;

    function drag(touch, time) {
      var x = finger.lastX - touch.clientX, y = finger.lastY - touch.clientY, span = Math.max(1, time - finger.time);
      // The pace is smoothed, since single events of a touch screen are jumpy.
      finger.paceX = 0.6 * (x / span) + 0.4 * finger.paceX;
      finger.paceY = 0.6 * (y / span) + 0.4 * finger.paceY;
      finger.lastX = touch.clientX;
      finger.lastY = touch.clientY;
      finger.time = time;
      scrollBy(x * picture.ratio(), y * picture.ratio(), finger.at);
    }
    function coast(paceX, paceY, at) {
      var mine = momentum = {}, last = Date.now();
      (function step() {
        if (mine !== momentum) return; // a new touch stopped the page, as it would stop paper
        var now = Date.now(), span = now - last, fade = Math.exp(-span / FRICTION);
        last = now;
        paceX *= fade;
        paceY *= fade;
        scrollBy(paceX * span * picture.ratio(), paceY * span * picture.ratio(), at);
        if (Math.abs(paceX) + Math.abs(paceY) > STANDSTILL) root.requestAnimationFrame(step); else momentum = null;
      })();
    }
    function letGo() {
      if (finger) clearTimeout(finger.timer);
      finger = null;
    }

    canvas.addEventListener('touchstart', function (event) {
      var touch = event.touches[0], at = picture.pixelAt(touch.clientX, touch.clientY);
      var stopping = !!momentum;
      momentum = press = null; // a pen says everything twice
      letGo();
      if (event.touches.length !== 1 || !at) return;
      finger = {
        x: touch.clientX, y: touch.clientY, lastX: touch.clientX, lastY: touch.clientY, at: at, time: event.timeStamp,
        paceX: 0, paceY: 0, dragging: false, stopping: stopping,
        timer: setTimeout(function () {
          var was = finger;
          finger = null;
          onPress(true);
          click(was.x, was.y, 2);
          if (root.navigator.vibrate) root.navigator.vibrate(15);
        }, LONG_PRESS)
      };
    }, { passive: true }); // not prevented here, or the browser could not zoom with two fingers

    canvas.addEventListener('touchmove', function (event) {
      if (event.touches.length !== 1) return letGo();
      event.preventDefault();
      if (!finger) return;
      var touch = event.touches[0];
      if (!finger.dragging && Math.abs(touch.clientX - finger.x) + Math.abs(touch.clientY - finger.y) > SLOP) {
        finger.dragging = true;
        clearTimeout(finger.timer);
      }
      if (finger.dragging) drag(touch, event.timeStamp);
    }, { passive: false });

    canvas.addEventListener('touchend', function (event) {
      if (event.cancelable) event.preventDefault(); // no imitated mouse events after it
      var was = finger;
      letGo();
      if (!was) return;
      if (!was.dragging) {
        if (was.stopping) return; // this tap was meant to stop the page, not to hit what happened to come by
        onPress(true);
        click(was.x, was.y, 0);
      } else if (event.timeStamp - was.time < 100) { // a finger that rested before it left wants no momentum
        coast(was.paceX, was.paceY, was.at);
      }
    }, { passive: false });
    canvas.addEventListener('touchcancel', letGo);
  };
})(window);
