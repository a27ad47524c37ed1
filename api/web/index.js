/* The start page: makes a session, lists those that run, opens and ends them. */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa, byId = Jiomosa.byId, make = Jiomosa.make, say = Jiomosa.say;
  var REFRESH = 3000; // ms
  var listed = {}; // session id -> its card, so that a refresh leaves cards, and the focus in them, where they are
  var thumbnails = Jiomosa.thumbnails();

  function viewer(id) { return Jiomosa.base + Jiomosa.sessionPath(id) + '/viewer'; }

  var login = Jiomosa.login(['create'], function () { refresh(); });

  // ---- a new session
  Jiomosa.presets(function (body, done) {
    say('problem');
    Jiomosa.rest('POST', '/api/session/create', body, function (error, data) {
      done();
      if (error) return say('problem', error.message);
      if (!data.load_error) return root.location.assign(viewer(data.session_id));
      say('problem', 'The browser runs, but the page did not load: ' + data.load_error + ' Open it below and try another address.');
      refresh();
    });
  });

  // ---- those that run
  function card(session) {
    var id = session.session_id, image = make('img', { alt: '', hidden: true });
    var title = make('strong'), address = make('span', { 'class': 'address-line' }), facts = make('span', { 'class': 'facts-line' });
    var end = Jiomosa.sureButton('End', id, function (button) { // others may be watching, and what was typed there is lost
      button.disabled = true;
      Jiomosa.rest('POST', Jiomosa.sessionPath(id) + '/close', null, function (error) {
        button.disabled = false;
        say('list-problem', error && error.status !== 404 ? error.message : ''); // gone already is what was wanted
        refresh();
      });
    });
    return {
      item: make('li', { 'class': 'card session' }, [
        make('a', { 'class': 'thumbnail', href: viewer(id), tabindex: '-1', 'aria-hidden': 'true' }, [image]),
        make('div', { 'class': 'about' }, [title, address, facts]),
        make('div', { 'class': 'deeds' }, [make('a', { 'class': 'go', href: viewer(id), text: 'Open', 'aria-label': 'Open ' + id }), end])
      ]),
      show: function (now) {
        var page = now.current_page && now.current_page !== 'about:blank' ? now.current_page : '';
        var words = [id];
        if (now.width) words.push(now.width + ' × ' + now.height);
        if (now.viewers) words.push(now.viewers + ' watching');
        else words.push('used ' + Jiomosa.ago(Date.now() / 1000 - (now.last_activity || now.created_at)));
        Jiomosa.fill(title, now.title || page || 'Empty page');
        Jiomosa.fill(address, now.title && page ? page.replace(/^https?:\/\//, '') : ' ');
        Jiomosa.fill(facts, words.join(' · '));
        thumbnails.show(id, image, page);
      }
    };
  }

  function show(sessions) {
    var seen = {};
    sessions.forEach(function (session) {
      var id = session.session_id;
      seen[id] = true;
      if (!listed[id]) {
        listed[id] = card(session);
        byId('sessions').appendChild(listed[id].item);
      }
      listed[id].show(session);
    });
    Object.keys(listed).forEach(function (id) {
      if (seen[id]) return;
      byId('sessions').removeChild(listed[id].item);
      thumbnails.forget(id);
      delete listed[id];
    });
    byId('empty').hidden = sessions.length > 0;
    Jiomosa.fill(byId('count'), sessions.length ? Jiomosa.plural(sessions.length, 'session') : '');
  }

  var timer = null;
  function refresh() {
    clearTimeout(timer);
    timer = null;
    Jiomosa.rest('GET', '/api/sessions', null, function (error, data) {
      if (error && error.status === 401) {
        login.ask(error.message);
        show([]);
        byId('empty').hidden = true;
      } else if (error) say('list-problem', error.message);
      else {
        login.done();
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
