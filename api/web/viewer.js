/* The viewer page: ties the connection to picture, pointer, keyboard, browsing, dialogs and status. Its commands are in deeds.js.
 * ?transport=polling or ?transport=websocket in the address allows that transport only.
 */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa, byId = Jiomosa.byId;
  var INFO_INTERVAL = 4000; // ms between two looks at title and address, where the server does not tell them by itself
  var SENT_AWAY = 1500; // ms from a `forbidden` to the end of the connection that it explains
  var AFTER_INPUT = 700; // ms: a click or Enter often leads to another page
  var ADDRESS = { load_failed: 1, unreachable: 1, forbidden_address: 1 }; // codes of what is said below the address bar
  var QUIET = { superseded: 1, stopped: 1 }; // of a load that whoever is told has ended themselves
  var DEEDS = { resize: 'deed-resize', 'clipboard:get': 'deed-clipboard' }; // in the menu, of events that not all servers know
  var GONE = {
    not_found: 'The server knows no session with this name: it was closed, or the server was started anew.',
    session_closed: 'It was closed, by somebody or because the server stopped.',
    child_gone: 'Its browser stopped unexpectedly. Start another one.',
    unauthorized: 'This server wants to know who you are: begin at the start page, or with the address that was shared with you.',
    token_expired: 'Your token or ticket has expired. Begin anew at the start page, or ask for another address.',
    token_revoked: 'Your token or ticket has been withdrawn. Begin anew at the start page, or ask for another address.',
    session_expired: 'It was idle for too long, so the server closed it.'
  };

  var stage = byId('stage'), area = byId('keys'), canvas = byId('picture'), session = Jiomosa.sessionPath(Jiomosa.session);
  var gone = false, soon = null, failures = 0, missing = {};
  var touch = 'ontouchstart' in root || root.navigator.maxTouchPoints > 0, fingers = false; // fingers: the last press was one

  function can(event) { return !missing[event]; }
  function emit(event, data) {
    if (missing[event]) return false;
    if (event === 'input:click' || event === 'input:up' || event === 'input:key') look(AFTER_INPUT);
    return socket.emit(event, data);
  }
  // A server of an earlier version says so, once for each event; what it offers instead goes on.
  function unknown(message) {
    var event = (/^There is no event '([a-z:]+)'/.exec(message || '') || [])[1];
    if (!event) return false;
    if (event === 'input:down' && !missing[event]) pointer.missing();
    if (event === 'input:touch') touching.real(false);
    if (DEEDS[event]) byId(DEEDS[event]).hidden = true;
    missing[event] = true;
    return true;
  }

  var picture = new Jiomosa.Picture(canvas, stage, function (frame) {
    failures = 0;
    if (frame.timestamp) status.drawn(frame);
    if (!gone) status.notice(null);
  });
  picture.onZoom = function (zoom) { byId('zoom-out').hidden = zoom < 1.01; };
  var status = Jiomosa.status(picture);
  var settings = Jiomosa.settings(emit);
  var statistics = Jiomosa.statistics(emit, function () { return { fps: picture.framesPerSecond() }; });
  var panels = { settings: Jiomosa.panel(byId('settings')), statistics: Jiomosa.panel(byId('statistics'), statistics.toggle) };
  var keyboard = Jiomosa.keyboard(area, emit);
  var dialogs = Jiomosa.dialogs(emit, status.toast);
  var clipboard = Jiomosa.clipboard(emit, status.toast);
  var browsing = Jiomosa.browsing(emit, function (url, done) {
    Jiomosa.rest('POST', session + '/load', { url: url }, function (error, data) {
      done(error);
      if (error) return GONE[error.code] ? end(error.code) : null;
      if (data.page_info) browsing.info(data.page_info);
      look(0);
    });
  }, function () { if (!touch) keyboard.focus(); });
  function pressed(byTouch) {
    fingers = byTouch;
    panels.settings.toggle(false);
    if (!byTouch) keyboard.focus(); // a finger opens the on-screen keyboard only for a field, or by its button: it covers half the page
  }
  var pointer = Jiomosa.pointer(canvas, picture, emit, can, pressed);
  var touching = Jiomosa.touch(canvas, picture, pointer, emit, pressed);

  // ---- the end of a session, and errors that are not
  function failed(error) {
    if (GONE[error.code]) end(error.code);
    else if (QUIET[error.code] || unknown(error.message)) return;
    else if (ADDRESS[error.code]) {
      status.forget(error.message); // all viewers are told it as a `status`, too
      browsing.problem(error.message);
    }
    else status.toast(error.message);
  }
  var sentAway = null; // {message, at}: what may be why the server is about to end the connection
  function lost(error) { return error && (error.status === 404 || error.status === 401); }
  function end(code, words) {
    if (gone) return;
    gone = true;
    socket.close();
    fallback.stop();
    dialogs.reset();
    Object.keys(panels).forEach(function (name) { panels[name].toggle(false); });
    document.body.classList.add('ended'); // nothing on the page would do anything now, but for the way back
    status.badge('gone', 'ended');
    status.notice(/^unauth|^token/.test(code) ? 'You are not logged in' : code === 'forbidden' ? 'You were sent away' : 'This session is gone',
      words || GONE[code] || GONE.not_found, true);
  }

  // ---- title and address, where `page` does not tell them
  function look(delay) {
    clearTimeout(soon);
    if (gone || browsing.told()) return;
    soon = setTimeout(function () {
      if (document.hidden) return look(INFO_INTERVAL);
      Jiomosa.rest('GET', session + '/info', null, function (error, info) {
        if (lost(error)) return end(error.code);
        if (info) known(info);
        look(INFO_INTERVAL);
      });
    }, delay);
  }
  function known(info) {
    if (info.page_info) browsing.info(info.page_info);
    touching.real(!!info.touch && can('input:touch'));
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
    missing = {}; // it may be another server than before
    socket.emit('subscribe', { session_id: Jiomosa.session, format: root.createImageBitmap ? 'binary' : 'base64' });
  });
  socket.on('transport', function (transport) { if (socket.state === 'connected') named(transport); });
  socket.on('disconnect', function () {
    dialogs.reset();
    if (sentAway && Date.now() - sentAway.at < SENT_AWAY) return end('forbidden', sentAway.message);
    waiting('reconnecting…');
  });
  socket.on('connect_error', function (reason) {
    waiting('reconnecting…');
    unreachable(reason);
  });
  socket.on('subscribed', function (data) {
    status.joined();
    keyboard.forget();
    settings.show(data);
    settings.again();
    statistics.again();
    Jiomosa.rest('GET', session + '/info', null, function (error, info) {
      if (info) known(info);
      look(INFO_INTERVAL);
    });
  });
  socket.on('frame', function (frame) {
    status.received(frame);
    picture.show(frame);
  });
  socket.on('cursor', function (data) {
    canvas.style.cursor = 'url(data:image/png;base64,' + data.image + ') ' + data.x + ' ' + data.y + ', default';
  });
  socket.on('page', browsing.page);
  socket.on('tab:list', function (data) { browsing.tabs(data.tabs || []); });
  socket.on('dialog', dialogs.show);
  socket.on('dialog:closed', dialogs.closed);
  socket.on('file', dialogs.file);
  socket.on('file:closed', dialogs.closed);
  socket.on('clipboard', function (data) { clipboard.received(data.text || ''); });
  socket.on('focus', function (field) {
    var at = field.editable && typeof field.x === 'number' && picture.shown ? picture.onStage(field) : null;
    byId('keyboard').classList[field.editable ? 'add' : 'remove']('keyboard-wanted');
    keyboard.field(field, at, fingers);
  });
  socket.on('stats', statistics.show);
  socket.on('quality:updated', settings.show);
  socket.on('fps:updated', settings.show);
  socket.on('adaptive:updated', settings.show);
  socket.on('status', function (data) {
    if (!data || (browsing.told() && /^Load(ed|ing) /.test(data.message))) return; // the address bar shows it
    if (ADDRESS[data.code]) browsing.problem(data.message); // of a link that leads nowhere
    else if (data.message) status.toast(data.message, data.code === 'operator_message' ? 'word' : 'good');
  });
  socket.on('error', function (data) {
    if (data && data.code === 'forbidden') sentAway = { message: data.message, at: Date.now() };
    failed({ code: data && data.code, message: (data && data.message) || 'The server refused that without saying why.' });
  });
  root.addEventListener('online', socket.retry);
  document.addEventListener('visibilitychange', function () { if (!document.hidden) socket.retry(); });

  // ---- small things
  byId('home').href = byId('notice-link').href = Jiomosa.base + '/';
  byId('keyboard').hidden = !touch;
  byId('keyboard').addEventListener('mousedown', function (event) { event.preventDefault(); }); // or it would close before it opens
  area.addEventListener('focus', function () { document.body.classList.add('typing'); });
  area.addEventListener('blur', function () { document.body.classList.remove('typing'); });

  Jiomosa.deeds({
    emit: emit, browsing: browsing, keyboard: keyboard, clipboard: clipboard, panels: panels, picture: picture, stage: stage, touching: touching,
    toast: status.toast
  });
  waiting('connecting…');
  look(0);
})(window);
