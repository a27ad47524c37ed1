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

  // Who we are: a ticket to this one session, from the part of the address that no server is sent, or the token that the start page
  // was given. Kept for this tab alone, and not beyond it.
  var store = null, kept = {}, ticketName = 'jiomosa-ticket-' + Jiomosa.session;
  try { store = root.sessionStorage; } catch (error) { /* forbidden here: memory has to do */ }
  function keep(name, value) {
    kept[name] = value;
    try { if (value) store.setItem(name, value); else store.removeItem(name); } catch (error) { /* full, or none */ }
  }
  function recall(name) {
    if (name in kept) return kept[name];
    try { return store.getItem(name) || ''; } catch (error) { return ''; }
  }
  var ticket = /^#ticket=([^&]+)/.exec(root.location.hash);
  if (ticket) {
    keep(ticketName, ticket[1]);
    if (root.history.replaceState) root.history.replaceState(null, '', root.location.pathname + root.location.search);
  }
  Jiomosa.token = function (value) {
    if (value !== undefined) keep('jiomosa-token', value);
    return (Jiomosa.session && recall(ticketName)) || recall('jiomosa-token');
  };
  Jiomosa.sign = function (xhr) { if (Jiomosa.token()) xhr.setRequestHeader('Authorization', 'Bearer ' + Jiomosa.token()); };

  // The answer to the request of a page for files: they go as multipart/form-data.
  Jiomosa.upload = function (request, files, done) {
    var form = new root.FormData();
    Array.prototype.forEach.call(files, function (file) { form.append('file', file, file.name); });
    Jiomosa.rest('POST', Jiomosa.sessionPath(Jiomosa.session) + '/files/' + encodeURIComponent(request.id), form, done);
  };

  // body: an object, sent as JSON, or a FormData
  Jiomosa.rest = function (method, path, body, done) {
    var xhr = new XMLHttpRequest(), form = root.FormData && body instanceof root.FormData;
    xhr.open(method, Jiomosa.base + path, true);
    xhr.setRequestHeader('Accept', 'application/json');
    Jiomosa.sign(xhr);
    if (body && !form) xhr.setRequestHeader('Content-Type', 'application/json');
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
    xhr.send(form ? body : body ? JSON.stringify(body) : null);
  };
})(window);
