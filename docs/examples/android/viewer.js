/* A session in an Android WebView. The address has ?server=http://host:5000&session=ID, and #token where the server has a login.
 * The client (engineio.js) comes from the server, which lets this page in with CORS_ORIGINS=null where it is an asset of the app. */
(function () {
  'use strict';
  var query = {};
  location.search.slice(1).split('&').forEach(function (part) {
    var at = part.indexOf('=');
    query[part.slice(0, at)] = decodeURIComponent(part.slice(at + 1));
  });
  var server = query.server.replace(/\/$/, ''), token = location.hash.slice(1);
  var view = document.getElementById('view'), note = document.getElementById('note'), text = document.getElementById('text');
  var shown = null; // the address of the picture that is shown

  var script = document.createElement('script');
  script.src = server + '/web/engineio.js';
  script.onload = start;
  script.onerror = function () { note.textContent = server + ' does not answer, or does not let this page in (CORS_ORIGINS).'; };
  document.head.appendChild(script);

  function start() {
    var socket = Jiomosa.connect(server, token ? { auth: { token: token } } : {});
    var ratio = window.devicePixelRatio || 1;
    socket.on('connect', function () {
      socket.emit('subscribe', {
        session_id: query.session, format: 'binary',
        max_width: Math.round(view.clientWidth * ratio), max_height: Math.round(view.clientHeight * ratio)
      });
    });
    socket.on('subscribed', function () { note.textContent = ''; });
    socket.on('reconnecting', function () { note.textContent = 'The connection is lost; trying again'; });
    socket.on('status', function (data) { note.textContent = data.code || /^Loading/.test(data.message) ? data.message : ''; });
    socket.on('error', function (data) { note.textContent = data.message; });
    socket.on('frame', function (data) {
      var next = URL.createObjectURL(new Blob([data.image], { type: 'image/jpeg' }));
      view.src = next;
      if (shown) URL.revokeObjectURL(shown);
      shown = next;
    });

    // Where a finger is, in pixels of the picture; the image keeps its aspect, from the upper left corner.
    function pixel(touch) {
      var box = view.getBoundingClientRect();
      var scale = Math.min(box.width / view.naturalWidth, box.height / view.naturalHeight);
      return { x: (touch.clientX - box.left) / scale, y: (touch.clientY - box.top) / scale, scale: scale };
    }
    var first = null, last = null, moved = false;
    view.addEventListener('touchstart', function (event) {
      event.preventDefault();
      first = last = event.changedTouches[0];
      moved = false;
    }, { passive: false });
    view.addEventListener('touchmove', function (event) {
      var now = event.changedTouches[0];
      if (Math.abs(now.clientX - first.clientX) + Math.abs(now.clientY - first.clientY) > 10) moved = true;
      if (!moved || !view.naturalWidth) return;
      var scale = pixel(now).scale, at = pixel(first);
      socket.emit('input:scroll', {
        deltaX: (last.clientX - now.clientX) / scale, deltaY: (last.clientY - now.clientY) / scale, x: at.x, y: at.y
      });
      last = now;
    });
    view.addEventListener('touchend', function () {
      if (moved || !view.naturalWidth) return;
      var at = pixel(first);
      if (at.x < view.naturalWidth && at.y < view.naturalHeight) socket.emit('input:click', { x: at.x, y: at.y });
    });
    document.getElementById('form').addEventListener('submit', function (event) {
      event.preventDefault();
      if (text.value) socket.emit('input:text', { text: text.value });
      else socket.emit('input:key', { key: 'Enter' });
      text.value = '';
    });
  }
})();
