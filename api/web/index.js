/* The start page: makes a session, lists those that run, opens and closes them. */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa;
  var REFRESH = 3000; // ms
  var SURE = 4000; // ms for which a Close button waits for its second press
  var BARS = { wide: 56, narrow: 108 }; // height of the viewer's bars, as in style.css
  var listed = {}; // session id -> its row, so that a refresh leaves rows, and the focus in them, where they are

  function byId(id) { return document.getElementById(id); }
  function say(id, text) {
    byId(id).textContent = text || '';
    byId(id).hidden = !text;
  }
  function plural(count, word) { return count + ' ' + word + (count === 1 ? '' : 's'); }
  function ago(seconds) {
    if (seconds < 60) return 'just now';
    if (seconds < 3600) return plural(Math.floor(seconds / 60), 'minute') + ' ago';
    if (seconds < 86400) return plural(Math.floor(seconds / 3600), 'hour') + ' ago';
    return plural(Math.floor(seconds / 86400), 'day') + ' ago';
  }
  function pageOf(session) {
    var page = session.current_page;
    if (page && typeof page === 'object') page = page.title || page.url;
    return page && page !== 'about:blank' ? page : 'Empty page';
  }
  function viewer(id) { return Jiomosa.base + Jiomosa.sessionPath(id) + '/viewer'; }

  // ---- who asks, where the server wants to know
  function ask(message) {
    if (byId('login').hidden) byId('token').value = '';
    byId('login').hidden = false;
    byId('create').hidden = true;
    show([]);
    byId('empty').hidden = true;
    say('login-problem', Jiomosa.token() ? message : '');
    if (document.activeElement === document.body) byId('token').focus();
  }
  byId('login').addEventListener('submit', function (event) {
    event.preventDefault();
    Jiomosa.token(byId('token').value.trim());
    refresh();
  });

  // ---- a new session
  (function offerThisScreen() {
    var width = Math.round(root.innerWidth), height = Math.round(root.innerHeight - (root.innerWidth < 720 ? BARS.narrow : BARS.wide));
    var option = document.createElement('option');
    width = Math.max(160, Math.min(3840, width));
    height = Math.max(120, Math.min(2160, height));
    option.value = width + 'x' + height;
    option.textContent = width + ' × ' + height + ' (fits this screen)';
    byId('size').insertBefore(option, byId('size').firstChild);
    byId('size').selectedIndex = root.innerWidth < 900 ? 0 : 1; // a page made for 1280 is unreadable on a phone
  })();

  byId('create').addEventListener('submit', function (event) {
    var size = byId('size').value.split('x'), body = { width: +size[0], height: +size[1] }, button = byId('start');
    var url = byId('url').value.trim(), id = byId('session-id').value.trim();
    event.preventDefault();
    if (button.disabled) return;
    if (url) body.url = url;
    if (id) body.session_id = id;
    button.disabled = true;
    button.textContent = 'Starting…';
    say('problem');
    Jiomosa.rest('POST', '/api/session/create', body, function (error, data) {
      button.disabled = false;
      button.textContent = 'Start browser';
      if (error) return say('problem', error.message);
      if (!data.load_error) return root.location.assign(viewer(data.session_id));
      say('problem', 'The browser runs, but the page did not load: ' + data.load_error + ' Open it below and try another address.');
      refresh();
    });
  });

  // ---- those that run
  function row(session) {
    var item = document.createElement('li'), about = document.createElement('div'), page = document.createElement('strong');
    var facts = document.createElement('span'), open = document.createElement('a'), close = document.createElement('button'), timer = null;
    item.className = 'card session';
    open.className = 'go';
    open.href = viewer(session.session_id);
    open.textContent = 'Open';
    open.setAttribute('aria-label', 'Open ' + session.session_id);
    close.className = 'go plain';
    close.type = 'button';
    function calm() {
      clearTimeout(timer);
      timer = null;
      close.textContent = 'Close';
      close.className = 'go plain';
      close.setAttribute('aria-label', 'Close ' + session.session_id);
    }
    calm();
    close.addEventListener('click', function () {
      if (!timer) { // others may be watching, and what was typed there is lost: once more, then
        close.textContent = 'Really close?';
        close.className = 'go plain danger';
        close.setAttribute('aria-label', 'Really close ' + session.session_id + '?');
        timer = setTimeout(calm, SURE);
        return;
      }
      calm();
      close.disabled = true;
      Jiomosa.rest('POST', Jiomosa.sessionPath(session.session_id) + '/close', null, function (error) {
        close.disabled = false;
        say('list-problem', error && error.status !== 404 ? error.message : ''); // gone already is what was wanted
        refresh();
      });
    });
    about.appendChild(page);
    about.appendChild(facts);
    [about, open, close].forEach(function (element) { item.appendChild(element); });
    return {
      item: item,
      show: function (now) {
        page.textContent = pageOf(now);
        facts.textContent = now.session_id + ' · used ' + ago(Date.now() / 1000 - (now.last_activity || now.created_at));
      }
    };
  }

  function show(sessions) {
    var seen = {};
    sessions.forEach(function (session) {
      var id = session.session_id;
      seen[id] = true;
      if (!listed[id]) {
        listed[id] = row(session);
        byId('sessions').appendChild(listed[id].item);
      }
      listed[id].show(session);
    });
    Object.keys(listed).forEach(function (id) {
      if (seen[id]) return;
      byId('sessions').removeChild(listed[id].item);
      delete listed[id];
    });
    byId('empty').hidden = sessions.length > 0;
    byId('count').textContent = sessions.length ? plural(sessions.length, 'session') : '';
  }

  var timer = null;
  function refresh() {
    clearTimeout(timer);
    timer = null;
    Jiomosa.rest('GET', '/api/sessions', null, function (error, data) {
      if (error && error.status === 401) ask(error.message);
      else if (error) say('list-problem', error.message);
      else {
        byId('login').hidden = true;
        byId('create').hidden = false;
        if (byId('list-problem').dataset.refresh) say('list-problem');
        show(data.sessions || []);
      }
      byId('list-problem').dataset.refresh = error ? 'yes' : ''; // a failed refresh takes its own message back, and no other
      clearTimeout(timer);
      timer = setTimeout(function () { if (!document.hidden) refresh(); }, REFRESH);
    });
  }
  document.addEventListener('visibilitychange', function () { if (!document.hidden) refresh(); });
  refresh();
})(window);
