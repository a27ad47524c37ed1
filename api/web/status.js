/* What the viewer says: badge, read-outs, messages that pass by, and the notice that covers the picture. */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa;
  var TOAST = { bad: 7000, good: 2500, word: 20000 }; // ms; `word`: from the operator, to be read
  var PLAUSIBLE = 5000; // ms: an age beyond it, or below zero, tells about two clocks and not about the link
  var SAMPLES = 15;

  var byId = Jiomosa.byId, fill = Jiomosa.fill;

  Jiomosa.status = function (picture) {
    var badge = byId('badge'), notice = byId('notice'), toasts = byId('toasts');
    var ages = [], bytes = 0, since = Date.now(), live = false, newest = 0;

    function median() {
      var sorted = ages.slice().sort(function (a, b) { return a - b; });
      return sorted[Math.floor(sorted.length / 2)];
    }

    // Twice a second; a page that rests has no frames, which is how it should be, so it reads "still".
    setInterval(function () {
      var now = Date.now(), fps = picture.framesPerSecond();
      fill(byId('fps'), !live || !picture.shown ? '–' : fps ? fps + ' fps' : 'still');
      fill(byId('latency'), live && ages.length ? Math.round(median()) + ' ms' : '–');
      fill(byId('rate'), (bytes * 8 / 1e6 / ((now - since) / 1000)).toFixed(1) + ' Mbit/s');
      fill(byId('size'), picture.shown ? picture.width() + ' × ' + picture.height() : '–');
      fill(byId('counts'), picture.shown + ' shown, ' + picture.skipped + ' skipped');
      bytes = 0;
      since = now;
    }, 500);

    return {
      received: function (frame) { bytes += frame.size || 0; },
      // A picture that tells nothing of the link: the first one, which may have been waiting for somebody to come, and one that
      // was sent before, in another quality.
      joined: function () { newest = 0; },
      drawn: function (frame) {
        var age = Date.now() - frame.timestamp, before = newest;
        newest = frame.timestamp;
        if (!before || newest === before) return;
        if (age >= 0 && age < PLAUSIBLE) ages.push(age); else ages = [];
        if (ages.length > SAMPLES) ages.shift();
      },

      // kind: 'wait' | 'websocket' | 'polling' | 'pictures' | 'gone'; only the middle two are the live stream
      badge: function (kind, text, title) {
        live = kind === 'websocket' || kind === 'polling';
        badge.className = 'badge ' + kind;
        badge.title = title || '';
        fill(byId('badge-text'), text);
        document.body.classList[live || kind === 'pictures' ? 'remove' : 'add']('waiting');
      },

      // Covers the picture: title, text and, where nothing more can come, a way back to the start page.
      notice: function (title, text, final) {
        fill(byId('notice-title'), title || '');
        fill(byId('notice-text'), text || '');
        byId('notice-link').hidden = !final;
        byId('notice-spinner').hidden = !!final;
        notice.hidden = !title;
        if (final) byId('notice-link').focus();
      },

      // Takes back what is said better elsewhere.
      forget: function (text) {
        Array.prototype.slice.call(toasts.childNodes).forEach(function (toast) { if (toast.textContent === text) toasts.removeChild(toast); });
      },

      // kind: 'bad' or 'good'; good news stays for a moment only, and one at a time. deed: {label, act()}, a button beside it
      toast: function (text, kind, deed) {
        var last = toasts.lastChild, element;
        kind = kind || 'bad';
        if (last && last.textContent === text) return; // the same thing said twice helps nobody
        if (last && kind === 'good' && last.className === 'toast good') toasts.removeChild(last);
        function away() { if (element.parentNode) toasts.removeChild(element); }
        element = Jiomosa.make('p', { 'class': 'toast ' + kind, text: text, click: away });
        if (deed) element.appendChild(Jiomosa.make('button', { type: 'button', 'class': 'go plain', text: deed.label, click: deed.act }));
        toasts.appendChild(element);
        while (toasts.childNodes.length > 3) toasts.removeChild(toasts.firstChild);
        setTimeout(away, deed ? TOAST.bad : TOAST[kind]);
      }
    };
  };
})(window);
