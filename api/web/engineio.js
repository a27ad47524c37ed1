/* A small Socket.IO 5 / Engine.IO 4 client: Jiomosa.connect(url, options) -> socket. No dependencies, ES5 only.
 *
 * Three layers, lowest first: a transport moves packets (WebSocket, or GET and POST in turn), the engine shakes hands,
 * answers pings and upgrades polling to WebSocket, the socket speaks events and comes back after a break.
 * Why not the official bundle: docs/decisions/0003-own-socketio-client.md.
 *
 *   options  path ('/socket.io/'), transports (['websocket', 'polling'], tried in this order), upgrade (true), auth,
 *            timeout (5000), delay (500) and delayMax (8000): reconnection, in ms
 *   socket   state: connecting | connected | reconnecting | closed; transport: '' | websocket | polling; id
 *            on(event, f), off(event, f), emit(event, ...args) -> sent or not, retry() now, close() for good
 *   its own events  connect, disconnect(reason), connect_error(reason), reconnecting({attempt, delay}), transport(name)
 */
(function (root) {
  'use strict';
  var SEPARATOR = '\x1e'; // between the packets of one polling body
  var own = { connect: 1, disconnect: 1, connect_error: 1, reconnecting: 1, transport: 1 };

  function bytesOf(base64) {
    var text = atob(base64), bytes = new Uint8Array(text.length);
    for (var i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes.buffer;
  }

  // ---- transports: {name, send(packet), close()}, telling on.open(), on.packet(string or ArrayBuffer), on.close(reason)

  function openWebSocket(url, on) {
    var socket = new root.WebSocket(url('websocket').replace(/^http/, 'ws'));
    socket.binaryType = 'arraybuffer';
    socket.onopen = function () { on.open(); };
    socket.onmessage = function (event) { on.packet(event.data); };
    socket.onclose = function () { on.close('The WebSocket was closed.'); };
    return {
      name: 'websocket',
      send: function (packet) { if (socket.readyState === 1) socket.send(packet); },
      close: function () {
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
      }
    };
  }

  function openPolling(url, on) {
    var queue = [], reading = null, writing = null, closed = false, paused = null, count = 0;

    function request(method, body, done) {
      var xhr = new XMLHttpRequest();
      // The changing t keeps caches on the way from answering instead of the server.
      xhr.open(method, url('polling') + '&t=' + Date.now().toString(36) + (count++), true);
      if (body !== null) xhr.setRequestHeader('Content-Type', 'text/plain;charset=UTF-8');
      xhr.onload = function () {
        if (xhr.status === 200) done(xhr.responseText);
        else fail('The server answered ' + xhr.status + '.');
      };
      xhr.onerror = function () { fail('The server can not be reached.'); };
      xhr.send(body);
      return xhr;
    }
    function fail(reason) { if (!closed) { self.close(); on.close(reason); } }

    function read() {
      if (closed || paused || reading) return;
      reading = request('GET', null, function (text) {
        reading = null;
        var packets = text.split(SEPARATOR);
        for (var i = 0; i < packets.length && !closed; i++) {
          on.packet(packets[i].charAt(0) === 'b' ? bytesOf(packets[i].slice(1)) : packets[i]);
        }
        settle();
        read();
      });
    }
    function write() {
      if (closed || paused || writing || !queue.length) return;
      var body = queue.shift(); // one POST at a time keeps the order; what piled up meanwhile goes together
      while (queue.length && (body.length + queue[0].length) * 3 < self.maxPayload) body += SEPARATOR + queue.shift();
      writing = request('POST', body, function () { writing = null; settle(); write(); });
    }
    function settle() { if (paused && !closed && !reading && !writing) paused(queue); }

    var self = {
      name: 'polling',
      maxPayload: 100000, // in bytes, while a character has up to three; the handshake tells the true figure
      send: function (packet) { queue.push(packet); write(); },
      // Finish what is on the way, then hand over what is still unsent: an upgrade must neither lose nor double a packet.
      pause: function (done) { paused = done; settle(); },
      resume: function () { paused = null; read(); write(); },
      close: function () {
        closed = true;
        if (reading) reading.abort();
      }
    };
    read();
    return self;
  }

  // ---- engine: one connection, from handshake to its end; on.open(), on.message(data), on.transport(name), on.close(reason)

  function openEngine(base, options, on) {
    var names = options.transports.slice(), sid = '', transport = null, probe = null, timer = null, patience = 0, closed = false;

    function url(name) {
      return base + '?EIO=4&transport=' + name + (sid ? '&sid=' + encodeURIComponent(sid) : '');
    }
    function wait(ms, reason) {
      clearTimeout(timer);
      timer = setTimeout(function () { lost(reason); }, ms);
    }
    function next(reason) { // the first transport, or the one after a transport that did not get through
      var name = names.shift();
      if (!name) return setTimeout(function () { finish(reason); }, 0); // never before openEngine has returned
      try {
        transport = (name === 'websocket' ? openWebSocket : openPolling)(url, {
          open: function () {}, packet: packet, close: lost
        });
        wait(options.timeout, 'The server did not answer over ' + name + '.');
      } catch (error) { // no WebSocket in this browser, or forbidden by policy
        next(String(error.message || error));
      }
    }
    function lost(reason) {
      if (closed) return;
      if (transport) transport.close();
      if (sid) finish(reason); else next(reason);
    }
    function finish(reason) {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      if (probe) probe.close();
      if (transport) transport.close();
      on.close(reason);
    }

    function packet(data) {
      if (typeof data !== 'string') return on.message(data);
      switch (data.charAt(0)) {
        case '0': return opened(JSON.parse(data.slice(1)));
        case '1': return lost('The server ended the connection.');
        case '2': // the server pings; its silence is how a dead link shows, since TCP may say nothing for minutes
          wait(patience, 'The server has gone silent.');
          return transport.send('3' + data.slice(1));
        case '4': return on.message(data.slice(1));
      }
    }
    function opened(handshake) {
      sid = handshake.sid;
      patience = handshake.pingInterval + handshake.pingTimeout;
      if (handshake.maxPayload) transport.maxPayload = handshake.maxPayload;
      wait(patience, 'The server has gone silent.');
      on.transport(transport.name);
      on.open();
      var may = (handshake.upgrades || []).indexOf('websocket') >= 0 && options.transports.indexOf('websocket') >= 0;
      if (options.upgrade && may && transport.name === 'polling') upgrade();
    }
    function upgrade() {
      var polling = transport, limit = setTimeout(abandon, options.timeout), socket;
      function abandon() { // the probe failed: polling goes on as if nothing had been tried
        clearTimeout(limit);
        if (probe) probe.close();
        probe = null;
        if (!closed) polling.resume();
      }
      try {
        socket = probe = openWebSocket(url, {
          open: function () { socket.send('2probe'); },
          packet: function (data) {
            if (transport === socket) return packet(data);
            if (data !== '3probe') return;
            polling.pause(function (unsent) {
              clearTimeout(limit);
              if (closed || probe !== socket) return;
              probe = null;
              transport = socket;
              polling.close();
              socket.send('5');
              unsent.forEach(socket.send);
              on.transport('websocket');
            });
          },
          close: function (reason) { if (transport === socket) lost(reason); else abandon(); }
        });
      } catch (error) { abandon(); }
    }

    next('No transport is allowed.');
    return { send: function (data) { transport.send('4' + data); }, close: function () { finish('closed'); } };
  }

  // ---- socket: events over a succession of engines

  function filled(value, attachments) { // puts binary attachments where their placeholders stand
    if (!value || typeof value !== 'object') return value;
    if (value._placeholder) return attachments[value.num];
    for (var key in value) if (Object.prototype.hasOwnProperty.call(value, key)) value[key] = filled(value[key], attachments);
    return value;
  }

  function connect(url, given) {
    var options = {
      path: '/socket.io/', transports: ['websocket', 'polling'], upgrade: true, auth: null, timeout: 5000, delay: 500, delayMax: 8000
    };
    for (var key in given) options[key] = given[key];
    var handlers = {}, engine = null, attempt = 0, timer = null, joining = null, partial = null;

    function tell(event, values) {
      (handlers[event] || []).slice().forEach(function (handler) { handler.apply(null, values || []); });
    }
    function open() {
      clearTimeout(timer);
      partial = null;
      engine = openEngine((url || root.location.origin) + options.path, options, {
        open: function () {
          joining = setTimeout(function () { ended('The server did not let this page in.'); }, options.timeout);
          engine.send('0' + (options.auth ? JSON.stringify(options.auth) : ''));
        },
        transport: function (name) { socket.transport = name; tell('transport', [name]); },
        message: message,
        close: ended
      });
    }
    function ended(reason) {
      var was = socket.state, old = engine;
      clearTimeout(joining);
      if (was === 'closed' || !old) return;
      engine = null; // first, so that the engine's own farewell comes back to nobody
      old.close();
      socket.transport = socket.id = '';
      socket.state = 'reconnecting';
      // Half of the delay is chance: after a server's restart its viewers must not all come in the same instant.
      var delay = Math.round(Math.min(options.delayMax, options.delay * Math.pow(2, attempt++)) * (0.5 + Math.random() / 2));
      timer = setTimeout(open, delay);
      tell(was === 'connected' ? 'disconnect' : 'connect_error', [reason]);
      if (socket.state === 'reconnecting') tell('reconnecting', [{ attempt: attempt, delay: delay }]);
    }
    function message(data) {
      if (typeof data !== 'string') {
        if (!partial) return;
        partial.attachments.push(data);
        if (partial.attachments.length === partial.count) {
          data = filled(partial.event, partial.attachments);
          partial = null;
          deliver(data);
        }
        return;
      }
      // type, number of attachments and '-', namespace and ',', acknowledgement id, JSON: all but the type may be absent
      var head = /^(\d)(?:(\d+)-)?(?:\/[^,]*,)?\d*/.exec(data), body = head && data.slice(head[0].length);
      if (!head) return;
      switch (head[1]) {
        case '0':
          clearTimeout(joining);
          attempt = 0;
          socket.id = body ? JSON.parse(body).sid : '';
          socket.state = 'connected';
          return tell('connect');
        case '1': return ended('The server ended the connection.');
        case '2': return deliver(JSON.parse(body));
        case '4': return ended((body && JSON.parse(body).message) || 'The server refused the connection.');
        case '5': partial = { event: JSON.parse(body), count: +head[2], attachments: [] };
      }
    }
    function deliver(event) { if (!own[event[0]]) tell(event[0], event.slice(1)); }

    var socket = {
      state: 'connecting', transport: '', id: '',
      on: function (event, handler) { (handlers[event] = handlers[event] || []).push(handler); return socket; },
      off: function (event, handler) {
        handlers[event] = (handlers[event] || []).filter(function (one) { return handler && one !== handler; });
        return socket;
      },
      // Nothing is kept for later: a click on a picture of ten seconds ago must not land on another page.
      emit: function () {
        if (socket.state !== 'connected') return false;
        engine.send('2' + JSON.stringify(Array.prototype.slice.call(arguments)));
        return true;
      },
      retry: function () { if (socket.state === 'reconnecting' && !engine) open(); },
      close: function () {
        var old = engine;
        if (old && socket.state === 'connected') old.send('1');
        socket.state = 'closed';
        socket.transport = '';
        engine = null;
        clearTimeout(timer);
        clearTimeout(joining);
        if (old) old.close();
      }
    };
    open();
    return socket;
  }

  root.Jiomosa = root.Jiomosa || {};
  root.Jiomosa.connect = connect;
})(window);
