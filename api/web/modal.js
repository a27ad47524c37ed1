/* What wants an answer before anything else: Jiomosa.modal(options) -> {close()}. Focus goes in, stays in, and comes back; Escape cancels.
 *
 *   options  title, body (elements), deeds ([{label, kind: 'plain'?, act()}], the last is the usual one), cancel() for Escape, wide, role
 * A form: Enter in a field does the last deed. act() and cancel() come after the modal has gone; an act that returns false keeps it.
 */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa, make = Jiomosa.make;
  var FOCUSABLE = 'a[href], button:not([disabled]), input:not([disabled]), select, textarea, [tabindex="0"]';
  var count = 0, open = [];

  Jiomosa.modalOpen = function () { return open.length > 0; };

  Jiomosa.modal = function (options) {
    var place = document.fullscreenElement || document.webkitFullscreenElement || document.body; // nothing else is seen in full screen
    var before = document.activeElement, id = 'modal-' + (++count), deeds = options.deeds, usual = deeds[deeds.length - 1], gone = false;
    var title = make('h2', { id: id, text: options.title });
    var body = make('div', { 'class': 'modal-body', id: id + '-body', tabindex: '0' }, options.body);
    var form = make('form', { submit: function (event) {
      event.preventDefault();
      run(usual);
    } }, [title, body, make('div', { 'class': 'modal-deeds' }, deeds.map(function (deed) {
      return make('button', deed === usual ? { type: 'submit', 'class': 'go', text: deed.label } : {
        type: 'button', 'class': 'go plain', text: deed.label, click: function () { run(deed); }
      });
    }))]);
    var veil = make('div', { 'class': 'veil' }, [make('div', {
      'class': 'modal' + (options.wide ? ' wide' : ''), role: options.role || 'dialog', 'aria-modal': 'true', 'aria-labelledby': id,
      'aria-describedby': id + '-body'
    }, [form])]);

    function run(deed) {
      if (gone || (deed.act && deed.act() === false)) return;
      close();
    }
    function close() {
      if (gone) return;
      gone = true;
      open.splice(open.indexOf(veil), 1);
      place.removeChild(veil);
      if (before && before.focus && document.body.contains(before)) before.focus();
    }

    veil.addEventListener('keydown', function (event) {
      event.stopPropagation(); // nothing that is typed here is meant for the page below
      if (event.keyCode === 27) {
        event.preventDefault();
        close();
        if (options.cancel) options.cancel();
      }
      if (event.keyCode !== 9) return;
      var all = Array.prototype.filter.call(form.querySelectorAll(FOCUSABLE), function (element) { return element.offsetWidth; });
      var edge = event.shiftKey ? all[0] : all[all.length - 1];
      if (document.activeElement !== edge && form.contains(document.activeElement)) return;
      event.preventDefault();
      (event.shiftKey ? all[all.length - 1] : all[0]).focus();
    });
    place.appendChild(veil);
    open.push(veil);
    (form.querySelector('.modal-body input:not([type="hidden"]), .modal-body textarea') || form.querySelector('[type="submit"]')).focus();
    return { close: close };
  };
})(window);
