/* Shares a session: an address with a ticket to it, for somebody who may watch or also act, for as long as is chosen. */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa, make = Jiomosa.make;

  function choice(label, id, options) {
    return make('label', { 'class': 'field' }, [make('span', { text: label }), make('select', { id: id }, options.map(function (pair) {
      return make('option', { value: pair[0], text: pair[1] });
    }))]);
  }

  // toast(text, kind)
  Jiomosa.share = function (toast) {
    var link = make('input', { type: 'text', id: 'share-link', readonly: true, 'aria-label': 'Address to share', focus: function () { link.select(); } });
    var note = make('p', { 'class': 'source', role: 'status', text: 'Making a ticket…' });
    var access = choice('They may', 'share-access', [['watch', 'watch'], ['control', 'watch, click and type']]);
    var seconds = choice('For', 'share-seconds', [[300, '5 minutes'], [3600, 'an hour'], [86400, 'a day']]);

    function ticket() {
      var wanted = { access: access.querySelector('select').value, seconds: +seconds.querySelector('select').value };
      Jiomosa.rest('POST', Jiomosa.sessionPath(Jiomosa.session) + '/ticket', wanted, function (error, data) {
        if (!error) {
          link.value = data.viewer_url;
          return Jiomosa.fill(note, 'Whoever has this address needs no login, until ' + new Date(data.expires_at * 1000).toLocaleTimeString() + '.');
        }
        // Where nobody logs in there are no tickets, and none is needed.
        var open = error.status === 400 || error.status === 404;
        link.value = open ? root.location.href.split('#')[0] : '';
        access.hidden = seconds.hidden = open;
        Jiomosa.fill(note, open ? 'Nobody logs in to this server: whoever reaches it can watch, click and type.' : error.message);
      });
    }
    access.addEventListener('change', ticket);
    seconds.addEventListener('change', ticket);
    ticket();
    Jiomosa.modal({
      title: 'Share this session',
      body: [access, seconds, link, note],
      deeds: [{ label: 'Close' }, { label: 'Copy the address', act: function () {
        if (!link.value) return false;
        Jiomosa.copy(link.value, function (done) {
          toast(done ? 'The address has been copied.' : 'This browser does not let pages copy: select the address by hand.', done ? 'good' : 'bad');
        });
        return true;
      } }]
    });
  };
})(window);
