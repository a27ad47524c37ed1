/* REST for the pages: Jiomosa.rest(method, path, body, done), done(error, data); error is {message, code, status}.
 * XMLHttpRequest, since the oldest WebViews have no fetch. Paths start at Jiomosa.base, so that a proxy may add a prefix. */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa = root.Jiomosa || {};
  // '/some/prefix/api/session/abc/viewer' and '/some/prefix/' are served by the same server.
  var path = /^(.*?)\/api\/session\/([^/]+)/.exec(root.location.pathname);
  Jiomosa.base = path ? path[1] : root.location.pathname.replace(/\/[^/]*$/, '');
  Jiomosa.session = path ? decodeURIComponent(path[2]) : '';
  Jiomosa.sessionPath = function (id) { return '/api/session/' + encodeURIComponent(id); };

  Jiomosa.rest = function (method, path, body, done) {
    var xhr = new XMLHttpRequest();
    xhr.open(method, Jiomosa.base + path, true);
    xhr.setRequestHeader('Accept', 'application/json');
    if (body) xhr.setRequestHeader('Content-Type', 'application/json');
    xhr.onload = function () {
      var data = null;
      try { data = JSON.parse(xhr.responseText); } catch (error) { /* a proxy's page, say: the status has to do */ }
      if (xhr.status >= 200 && xhr.status < 300 && data) return done(null, data);
      done({
        message: (data && data.error) || 'The server answered ' + xhr.status + '. Try again in a moment.',
        code: (data && data.code) || '',
        status: xhr.status
      }, null);
    };
    xhr.onerror = function () {
      done({ message: 'The server can not be reached. Check the network, then try again.', code: 'unreachable', status: 0 }, null);
    };
    xhr.send(body ? JSON.stringify(body) : null);
  };
})(window);
