/* A session on a phone with keys: 240x320, Gecko 48 (ES5). The arrows move the pointer, and scroll at the edges; the middle clicks;
 * 2 and 8 scroll; left: type; right: load again. Where the server is: ?server=http://host:5000&session=ID, else what is below. */
(function () {
  'use strict';
  var SERVER = 'http://192.168.1.10:5000', SESSION = 'kaios'; // a session of 240x290: {"session_id": "kaios", "width": 240, "height": 290}
  var WIDTH = 240, HEIGHT = 290, STEP = 12, SCROLL = 80;

  function given(name, otherwise) {
    var found = new RegExp('[?&]' + name + '=([^&]*)').exec(location.search);
    return found ? decodeURIComponent(found[1]) : otherwise;
  }
  var server = given('server', SERVER), session = given('session', SESSION), token = location.hash.slice(1);
  var view = document.getElementById('view'), pointer = document.getElementById('pointer');
  var note = document.getElementById('note'), text = document.getElementById('text');
  var x = WIDTH / 2, y = HEIGHT / 2, shown = null, socket = null;

  function place() { pointer.style.left = x + 'px'; pointer.style.top = y + 'px'; }
  place();

  var script = document.createElement('script');
  script.src = server + '/web/engineio.js';
  script.onerror = function () { note.textContent = server + ' does not answer'; };
  script.onload = function () {
    socket = Jiomosa.connect(server, token ? { auth: { token: token } } : {});
    socket.on('connect', function () {
      socket.emit('subscribe', {
        session_id: session, format: 'binary', max_width: WIDTH, max_height: HEIGHT, fps: 10, quality: 60
      });
    });
    socket.on('subscribed', function () { note.textContent = ''; });
    socket.on('reconnecting', function () { note.textContent = 'Connecting again'; });
    socket.on('error', function (data) { note.textContent = data.message; });
    socket.on('frame', function (data) {
      var next = URL.createObjectURL(new Blob([data.image], { type: 'image/jpeg' }));
      view.style.width = data.width + 'px';
      view.style.height = data.height + 'px';
      view.src = next;
      if (shown) URL.revokeObjectURL(shown);
      shown = next;
    });
  };
  document.head.appendChild(script);

  function scroll(dx, dy) { socket.emit('input:scroll', { deltaX: dx, deltaY: dy }); }
  function move(dx, dy) {
    var atX = Math.max(0, Math.min(WIDTH - 1, x + dx)), atY = Math.max(0, Math.min(HEIGHT - 1, y + dy));
    if (atX === x && atY === y) scroll(dx && (dx < 0 ? -SCROLL : SCROLL), dy && (dy < 0 ? -SCROLL : SCROLL));
    x = atX;
    y = atY;
    place();
  }
  function type(open) {
    text.style.display = open ? 'block' : 'none';
    if (open) text.focus(); else text.blur();
  }
  var actions = {
    ArrowLeft: function () { move(-STEP, 0); }, ArrowRight: function () { move(STEP, 0); },
    ArrowUp: function () { move(0, -STEP); }, ArrowDown: function () { move(0, STEP); },
    Enter: function () { socket.emit('input:click', { x: x, y: y }); },
    2: function () { scroll(0, -SCROLL); }, 8: function () { scroll(0, SCROLL); },
    Backspace: function () { socket.emit('back'); },
    SoftLeft: function () { type(true); }, F1: function () { type(true); },
    SoftRight: function () { socket.emit('reload'); }, F2: function () { socket.emit('reload'); }
  };
  document.addEventListener('keydown', function (event) {
    if (!socket) return;
    if (document.activeElement === text) {
      if (event.key === 'Enter') {
        if (text.value) socket.emit('input:text', { text: text.value });
        text.value = '';
        type(false);
        event.preventDefault();
      }
      return;
    }
    if (Object.prototype.hasOwnProperty.call(actions, event.key)) {
      event.preventDefault();
      actions[event.key]();
    }
  });
})();
