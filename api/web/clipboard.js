/* Text from the page's clipboard to this device's, and back. What the page copies comes as `clipboard`; `clipboard:set` goes the other way. */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa, make = Jiomosa.make;

  // Needs the press of a button or a key where there is no Clipboard API: plain http, old WebViews.
  function copyByHand(text) {
    var area = make('textarea', { 'aria-hidden': 'true', tabindex: '-1' }), before = document.activeElement, done = false;
    area.value = text;
    area.style.cssText = 'position: fixed; top: 0; left: 0; width: 1px; height: 1px; opacity: 0';
    document.body.appendChild(area);
    area.select();
    try { done = document.execCommand('copy'); } catch (error) { /* forbidden here */ }
    document.body.removeChild(area);
    if (before && before.focus) before.focus();
    return done;
  }
  // done(whether it is there now)
  Jiomosa.copy = function (text, done) {
    if (!root.navigator.clipboard || !root.navigator.clipboard.writeText) return done(copyByHand(text));
    root.navigator.clipboard.writeText(text).then(function () { done(true); }, function () { done(copyByHand(text)); });
  };

  // emit(event, data) -> sent or not; toast(text, kind, deed)
  Jiomosa.clipboard = function (emit, toast) {
    var area = null; // of the modal, while it is open

    function offer(text) { // the browser wants to see a press of a button first
      toast('The page copied a text.', 'good', { label: 'Copy it here', act: function () {
        Jiomosa.copy(text, function (done) { toast(done ? 'Copied.' : 'This browser does not let pages copy.', done ? 'good' : 'bad'); });
      } });
    }
    return {
      received: function (text) {
        if (area) {
          area.value = text;
          return;
        }
        Jiomosa.copy(text, function (done) { if (done) toast('Copied from the page.', 'good'); else offer(text); });
      },
      open: function () {
        area = make('textarea', { rows: 6, id: 'clipboard-text', spellcheck: 'false' });
        Jiomosa.modal({
          title: 'Clipboard of the page',
          body: [make('label', { 'class': 'field' }, [make('span', { text: 'Text' }), area]),
            make('p', { 'class': 'source', text: 'What the page has copied appears here. Change it, and the page pastes your text.' })],
          cancel: function () { area = null; },
          deeds: [{ label: 'Close', act: function () { area = null; } }, { label: 'Copy here', act: function () {
            Jiomosa.copy(area.value, function (done) { toast(done ? 'Copied.' : 'This browser does not let pages copy.', done ? 'good' : 'bad'); });
            return false;
          } }, { label: 'Give to the page', act: function () {
            emit('clipboard:set', { text: area.value });
            area = null;
          } }]
        });
        emit('clipboard:get', {});
      }
    };
  };
})(window);
