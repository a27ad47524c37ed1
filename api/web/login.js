/* The form that asks who somebody is, on the pages that begin without a session: Jiomosa.login(onToken) -> {ask(message), done()}. */
(function (root) {
  'use strict';
  var Jiomosa = root.Jiomosa, byId = Jiomosa.byId, say = Jiomosa.say;

  // hidden: ids of what makes no sense before somebody has logged in
  Jiomosa.login = function (hidden, onToken) {
    function show(asking) {
      byId('login').hidden = !asking;
      hidden.forEach(function (id) { byId(id).hidden = asking; });
    }
    byId('login').addEventListener('submit', function (event) {
      event.preventDefault();
      Jiomosa.token(byId('token').value.trim());
      onToken();
    });
    return {
      ask: function (message) {
        if (byId('login').hidden) byId('token').value = '';
        show(true);
        say('login-problem', Jiomosa.token() ? message : '');
        if (document.activeElement === document.body) byId('token').focus();
      },
      done: function () { show(false); }
    };
  };
})(window);
