/* The page's own dialogs, which its browser does not show, and its requests for a file. Each is asked here, and answered there.
 *
 * Several may be open at once, and other viewers see them too: whoever answers first answers for all (`dialog:closed`).
 */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa, make = Jiomosa.make;

  function host(url) { return (/^[a-z]+:\/\/([^/]+)/.exec(url || '') || [])[1] || 'This page'; }
  function field(label, type, value) {
    var input = make('input', { type: type, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' });
    input.value = value || '';
    return { input: input, label: make('label', { 'class': 'field' }, [make('span', { text: label }), input]) };
  }

  // emit(event, data) -> sent or not; toast(text, kind)
  Jiomosa.dialogs = function (emit, toast) {
    var open = {}; // id -> modal
    var declined = {}; // ids of requests for files: the page waits for nothing, so that there is nobody to tell

    function gone(id) {
      if (!open[id]) return;
      open[id].close();
      delete open[id];
    }
    function show(data) {
      if (open[data.id]) return; // told once more, on subscribing anew
      var text = make('p', { text: data.message || '' }), fields = {}, body = [text], title = host(data.url) + ' says', yes = 'OK', no = 'Cancel';
      function answer(accept) {
        var said = { id: data.id, accept: accept };
        if (accept) Object.keys(fields).forEach(function (name) { said[name] = fields[name].input.value; });
        delete open[data.id];
        emit('dialog:respond', said);
      }
      if (data.kind === 'prompt') fields.text = field('Your answer', 'text', data['default']);
      if (data.kind === 'login') {
        title = 'Log in to ' + host(data.url);
        fields.username = field('Name', 'text');
        fields.password = field('Password', 'password');
        yes = 'Log in';
      }
      if (data.kind === 'beforeunload') {
        title = 'Leave this page?';
        text.textContent = 'What you have entered at ' + host(data.url) + ' may be lost.';
        yes = 'Leave';
        no = 'Stay';
      }
      Object.keys(fields).forEach(function (name) { body.push(fields[name].label); });
      var deeds = [{ label: yes, act: function () { answer(true); } }];
      if (data.kind !== 'alert') deeds.unshift({ label: no, act: function () { answer(false); } });
      open[data.id] = Jiomosa.modal({ title: title, role: 'alertdialog', body: body, deeds: deeds, cancel: function () { answer(data.kind === 'alert'); } });
    }

    function file(data) {
      if (open[data.id] || declined[data.id]) return;
      var input = make('input', { type: 'file', multiple: !!data.multiple, accept: [].concat(data.accept || []).join(',') || null });
      var note = make('p', { 'class': 'source', role: 'status' });
      function decline() {
        delete open[data.id];
        declined[data.id] = true;
      }
      open[data.id] = Jiomosa.modal({
        title: data.multiple ? 'The page asks for files' : 'The page asks for a file',
        body: [make('p', { text: 'They are sent to the server, and from there to the page; nothing else of this device is.' }),
          make('label', { 'class': 'field' }, [make('span', { text: data.multiple ? 'Files of this device' : 'File of this device' }), input]), note],
        cancel: decline,
        deeds: [{ label: 'Cancel', act: decline }, { label: 'Hand over', act: function () {
          if (!input.files.length) {
            Jiomosa.fill(note, 'Choose one first.');
            return false;
          }
          Jiomosa.fill(note, 'Sending…');
          Jiomosa.upload(data, input.files, function (error) {
            if (error) return Jiomosa.fill(note, error.message);
            gone(data.id);
            toast(Jiomosa.plural(input.files.length, 'file') + ' handed over.', 'good');
          });
          return false;
        } }]
      });
    }

    return {
      show: show,
      file: file,
      closed: function (data) { gone(data.id); },
      // Without a connection nothing can be answered; what is still open is told again with the next one.
      reset: function () { Object.keys(open).forEach(gone); }
    };
  };
})(window);
