/* The operator's page: GET /api/admin/overview every other second, and what can be done about what it shows. */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa, byId = Jiomosa.byId, make = Jiomosa.make, fill = Jiomosa.fill, say = Jiomosa.say;
  var REFRESH = 2000; // ms
  var FAST = 1000; // Mbit/s: what is above is one machine talking to itself
  var DROPS = {
    link: 'Frames left out: link busy', pace: 'Frames left out: over the chosen rate', encoder: 'Frames left out: encoders busy'
  };
  var cards = {}; // session id -> its card; cards stay where they are, and with them the focus
  var login = Jiomosa.login(['overview'], function () { refresh(); });

  function percent(share) { return (share * 100).toFixed(share < 0.1 ? 1 : 0) + '%'; }
  function count(number) { return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, '\u202f'); }
  function cell(text, number) { return make('td', { text: text, 'class': number ? 'number' : null }); }

  // ---- what an operator does
  function act(path, body, done) {
    Jiomosa.rest('POST', '/api/admin/' + path, body, function (error, data) {
      say('problem', error && error.message);
      if (!error) fill(byId('told'), data.message || 'Told ' + Jiomosa.plural(data.told, 'viewer') + '.');
      if (done) done();
      refresh();
    });
  }
  // Asks for a sentence; act(sentence) when it has been given.
  function ask(title, label, word, needed, given) {
    var input = make('input', { type: 'text', maxlength: 1000, required: needed });
    Jiomosa.modal({
      title: title, body: [make('label', { 'class': 'field' }, [make('span', { text: label }), input])],
      deeds: [{ label: 'Cancel' }, { label: word, act: function () {
        var text = input.value.trim();
        if (needed && !text) return false;
        given(text ? { message: text } : {});
        return true;
      } }]
    });
  }
  function button(label, what, press, danger) {
    return make('button', { type: 'button', 'class': 'go plain' + (danger ? ' danger' : ''), text: label, 'aria-label': label + ' ' + what, click: press });
  }

  // ---- sessions
  var COLUMNS = ['Viewer', 'From', 'Picture', 'fps', 'Rate', 'Quality', 'Link', 'Left out', ''];
  function viewerRow(viewer) {
    var link = viewer.link, drops = viewer.drops, who = viewer.sub || viewer.viewer_id.slice(0, 8);
    var path = 'viewer/' + encodeURIComponent(viewer.viewer_id);
    return make('tr', {}, [
      cell(who), cell(viewer.address + ' · ' + viewer.transport), cell(viewer.width + ' × ' + viewer.height + (viewer.grayscale ? ', grey' : '')),
      cell(viewer.fps.toFixed(0) + ' of ' + viewer.fps_limit, true), cell(Jiomosa.bytes(viewer.bytes_per_second) + '/s', true),
      cell(viewer.quality + (viewer.adaptive ? '' : ' fixed'), true),
      cell(link.mbit === null && link.rtt_ms === null ? '–' : (link.mbit === null ? '' : (link.mbit > FAST ? 'over ' + FAST : link.mbit.toFixed(1)) + ' Mbit/s ') +
        (link.rtt_ms === null ? '' : link.rtt_ms.toFixed(0) + ' ms'), true),
      cell(count(drops.link + drops.pace + drops.encoder), true),
      make('td', {}, [
        viewer.transport !== 'mjpeg' && button('Message', 'to ' + who, function () {
          ask('Message to ' + who, 'Message', 'Send', true, act.bind(null, path + '/message'));
        }),
        button('Disconnect', who, function () {
          ask('Disconnect ' + who + '?', 'Reason (may stay empty)', 'Disconnect', false, act.bind(null, path + '/disconnect'));
        }, true)
      ])
    ]);
  }
  function card(id) {
    var path = 'session/' + encodeURIComponent(id), title = make('h3'), address = make('span'), facts = make('span');
    var cpu = make('b'), memory = make('b'), mark = make('span', { 'class': 'mark', hidden: true, text: 'starting again' });
    var body = make('tbody'), last = '';
    var table = make('div', { 'class': 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Viewers of ' + id }, [make('table', {}, [
      make('thead', {}, [make('tr', {}, COLUMNS.map(function (name, index) {
        return name ? make('th', { scope: 'col', text: name, 'class': index > 2 ? 'number' : null }) : make('td');
      }))]), body])]);
    return {
      item: make('section', { 'class': 'card session', 'aria-label': 'Session ' + id }, [make('div', { 'class': 'session-head' }, [
        make('div', { 'class': 'about' }, [title, address, facts]), mark,
        make('div', { 'class': 'load' }, [make('span', {}, [make('small', { text: 'CPU' }), cpu]), make('span', {}, [make('small', { text: 'Memory' }), memory])]),
        make('a', { 'class': 'go plain', href: Jiomosa.base + Jiomosa.sessionPath(id) + '/viewer', text: 'Open', 'aria-label': 'Open ' + id }),
        button('Message', 'to all of ' + id, function () {
          ask('Message to all viewers of ' + id, 'Message', 'Send', true, act.bind(null, path + '/message'));
        }),
        button('End', id, function () {
          ask('End ' + id + '?', 'Reason, which its viewers are told (may stay empty)', 'End the session', false, act.bind(null, path + '/end'));
        }, true)
      ]), table]),
      show: function (session, now) {
        var page = session.page_info;
        fill(title, page.title || page.url || 'Empty page');
        fill(address, page.url);
        fill(facts, [id, session.owner, session.width + ' × ' + session.height, 'for ' + Jiomosa.duration(now - session.created_at),
          count(session.frames) + (session.frames === 1 ? ' frame' : ' frames'), session.rebuilds ? Jiomosa.plural(session.rebuilds, 'restart') : ''].filter(Boolean).join(' · '));
        fill(cpu, percent(session.cpu));
        fill(memory, Jiomosa.bytes(session.memory));
        mark.hidden = !session.rebuilding;
        table.hidden = !session.viewers.length;
        if (JSON.stringify(session.viewers) === last || body.contains(document.activeElement)) return; // never pull a button from under somebody
        last = JSON.stringify(session.viewers);
        body.textContent = '';
        session.viewers.forEach(function (viewer) { body.appendChild(viewerRow(viewer)); });
      }
    };
  }

  // ---- the whole
  function tile(name, value, note) {
    return make('div', {}, [make('dt', { text: name }), make('dd', { text: value }, [note && make('small', { text: note })])]);
  }
  function show(data) {
    var viewers = 0, cpu = 0, memory = 0, seen = {};
    data.sessions.forEach(function (session) {
      seen[session.session_id] = true;
      viewers += session.viewers.length;
      if (!cards[session.session_id]) {
        cards[session.session_id] = card(session.session_id);
        byId('sessions').appendChild(cards[session.session_id].item);
      }
      cards[session.session_id].show(session, data.now);
    });
    Object.keys(cards).forEach(function (id) {
      if (seen[id]) return;
      byId('sessions').removeChild(cards[id].item);
      delete cards[id];
    });
    data.processes.forEach(function (process) {
      cpu += process.cpu;
      memory += process.memory;
    });
    byId('empty').hidden = data.sessions.length > 0;
    fill(byId('about'), 'Version ' + data.version + ', up for ' + Jiomosa.duration(data.now - data.started_at));
    var restarts = data.restarts.browser + data.restarts.encoder + data.restarts.egress, tiles = byId('tiles');
    tiles.textContent = '';
    [['Sessions', String(data.sessions.length), data.warm_sessions ? data.warm_sessions + ' more kept warm' : ''],
      ['Viewers', String(viewers), Jiomosa.plural(data.connections, 'connection')], ['CPU', percent(cpu), 'of one core'],
      ['Memory', Jiomosa.bytes(memory), Jiomosa.plural(data.processes.length, 'process').replace(/ss(es)?s$/, 'sses')],
      ['Restarts', String(restarts), 'browsers, encoders, egress']].forEach(function (entry) { tiles.appendChild(tile.apply(null, entry)); });

    var rows = byId('processes'), most = Math.max.apply(null, data.processes.map(function (process) { return process.cpu; }).concat(1));
    rows.textContent = '';
    data.processes.forEach(function (process) {
      var bar = make('i');
      bar.style.width = process.cpu / most * 100 + '%';
      rows.appendChild(make('tr', {}, [cell(process.kind), cell(process.session_id || ''),
        make('td', { 'class': 'number' }, [make('span', { 'class': 'meter', 'aria-hidden': 'true' }, [bar]), document.createTextNode(percent(process.cpu))]),
        cell(Jiomosa.bytes(process.memory), true), cell(String(process.pid))]));
    });
    var counts = byId('counts');
    counts.textContent = '';
    function counted(name, number) {
      counts.appendChild(make('dt', { text: name }));
      counts.appendChild(make('dd', { text: count(number) }));
    }
    Object.keys(data.dropped).forEach(function (cause) { counted(DROPS[cause] || 'Frames left out: ' + cause, data.dropped[cause]); });
    counted('Browsers started again', data.restarts.browser);
    counted('Encoders started again', data.restarts.encoder);
    counted('Egress started again', data.restarts.egress);
    Object.keys(data.refused).forEach(function (reason) { counted('Sessions refused: ' + reason, data.refused[reason]); });
  }

  var timer = null;
  function refresh() {
    clearTimeout(timer);
    Jiomosa.rest('GET', '/api/admin/overview', null, function (error, data) {
      if (error && (error.status === 401 || error.status === 403)) login.ask(error.message);
      else if (error) say('problem', error.message);
      else {
        login.done();
        if (byId('problem').dataset.refresh) say('problem');
        show(data);
      }
      byId('problem').dataset.refresh = error ? 'yes' : ''; // a failed refresh takes its own message back, and no other
      clearTimeout(timer);
      timer = setTimeout(function () { if (!document.hidden) refresh(); }, REFRESH);
    });
  }
  document.addEventListener('visibilitychange', function () { if (!document.hidden) refresh(); });
  refresh();
})(window);
