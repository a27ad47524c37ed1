/* The viewer page: ties the connection to picture, pointer, keyboard, controls and status.
 * ?transport=polling or ?transport=websocket in the address allows that transport only. */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa;
  var INFO_INTERVAL = 4000; // ms between two looks at title and address, which pages change by themselves
  var AFTER_INPUT = 700; // ms: a click or Enter often leads to another page
  var GONE = {
    not_found: 'The server knows no session with this name: it was closed, or the server was started anew.',
    session_closed: 'It was closed, by somebody or because the server stopped.',
    child_gone: 'Its browser stopped unexpectedly. Start another one.',
    unauthorized: 'This server wants to know who you are: begin at the start page, or with the address that was shared with you.',
    token_expired: 'Your token or ticket has expired. Begin anew at the start page, or ask for another address.',
    session_expired: 'It was idle for too long, so the server closed it.'
  };

  function byId(id) { return document.getElementById(id); }

  var stage = byId('stage'), area = byId('keys'), session = Jiomosa.sessionPath(Jiomosa.session), gone = false, soon = null, failures = 0;
  var touch = 'ontouchstart' in root || root.navigator.maxTouchPoints > 0;

  function emit(event, data) {
    if (event === 'input:click' || event === 'input:key') look(AFTER_INPUT);
    return socket.emit(event, data);
  }

  var picture = new Jiomosa.Picture(byId('picture'), stage, function (frame) {
    failures = 0;
    if (frame.timestamp) status.drawn(frame);
    if (!gone) status.notice(null);
  });
  var status = Jiomosa.status(picture);
  var settings = Jiomosa.settings(emit);
  var panel = Jiomosa.panel(byId('settings-button'), byId('settings'));
  var keyboard = Jiomosa.keyboard(area, emit, function () { address.focus(); });
  var address = Jiomosa.address(function (url, done) {
    Jiomosa.rest('POST', session + '/load', { url: url }, function (error, data) {
      done(error);
      if (error) return failed(error);
      if (data.page_info) address.show(data.page_info);
      look(0);
      if (!touch) keyboard.focus();
    });
  });
  Jiomosa.fullScreen(byId('full-screen'), stage);
  Jiomosa.pointer(byId('picture'), picture, emit, function (byTouch) {
    panel.close();
    if (!byTouch) keyboard.focus(); // a finger opens the on-screen keyboard only by its button: it covers half the page
  });

  // ---- the end of a session, and errors that are not
  function failed(error) {
    if (GONE[error.code]) end(error.code); else status.toast(error.message);
  }
  function lost(error) { return error && (error.status === 404 || error.status === 401); }
  function end(code) {
    if (gone) return;
    gone = true;
    socket.close();
    fallback.stop();
    panel.close();
    document.body.classList.add('ended'); // nothing on the page would do anything now, but for the way back
    status.badge('gone', 'ended');
    status.notice(/^unauth|^token/.test(code) ? 'You are not logged in' : 'This session is gone', GONE[code] || GONE.not_found, true);
  }

  // ---- title and address
  function look(delay) {
    clearTimeout(soon);
    if (gone) return;
    soon = setTimeout(function () {
      if (document.hidden) return look(INFO_INTERVAL);
      Jiomosa.rest('GET', session + '/info', null, function (error, info) {
        if (lost(error)) return end(error.code);
        if (info && info.page_info) address.show(info.page_info);
        look(INFO_INTERVAL);
      });
    }, delay);
  }

  // ---- the connection
  var only = /[?&]transport=(polling|websocket)\b/.exec(root.location.search);
  var socket = Jiomosa.connect('', {
    path: Jiomosa.base + '/socket.io/',
    auth: Jiomosa.token() ? { token: Jiomosa.token() } : null,
    transports: only ? [only[1]] : ['websocket', 'polling']
  });
  var fallback = Jiomosa.fallback(picture, function () {
    if (++failures > 2) unreachable('');
  });

  function waiting(text) {
    if (gone || fallback.running()) return;
    status.badge('wait', text);
    if (!picture.shown) status.notice(text, 'Jiomosa goes on trying by itself.');
  }
  function unreachable(reason) { // is it the session, the server, or only the live connection?
    Jiomosa.rest('GET', session + '/info', null, function (error) {
      if (gone || socket.state === 'connected') return;
      if (lost(error)) return end(error.code);
      if (error) {
        fallback.stop();
        return waiting('reconnecting…');
      }
      if (fallback.running()) return;
      status.badge('pictures', 'pictures only', 'The live connection does not get through. ' + reason);
      status.toast('The live connection does not get through, so you see a picture now and then and can not click or type. ' +
        'A firewall or proxy in between may be the reason.');
      fallback.start();
    });
  }
  function named(transport) {
    status.badge(transport, transport === 'websocket' ? 'WebSocket' : 'polling', transport === 'websocket' ?
      'Live over WebSocket' : 'Live over HTTP polling, which is slower: WebSocket ' + (only ? 'was not asked for' : 'does not get through'));
  }

  socket.on('connect', function () {
    fallback.stop();
    named(socket.transport);
    socket.emit('subscribe', { session_id: Jiomosa.session, format: root.createImageBitmap ? 'binary' : 'base64' });
  });
  socket.on('transport', function (transport) { if (socket.state === 'connected') named(transport); });
  socket.on('disconnect', function () { waiting('reconnecting…'); });
  socket.on('connect_error', function (reason) {
    waiting('reconnecting…');
    unreachable(reason);
  });
  socket.on('subscribed', function (data) {
    status.joined();
    settings.show(data);
    settings.again();
    look(0);
  });
  socket.on('frame', function (frame) {
    status.received(frame);
    picture.show(frame);
  });
  socket.on('cursor', function (data) {
    byId('picture').style.cursor = 'url(data:image/png;base64,' + data.image + ') ' + data.x + ' ' + data.y + ', default';
  });
  socket.on('quality:updated', settings.show);
  socket.on('fps:updated', settings.show);
  socket.on('adaptive:updated', settings.show);
  socket.on('status', function (data) { if (data && data.message) status.toast(data.message, 'good'); });
  socket.on('error', function (data) {
    failed({ code: data && data.code, message: (data && data.message) || 'The server refused that without saying why.' });
  });
  root.addEventListener('online', socket.retry);
  document.addEventListener('visibilitychange', function () { if (!document.hidden) socket.retry(); });

  // ---- small things
  byId('home').href = byId('notice-link').href = Jiomosa.base + '/';
  byId('keyboard').hidden = !touch;
  byId('keyboard').addEventListener('mousedown', function (event) { event.preventDefault(); }); // or it would close before it opens
  byId('keyboard').addEventListener('click', function () { if (keyboard.active()) keyboard.blur(); else keyboard.focus(true); });
  area.addEventListener('focus', function () { document.body.classList.add('typing'); });
  area.addEventListener('blur', function () { document.body.classList.remove('typing'); });
  document.addEventListener('keydown', function (event) {
    if (event.ctrlKey && !event.shiftKey && !event.altKey && event.keyCode === 76) { // Ctrl+L, as in every browser
      event.preventDefault();
      address.focus();
    }
  });

  waiting('connecting…');
  look(0);
})(window);
