/* Fingers on the picture. Where the session has a touch screen they go there as they are (`input:touch`). Otherwise: tap = click, drag = scroll
 * (with a little momentum), long press = right click; two fingers zoom and move the picture, on this device alone.
 */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa;
  var SLOP = 10; // a finger that trembles this far still taps, in pixels of the window
  var LONG_PRESS = 500; // ms
  var FRICTION = 325; // ms in which momentum falls to 37%
  var STANDSTILL = 0.03; // pixels a millisecond at which momentum ends
  var RESTED = 100; // ms: a finger that rested so long before it left wants no momentum

  // pointer: what Jiomosa.pointer made; onPress(byTouch) comes before each click
  Jiomosa.touch = function (canvas, picture, pointer, emit, onPress) {
    var finger = null, momentum = null, pinch = null, real = false;

    // ---- one finger
    function drag(touch, time) {
      var x = finger.lastX - touch.clientX, y = finger.lastY - touch.clientY, span = Math.max(1, time - finger.time);
      // The pace is smoothed, since single events of a touch screen are jumpy.
      finger.paceX = 0.6 * (x / span) + 0.4 * finger.paceX;
      finger.paceY = 0.6 * (y / span) + 0.4 * finger.paceY;
      finger.lastX = touch.clientX;
      finger.lastY = touch.clientY;
      finger.time = time;
      pointer.scrollBy(x * picture.ratio(), y * picture.ratio(), finger.at);
    }
    function coast(paceX, paceY, at) {
      var mine = momentum = {}, last = Date.now();
      (function step() {
        if (mine !== momentum) return; // a new touch stopped the page, as it would stop paper
        var now = Date.now(), span = now - last, fade = Math.exp(-span / FRICTION);
        last = now;
        paceX *= fade;
        paceY *= fade;
        pointer.scrollBy(paceX * span * picture.ratio(), paceY * span * picture.ratio(), at);
        if (Math.abs(paceX) + Math.abs(paceY) > STANDSTILL) root.requestAnimationFrame(step); else momentum = null;
      })();
    }
    function letGo() {
      if (finger) clearTimeout(finger.timer);
      finger = null;
    }

    // ---- two fingers
    function spread(touches) {
      var a = touches[0], b = touches[1];
      return { x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2, span: Math.max(20, Math.hypot ?
        Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) : Math.abs(a.clientX - b.clientX) + Math.abs(a.clientY - b.clientY)) };
    }
    function pinched(touches) {
      var now = spread(touches);
      picture.zoomBy(now.span / pinch.span, now.x, now.y);
      picture.move(now.x - pinch.x, now.y - pinch.y);
      pinch = now;
    }

    // ---- fingers as they are
    function pass(phase, event) {
      var changed = phase === 'move' ? event.touches : event.changedTouches, points = [];
      for (var i = 0; i < changed.length; i++) {
        var at = picture.pixelAt(changed[i].clientX, changed[i].clientY, true);
        if (at) points.push({ id: changed[i].identifier, x: at.x, y: at.y });
      }
      if (points.length) emit('input:touch', { phase: phase, points: points });
      if (phase === 'start') onPress(true);
    }

    canvas.addEventListener('touchstart', function (event) {
      var touch = event.touches[0], at = picture.pixelAt(touch.clientX, touch.clientY), stopping = !!momentum;
      momentum = null;
      letGo();
      if (real) return pass('start', event);
      pinch = event.touches.length === 2 ? spread(event.touches) : null;
      if (event.touches.length !== 1 || !at) return;
      finger = {
        x: touch.clientX, y: touch.clientY, lastX: touch.clientX, lastY: touch.clientY, at: at, time: event.timeStamp,
        paceX: 0, paceY: 0, dragging: false, stopping: stopping,
        timer: setTimeout(function () {
          var was = finger;
          finger = null;
          onPress(true);
          pointer.click(was.at, 2);
          if (root.navigator.vibrate) root.navigator.vibrate(15);
        }, LONG_PRESS)
      };
    }, { passive: true });

    var asked = false; // moves of fingers go once for each picture of this screen
    canvas.addEventListener('touchmove', function (event) {
      if (event.cancelable) event.preventDefault();
      if (real) {
        if (!asked) root.requestAnimationFrame(function () {
          asked = false;
          if (latest) pass('move', latest);
        });
        asked = true;
        latest = event;
        return;
      }
      if (pinch && event.touches.length === 2) return pinched(event.touches);
      if (event.touches.length !== 1) return letGo();
      if (!finger) return;
      var touch = event.touches[0];
      if (!finger.dragging && Math.abs(touch.clientX - finger.x) + Math.abs(touch.clientY - finger.y) > SLOP) {
        finger.dragging = true;
        clearTimeout(finger.timer);
      }
      if (finger.dragging) drag(touch, event.timeStamp);
    }, { passive: false });
    var latest = null;

    canvas.addEventListener('touchend', function (event) {
      if (event.cancelable) event.preventDefault(); // no imitated mouse events after it
      latest = null;
      if (real) return pass('end', event);
      var was = finger;
      letGo();
      if (event.touches.length < 2) pinch = null;
      if (!was) return;
      if (!was.dragging) {
        if (was.stopping) return; // this tap was meant to stop the page, not to hit what happened to come by
        onPress(true);
        pointer.click(was.at, 0);
      } else if (event.timeStamp - was.time < RESTED) {
        coast(was.paceX, was.paceY, was.at);
      }
    }, { passive: false });
    canvas.addEventListener('touchcancel', function (event) {
      latest = null;
      if (real) pass('cancel', event);
      letGo();
      pinch = null;
    });

    return {
      real: function (on) { real = on; },
      passes: function () { return real; } // fingers, to the page
    };
  };
})(window);
