/* Small pictures of the sessions in the list, each asked for again every few seconds while somebody looks.
 *
 * A poll is demand: it wakes a page and begins its session's time anew. So these are `passive`, which is neither and shows what somebody
 * else caused last; but for the first of each session, and the one after its address has become another, or the list would show what
 * was there before. An animation that nobody watches therefore stands still here. One at a time, only of rows in sight, and never on a
 * hidden page.
 */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa;
  var PAUSE = 4000; // ms between two rounds
  var WIDTH = 320; // pixels at most

  Jiomosa.thumbnails = function () {
    var shown = {}, timer = null, busy = false;

    function inSight(image) {
      var rect = image.getBoundingClientRect();
      return rect.bottom > 0 && rect.top < root.innerHeight;
    }
    function ask(id, done) {
      var entry = shown[id], xhr = new XMLHttpRequest(), page = entry.page;
      var query = '/frame.jpg?max_width=' + WIDTH + '&max_height=' + WIDTH + '&quality=60' + (entry.seen === page ? '&passive=true' : '');
      xhr.open('GET', Jiomosa.base + Jiomosa.sessionPath(id) + query, true);
      xhr.responseType = 'blob';
      xhr.timeout = PAUSE * 2;
      Jiomosa.sign(xhr);
      if (entry.tag) xhr.setRequestHeader('If-None-Match', entry.tag);
      xhr.onload = function () {
        if (xhr.status === 200 || xhr.status === 304) entry.seen = page;
        if (xhr.status === 200) {
          var old = entry.image.src;
          entry.tag = xhr.getResponseHeader('ETag') || '';
          entry.image.onload = function () { if (/^blob:/.test(old)) root.URL.revokeObjectURL(old); };
          entry.image.src = root.URL.createObjectURL(xhr.response);
          entry.image.hidden = false;
        }
      };
      xhr.onloadend = done; // whatever went wrong: the list itself says so, and the next round tries again
      xhr.send();
    }
    function round() {
      var ids = Object.keys(shown).filter(function (id) { return inSight(shown[id].image.parentNode); });
      clearTimeout(timer);
      if (busy) return;
      busy = true;
      (function next() {
        while (ids.length && !shown[ids[0]]) ids.shift();
        if (ids.length && !document.hidden) return ask(ids.shift(), next);
        busy = false;
        timer = setTimeout(round, PAUSE);
      })();
    }
    document.addEventListener('visibilitychange', function () { if (!document.hidden) round(); });

    return {
      // page: what the list says the session shows
      show: function (id, image, page) {
        if (shown[id]) shown[id].page = page;
        else {
          shown[id] = { image: image, page: page, seen: null, tag: '' };
          clearTimeout(timer);
          timer = setTimeout(round, 0);
        }
      },
      forget: function (id) {
        if (shown[id] && /^blob:/.test(shown[id].image.src)) root.URL.revokeObjectURL(shown[id].image.src);
        delete shown[id];
      }
    };
  };
})(window);
