/* The last resort: pictures over plain REST, where neither WebSocket nor Socket.IO's polling gets through.
 * One GET of the session's frame (PNG) after another, at the interval that the server names. No input goes this way. */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa = root.Jiomosa || {};

  // onFailure() is told when a picture does not come; whoever started this then finds out why
  Jiomosa.fallback = function (picture, onFailure) {
    var running = false, timer = null, interval = 1000, count = 0;

    function ask() {
      var address = Jiomosa.base + Jiomosa.sessionPath(Jiomosa.session) + '/frame?t=' + Date.now() + '-' + (count++);
      if (!Jiomosa.token()) return show(address, function () {});
      var xhr = new XMLHttpRequest(); // an <img> cannot show who asks
      xhr.open('GET', address, true);
      xhr.responseType = 'blob';
      Jiomosa.sign(xhr);
      xhr.onload = function () {
        if (xhr.status !== 200) return again(false);
        var local = root.URL.createObjectURL(xhr.response);
        show(local, function () { root.URL.revokeObjectURL(local); });
      };
      xhr.onerror = function () { again(false); };
      xhr.send();
    }
    function show(address, done) {
      picture.show({ src: address }, function (drawn) {
        done();
        again(drawn);
      });
    }
    function again(drawn) {
      if (!running) return;
      if (!drawn) onFailure();
      timer = setTimeout(ask, interval);
    }
    return {
      running: function () { return running; },
      start: function () {
        if (running) return;
        running = true;
        Jiomosa.rest('GET', '/api/info', null, function (error, info) {
          var seconds = info && info.session_config && info.session_config.frame_capture_interval;
          if (seconds > 0) interval = seconds * 1000;
          if (running) ask();
        });
      },
      stop: function () {
        running = false;
        clearTimeout(timer);
      }
    };
  };
})(window);
